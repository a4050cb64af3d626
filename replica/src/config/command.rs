//! `hotstuff config`: a replica's settings as they come together, shown and checked.

use super::{ConfigError, Environment, Settings};
use crate::cli;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
What is printed is a replica's file again. The check is all that `hotstuff replica` checks before it opens its ports
and its store: the committee's file, the key, certificates, and whether the settings can work together. Exit code 0
where all is in order.";

/// Show a replica's settings, of its file and the environment, and check them.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The replica's file, replica.toml.
    #[arg(value_name = "FILE")]
    config: PathBuf,
}

impl Arguments {
    /// Prints the settings, and then whether they are in order. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.show() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => cli::fail(&error),
        }
    }

    fn show(&self) -> Result<(), ConfigError> {
        let settings = Settings::load(&self.config, &Environment::of_process())?;
        // Who reads no further wants no more.
        let mut out = std::io::stdout();
        let _ = write!(out, "{settings}");
        let config = settings.check()?;
        let _ =
            writeln!(out, "\n# In order: {} of {} replicas.", config.id, config.committee.addresses.len());
        Ok(())
    }
}
