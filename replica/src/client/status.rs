//! `hotstuff status`

use std::process::ExitCode;

/// `hotstuff status`
#[derive(Debug, clap::Args)]
pub struct Arguments {}

impl Arguments {
    /// Shows the replicas.
    #[must_use]
    pub fn run(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
