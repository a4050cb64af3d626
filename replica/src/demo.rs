//! `hotstuff demo`

use std::process::ExitCode;

/// `hotstuff demo`
#[derive(Debug, clap::Args)]
pub struct Arguments {}

impl Arguments {
    /// Runs the cluster.
    #[must_use]
    pub fn run(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
