//! Corrupt replicas, named by what they do. Each runs an unmodified core, and changes, drops or adds
//! to what that would send. It signs with its own key alone.

mod double_voter;
mod equivocator;
mod exchange;
mod flooder;
mod forger;
mod lore;
mod lying_server;
mod repeater;
mod signing;
mod silent;
#[cfg(test)]
mod stage;
mod stale_leader;
mod tail_forker;
mod withholder;

pub(crate) use lore::Lore;

use crate::rng::Rng;
use core::fmt;
use dyn_clone::{DynClone, clone_trait_object};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::{Committee, Message, ReplicaId, Status};
use serde::{Deserialize, Serialize};

/// What a corrupt replica does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conduct {
    /// It sends nothing.
    Silent,
    /// It does not vote, and shows nobody a certificate that holds its vote.
    WithholdVotes,
    /// As leader it signs two blocks for one view, shows each to half of the others, and votes for both.
    EquivocatingLeader,
    /// It votes for every block it sees, whatever it voted for or gave up before.
    DoubleVoter,
    /// It hides the newest certificates, as leader and in its timeouts.
    StaleLeader,
    /// As leader it abandons the block before its own.
    TailForker,
    /// It sends garbage beside what it should.
    Flooder,
    /// It answers who is behind with blocks and snapshots that are not what they should be.
    LyingServer,
    /// It makes certificates that no quorum signed.
    Forger,
    /// As leader it puts committed commands into its blocks again, and each twice.
    Repeater,
}

impl Conduct {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Silent,
        Self::WithholdVotes,
        Self::EquivocatingLeader,
        Self::DoubleVoter,
        Self::StaleLeader,
        Self::TailForker,
        Self::Flooder,
        Self::LyingServer,
        Self::Forger,
        Self::Repeater,
    ];

    /// Its name, as commands and links have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::WithholdVotes => "withhold-votes",
            Self::EquivocatingLeader => "equivocating-leader",
            Self::DoubleVoter => "double-voter",
            Self::StaleLeader => "stale-leader",
            Self::TailForker => "tail-forker",
            Self::Flooder => "flooder",
            Self::LyingServer => "lying-server",
            Self::Forger => "forger",
            Self::Repeater => "repeater",
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
            Self::EquivocatingLeader => Box::<equivocator::Equivocator>::default(),
            Self::DoubleVoter => Box::<double_voter::DoubleVoter>::default(),
            Self::StaleLeader => Box::<stale_leader::StaleLeader>::default(),
            Self::TailForker => Box::<tail_forker::TailForker>::default(),
            Self::Flooder => Box::<flooder::Flooder>::default(),
            Self::LyingServer => Box::<lying_server::LyingServer>::default(),
            Self::Forger => Box::<forger::Forger>::default(),
            Self::Repeater => Box::<repeater::Repeater>::default(),
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
pub(crate) trait Behaviour: DynClone + Send {
    fn conduct(&self) -> Conduct;

    /// What is sent in place of something that its core would send: just that, if nothing else is said.
    fn instead(&mut self, scene: &mut Scene<'_>, sending: Sending) -> Vec<Sending> {
        let _ = scene;
        vec![sending]
    }

    /// What is sent beside that, after something happened to it.
    fn beside(&mut self, scene: &mut Scene<'_>) -> Vec<Sending> {
        let _ = scene;
        Vec::new()
    }
}

clone_trait_object!(Behaviour);

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
