//! `hotstuff client`

pub mod health;
pub mod status;

use std::process::ExitCode;

/// `hotstuff client`
#[derive(Debug, clap::Args)]
pub struct Arguments {}

impl Arguments {
    /// Sends commands.
    #[must_use]
    pub fn run(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
