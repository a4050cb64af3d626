//! What clients ask for.

use core::fmt;
use hotstuff_core::change::{ChangeResult, decode_result};
use hotstuff_core::command::{self, Outcome};
use hotstuff_core::{CommitteeChange, Power, ReplicaId};
use hotstuff_kv::Response;
use serde::{Deserialize, Serialize};

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Something of the store.
    Store(hotstuff_kv::Request),
    /// Another committee.
    Committee(CommitteeChange),
}

impl Request {
    /// The same in a command.
    pub(crate) fn to_operation(&self) -> command::Operation {
        match self {
            Self::Store(request) => request.encode().into(),
            Self::Committee(change) => change.clone().into(),
        }
    }

    /// What came of it.
    pub(crate) fn answer(&self, outcome: &Outcome) -> Option<Answered> {
        let Outcome::Executed { result, .. } = outcome else { return None };
        match self {
            Self::Store(_) => Response::decode(result).ok().map(Answered::Store),
            Self::Committee(_) => decode_result(result).map(Answered::Committee),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(request) => request.fmt(f),
            Self::Committee(change) => change.fmt(f),
        }
    }
}

/// What was answered to a [`Request`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answered {
    /// By the store.
    Store(Response),
    /// To a change of the committee.
    Committee(ChangeResult),
}

impl Answered {
    /// The store's answer.
    #[must_use]
    pub fn of_store(&self) -> Option<&Response> {
        match self {
            Self::Store(answer) => Some(answer),
            Self::Committee(_) => None,
        }
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(answer) => answer.fmt(f),
            Self::Committee(Ok(epoch)) => write!(f, "made {epoch}"),
            Self::Committee(Err(why)) => why.fmt(f),
        }
    }
}

/// Another committee, by the names that hosts have: the operator's command names keys too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reconfiguration {
    /// A replica becomes a member.
    Add {
        /// Which.
        replica: ReplicaId,
        /// With which voting power.
        power: Power,
    },
    /// A member leaves.
    Remove(ReplicaId),
    /// A member's voting power becomes another.
    SetPower {
        /// Whose.
        replica: ReplicaId,
        /// From then on.
        power: Power,
    },
}

impl fmt::Display for Reconfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { replica, power } => write!(f, "add {replica} with power {power}"),
            Self::Remove(replica) => write!(f, "remove {replica}"),
            Self::SetPower { replica, power } => write!(f, "give {replica} power {power}"),
        }
    }
}
