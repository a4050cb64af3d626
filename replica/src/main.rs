//! The `hotstuff` command.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    hotstuff_replica::cli::Cli::parse().run()
}
