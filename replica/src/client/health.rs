//! `hotstuff health`

use std::process::ExitCode;

/// `hotstuff health`
#[derive(Debug, clap::Args)]
pub struct Arguments {}

impl Arguments {
    /// Asks the replica.
    #[must_use]
    pub fn run(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
