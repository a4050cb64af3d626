//! The exit codes of `hotstuff client`, and what is said along with them.

use super::driver::{ClientError, Done};
use hotstuff_core::command::Outcome;
use hotstuff_kv::{Answer, Response};
use std::process::ExitCode;

/// What `hotstuff client --help` says about exit codes.
pub(super) const HELP: &str = "\
Exit codes:
  0  done; with `batch`, every line has an answer from the cluster
  1  the key was not found (get, delete)
  2  an error: wrong usage, unusable files, or the replicas refused the command
  3  no agreement among f+1 replicas in time; the command may still execute later
  4  the same, and f+1 replicas said that they are busy: try again later, and more slowly";

/// How a client command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    Done,
    NotFound,
    Error,
    NoAgreement,
    Busy,
    Refused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command that was sent has no answer of the store.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// No outcome.
    #[error(transparent)]
    Client(#[from] ClientError),
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
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Client(ClientError::NoAgreement(why)) if why.is_busy => Exit::Busy,
            Self::Client(ClientError::NoAgreement(_)) => Exit::NoAgreement,
            _ => Exit::Error,
        }
    }
}

/// The line that is printed for a command the store carried out, a value byte for byte; `None` when
/// it has no such key.
pub(super) fn printed(done: Done) -> Result<Option<Vec<u8>>, CommandError> {
    match done.outcome {
        Outcome::Executed { result, .. } => match Response::decode(&result)? {
            Response::One(Answer::Value(value) | Answer::Deleted(value)) => Ok(Some(value)),
            Response::One(Answer::NotFound) => Ok(None),
            Response::One(Answer::Invalid(why)) | Response::Invalid(why) => Err(why.into()),
            other => Ok(Some(other.to_string().into_bytes())),
        },
        Outcome::TooOld => Err(CommandError::TooOld),
        Outcome::NotAdmitted(why) => Err(CommandError::NotAdmitted(why)),
    }
}

/// What `-v` tells about a command.
pub(super) fn details(done: &Done) -> String {
    let replicas: Vec<String> = done.replicas.iter().map(ToString::to_string).collect();
    let agreed = format!("{} agreed after {}", replicas.join(", "), done.latency);
    match done.outcome {
        Outcome::Executed { height, .. } => format!("executed at height {height}: {agreed}"),
        _ => agreed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::command::NotAdmitted;
    use hotstuff_core::{Height, ReplicaId, SequenceNumber, Span};
    use hotstuff_kv::Invalid;

    fn done(outcome: Outcome) -> Done {
        let replicas = vec![ReplicaId(0), ReplicaId(2)];
        Done { sequence: SequenceNumber(1), outcome, replicas, latency: Span(1_500) }
    }

    fn executed(result: Vec<u8>) -> Done {
        done(Outcome::Executed { height: Height(7), result })
    }

    #[test]
    fn values_are_printed_as_they_are_and_a_missing_key_is_no_value() {
        let line = |answer: Answer| printed(executed(Response::One(answer).encode())).unwrap();
        assert_eq!(line(Answer::Ok), Some(b"OK".to_vec()));
        assert_eq!(line(Answer::Value(vec![0xff, 10])), Some(vec![0xff, 10]));
        assert_eq!(line(Answer::Deleted(Vec::new())), Some(Vec::new()));
        assert_eq!(line(Answer::NotFound), None);
    }

    #[test]
    fn only_a_command_that_the_store_carried_out_is_no_error() {
        let refused = printed(executed(Response::Invalid(Invalid::StoreFull).encode())).unwrap_err();
        assert_eq!((refused.to_string().as_str(), refused.exit()), ("the store is full", Exit::Error));
        assert!(matches!(printed(executed(vec![99])), Err(CommandError::Foreign(_))));
        assert!(matches!(printed(done(Outcome::TooOld)), Err(CommandError::TooOld)));
        let outcome = Outcome::NotAdmitted(NotAdmitted::TooLarge);
        assert!(matches!(printed(done(outcome)), Err(CommandError::NotAdmitted(NotAdmitted::TooLarge))));
    }

    #[test]
    fn details_name_the_replicas_that_agreed() {
        let shown = details(&executed(Vec::new()));
        assert_eq!(shown, "executed at height 7: r0, r2 agreed after 1.500 ms");
    }
}
