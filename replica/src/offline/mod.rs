//! `hotstuff inspect` and `hotstuff verify`: a replica's store, looked at while the replica does not run.

mod inspect;
mod summary;
mod verify;

pub use inspect::Arguments as InspectArguments;
pub use summary::{BlockLine, Summary};
pub use verify::{Arguments as VerifyArguments, Checked, NotChecked, check};

use std::process::ExitCode;

/// Says on stderr, in one line, why nothing could be shown or checked.
fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("hotstuff: {error}");
    ExitCode::from(2)
}
