//! `hotstuff testnet`: writes the files of a new cluster.

use std::process::ExitCode;

/// `hotstuff testnet`
#[derive(Debug, clap::Args)]
pub struct Arguments {}

impl Arguments {
    /// Writes the files.
    #[must_use]
    pub fn run(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
