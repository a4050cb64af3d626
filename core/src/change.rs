//! Changes of the committee: commands of the operator, executed like all others.
//!
//! A change executes in the block that holds it. The committee it makes certifies every block
//! whose parent's header names a state with that change, and no block before. One change at a
//! time: the next is refused until the first is in force. And a small one: quorums of neighbouring
//! epochs always share an honest replica, which is what the safety of the switch rests on.

use crate::committee::Member;
use crate::ids::{Epoch, Power, ReplicaId};
use crate::wire;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitteeChange {
    /// A new member.
    Add(Member),
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

/// Why a change was not made. The same answer at every replica.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, strum::IntoStaticStr,
)]
#[strum(serialize_all = "kebab-case")]
pub enum ChangeRefused {
    /// The command is not the operator's.
    #[error("only the operator may change the committee")]
    NotOperator,
    /// The change before is not in force yet.
    #[error("the last change is not in force yet: try again later")]
    Pending,
    /// To remove or change a replica that is no member.
    #[error("{0} is not a member")]
    NoMember(ReplicaId),
    /// To add a member once more.
    #[error("{0} is a member already")]
    IsMember(ReplicaId),
    /// There can be no such committee: nobody left, a key that is not valid or another's, or a
    /// power that is zero or too large.
    #[error("there can be no such committee")]
    Invalid,
    /// Quorums before and after might share no honest replica.
    #[error("too much at once: make the change in smaller steps")]
    TooMuch,
}

impl ChangeRefused {
    /// Its name, for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for CommitteeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(member) => write!(f, "add {} with power {}", member.id, member.power),
            Self::Remove(id) => write!(f, "remove {id}"),
            Self::SetPower { replica, power } => write!(f, "give {replica} power {power}"),
        }
    }
}

impl CommitteeChange {
    /// The members after the change.
    pub(crate) fn apply(&self, members: &[Member]) -> Result<Vec<Member>, ChangeRefused> {
        let mut members = members.to_vec();
        let find = |members: &[Member], id| members.iter().position(|member| member.id == id);
        match self {
            Self::Add(member) => {
                if find(&members, member.id).is_some() {
                    return Err(ChangeRefused::IsMember(member.id));
                }
                members.push(member.clone());
                members.sort_unstable_by_key(|member| member.id);
            }
            Self::Remove(id) => {
                let position = find(&members, *id).ok_or(ChangeRefused::NoMember(*id))?;
                members.remove(position);
            }
            Self::SetPower { replica, power } => {
                let position = find(&members, *replica).ok_or(ChangeRefused::NoMember(*replica))?;
                members[position].power = *power;
            }
        }
        Ok(members)
    }
}

/// What a change's client is told, in place of an application's answer: the epoch that it made.
pub type ChangeResult = Result<Epoch, ChangeRefused>;

/// Reads the answer to a change out of an [`crate::command::Outcome::Executed`]; `None` where the
/// bytes are none.
#[must_use]
pub fn decode_result(result: &[u8]) -> Option<ChangeResult> {
    wire::decode(result).ok()
}
