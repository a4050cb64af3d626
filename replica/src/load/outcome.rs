//! How a command of a load ends.

use crate::client::ClientError;
use crate::client::exit::{CommandError, Exit};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a command ended that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// f+1 replicas said the same.
    Done,
    /// They did not, for a reason that is told.
    Failed(Failure, String),
}

/// Why a command has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Failure {
    /// f+1 replicas were too busy to take it in until the wait was over.
    Busy,
    /// Some replicas answered, but too few said the same.
    NoAgreement,
    /// No replica answered at all.
    Timeout,
    /// The replicas or the store refused it.
    Refused,
    /// A second signal ended the wait.
    Abandoned,
}

impl Failure {
    /// The exit code that tells of it.
    pub(super) fn exit(self) -> Exit {
        match self {
            Self::Busy => Exit::Busy,
            Self::NoAgreement | Self::Timeout | Self::Abandoned => Exit::NoAgreement,
            Self::Refused => Exit::Error,
        }
    }

    /// Why `error` came.
    pub(super) fn of(error: &CommandError) -> Self {
        match error {
            CommandError::Client(ClientError::NoAgreement(why)) if why.is_busy => Self::Busy,
            CommandError::Client(ClientError::NoAgreement(why)) if why.replies.is_empty() => Self::Timeout,
            CommandError::Client(ClientError::NoAgreement(_)) => Self::NoAgreement,
            CommandError::GivenUp => Self::Abandoned,
            _ => Self::Refused,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy",
            Self::NoAgreement => "no agreement",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Abandoned => "abandoned",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::NoAgreement;
    use hotstuff_core::command::Outcome;
    use hotstuff_core::{ReplicaId, Span};

    #[test]
    fn what_too_few_said_is_not_what_nobody_said() {
        let of = |replies: &[(ReplicaId, Outcome)], is_busy| {
            let (waited, links) = (Span(1), Vec::new());
            let why = NoAgreement { waited, replies: replies.to_vec(), is_busy, links };
            Failure::of(&CommandError::Client(ClientError::NoAgreement(why)))
        };
        let one = [(ReplicaId(0), Outcome::TooOld)];
        assert_eq!(of(&[], false), Failure::Timeout);
        assert_eq!(of(&one, false), Failure::NoAgreement);
        assert_eq!(of(&one, true), Failure::Busy);
        assert_eq!(Failure::of(&CommandError::TooOld), Failure::Refused);
        assert_eq!(Failure::of(&CommandError::GivenUp), Failure::Abandoned);
    }

    #[test]
    fn exit_codes_are_those_of_the_client() {
        let codes =
            [Failure::Busy, Failure::NoAgreement, Failure::Timeout, Failure::Refused, Failure::Abandoned];
        assert_eq!(codes.map(|failure| failure.exit() as u8), [4, 3, 3, 2, 3]);
    }
}
