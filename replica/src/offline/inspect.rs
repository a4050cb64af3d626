//! `hotstuff inspect DIR`: what a store holds.

use super::{Summary, fail};
use crate::store::{Care, StoreError, look};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
The replica must not run. Nothing in the folder is changed.

Exit codes:
  0  shown, and nothing is wrong with what can be seen
  1  the store is damaged; what can be read of it is shown with --unchecked
  2  an error: wrong usage, no store, one in use, or one of another format";

/// Shows what a replica's store holds.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The replica's data folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Print JSON, with null for what is not there.
    #[arg(long)]
    json: bool,
    /// Read what can be read of a damaged store: its pages are not checked, only each value by itself.
    /// May end in a panic where the file makes no sense at all.
    #[arg(long)]
    unchecked: bool,
}

impl Arguments {
    /// Shows the store. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let care = if self.unchecked { Care::Unchecked } else { Care::Checked };
        let look = match look(&self.folder, care) {
            Ok(look) => look,
            Err(error @ StoreError::Damaged { .. }) => {
                eprintln!("hotstuff: {error}");
                return ExitCode::from(1);
            }
            Err(error) => return fail(&error),
        };
        let summary = Summary::of(&look);
        let text = if self.json { summary.to_json() } else { summary.to_string() };
        match io::stdout().write_all(text.as_bytes()) {
            Ok(()) if summary.problems.is_empty() => ExitCode::SUCCESS,
            Ok(()) => ExitCode::from(1),
            Err(error) => fail(&error),
        }
    }
}
