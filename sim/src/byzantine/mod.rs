//! Corrupt replicas, named by what they do. Each runs an unmodified core, and changes, drops or adds
//! to what that would send. It signs with its own key alone.

mod lore;
mod silent;
mod withholder;

pub(crate) use lore::Lore;

use crate::rng::Rng;
use core::fmt;
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::{Committee, Message, ReplicaId, Status};
use serde::{Deserialize, Serialize};

/// What a corrupt replica does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conduct {
    /// It sends nothing.
    Silent,
    /// It does not vote.
    WithholdVotes,
}

impl Conduct {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Silent, Self::WithholdVotes];

    /// Its name, as commands and links have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::WithholdVotes => "withhold-votes",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|conduct| conduct.name() == name)
    }

    pub(crate) fn behaviour(self) -> Box<dyn Behaviour> {
        match self {
            Self::Silent => Box::new(silent::Silent),
            Self::WithholdVotes => Box::new(withholder::Withholder),
        }
    }
}

impl fmt::Display for Conduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// To whom a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    One(ReplicaId),
    /// All others.
    All,
}

/// A message about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sending {
    pub(crate) to: Receiver,
    pub(crate) message: Message,
}

impl Sending {
    pub(crate) fn to(to: ReplicaId, message: Message) -> Self {
        Self { to: Receiver::One(to), message }
    }

    pub(crate) fn all(message: Message) -> Self {
        Self { to: Receiver::All, message }
    }
}

/// What a corrupt replica knows when it acts.
pub(crate) struct Scene<'a> {
    pub(crate) id: ReplicaId,
    pub(crate) key: &'a SecretKey,
    pub(crate) committee: &'a Committee,
    /// Of its own core.
    pub(crate) status: &'a Status,
    pub(crate) rng: &'a mut Rng,
    /// What it has seen.
    pub(crate) lore: &'a Lore,
}

/// What a corrupt replica does in place of keeping to the protocol.
pub(crate) trait Behaviour: Send {
    fn conduct(&self) -> Conduct;

    /// What is sent in place of something that its core would send.
    fn instead(&mut self, scene: &mut Scene<'_>, sending: Sending) -> Vec<Sending>;

    /// What is sent beside that, after something happened to it.
    fn beside(&mut self, scene: &mut Scene<'_>) -> Vec<Sending> {
        let _ = scene;
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_conducts_and_behaviours() {
        for conduct in Conduct::ALL {
            assert_eq!(Conduct::named(conduct.name()), Some(conduct));
            assert_eq!(conduct.behaviour().conduct(), conduct);
        }
    }
}
