//! The exit codes of `hotstuff client`, and what is said along with them.

use super::driver::{ClientError, Done};
use hotstuff_core::ReplicaId;
use hotstuff_core::command::Outcome;
use std::process::ExitCode;

/// What `hotstuff client --help` says about exit codes.
pub(super) const HELP: &str = "\
Exit codes:
  0  done; with `batch`, `repl` and `random`, every command has an answer from the cluster
  1  the key was not found (get, delete)
  2  an error: wrong usage, unusable files, the store could not carry it out, or the replicas refused it
  3  no agreement among f+1 replicas in time; the command may still execute later
  4  the same, and f+1 replicas said that they are busy: try again later, and more slowly
  6  nothing was done, because a value is not the one expected (cas, conditions of transactions)";

/// How a client command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Done,
    NotFound,
    Error,
    NoAgreement,
    Busy,
    Refused,
    Mismatch,
}

impl Exit {
    /// What it is where many were asked for: a key that was not found and a value that was not as expected are
    /// answers like others.
    pub(crate) fn of_many(self) -> Self {
        if matches!(self, Self::NotFound | Self::Mismatch) { Self::Done } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command that was sent has no answer of the store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// No outcome.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Whoever asked did not wait.
    #[error("not waited for any longer; it may still execute")]
    GivenUp,
    /// One before it about the same keys has no answer.
    #[error("not sent: a command before it about the same keys has no answer, and may still execute")]
    NotSent,
    /// Another command overtook this one by far.
    #[error(
        "refused as too old: does another client use the same key at the same time, or is this machine's \
         clock behind?"
    )]
    TooOld,
    /// The replicas did not take the command in.
    #[error("refused: {0}")]
    NotAdmitted(hotstuff_core::command::NotAdmitted),
    /// The store did not carry it out.
    #[error("{0}")]
    Invalid(#[from] hotstuff_kv::Invalid),
    /// The replicas run something else.
    #[error("the replicas' answer is not one of a key-value store: {0}")]
    Foreign(#[from] hotstuff_core::wire::DecodeError),
}

impl CommandError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Client(ClientError::NoAgreement(why)) if why.is_busy => Exit::Busy,
            Self::Client(ClientError::NoAgreement(_)) | Self::GivenUp | Self::NotSent => Exit::NoAgreement,
            _ => Exit::Error,
        }
    }
}

/// What `-v` tells about a command.
pub(super) fn details(done: &Done) -> String {
    let named =
        |replicas: &[ReplicaId]| replicas.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut told = match done.outcome {
        Outcome::Executed { height, .. } => format!("executed at height {height}: "),
        _ => String::new(),
    };
    told += &format!("{} agreed after {}", named(&done.replicas), done.latency);
    told += &format!(", the first reply after {}", done.first_reply);
    if !done.others.is_empty() {
        told += &format!("; {} had said something else", named(&done.others));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::{Height, SequenceNumber, Span};

    #[test]
    fn details_name_the_replicas_that_agreed_and_those_that_did_not() {
        let [r0, r1, r2] = [0, 1, 2].map(ReplicaId);
        let mut done = Done {
            sequence: SequenceNumber(1),
            outcome: Outcome::Executed { height: Height(7), result: Vec::new() },
            replicas: vec![r0, r2],
            others: Vec::new(),
            first_reply: Span(900),
            latency: Span(1_500),
        };
        let told = "executed at height 7: r0, r2 agreed after 1.500 ms, the first reply after 0.900 ms";
        assert_eq!(details(&done), told);
        done.others.push(r1);
        assert_eq!(details(&done), format!("{told}; r1 had said something else"));
    }
}
