//! What a run has seen of the states that are worth seeing.

use crate::sim::Sim;
use crate::step::{Cause, Step};
use core::fmt;
use hotstuff_core::event::EntryCause;
use hotstuff_core::message::MessageKind;
use hotstuff_core::{BlockId, Event, Height, Refusal};
use std::collections::{BTreeMap, BTreeSet};

/// A state that is worth seeing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// A block committed.
    Commit,
    /// A timeout certificate formed.
    TimeoutCertificate,
    /// A view was entered by one.
    ViewChange,
    /// f+1 timeouts pulled a replica along.
    PulledAlong,
    /// Two blocks stood at one height.
    Fork,
    /// A vote was refused because of the lock.
    LockRefusal,
    /// A vote was refused because of a timeout certificate's highest QC.
    TimeoutRefusal,
    /// A vote was refused because the view was given up.
    GivenUp,
    /// A message was refused because a certificate in it was none.
    BadCertificate,
    /// A leader or voter was caught with two signatures.
    Equivocation,
    /// Missing blocks were fetched.
    Sync,
    /// A peer was set aside.
    SetAside,
    /// A snapshot was taken.
    SnapshotTaken,
    /// A snapshot was taken over from a peer.
    SnapshotInstalled,
    /// A replica restarted from its disk.
    Restart,
    /// A replica restarted without its disk.
    RestartEmpty,
    /// A crash tore a write.
    TornWrite,
    /// A client sent a command again that had executed.
    Retry,
    /// Another committee came into force.
    NewEpoch,
    /// A change of the committee was refused.
    ChangeRefused,
}

impl Sight {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Commit,
        Self::TimeoutCertificate,
        Self::ViewChange,
        Self::PulledAlong,
        Self::Fork,
        Self::LockRefusal,
        Self::TimeoutRefusal,
        Self::GivenUp,
        Self::BadCertificate,
        Self::Equivocation,
        Self::Sync,
        Self::SetAside,
        Self::SnapshotTaken,
        Self::SnapshotInstalled,
        Self::Restart,
        Self::RestartEmpty,
        Self::TornWrite,
        Self::Retry,
        Self::NewEpoch,
        Self::ChangeRefused,
    ];
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Commit => "commit",
            Self::TimeoutCertificate => "timeout certificate",
            Self::ViewChange => "view change",
            Self::PulledAlong => "pulled along by f+1 timeouts",
            Self::Fork => "fork",
            Self::LockRefusal => "vote refused: lock",
            Self::TimeoutRefusal => "vote refused: TC's high QC",
            Self::GivenUp => "vote refused: view given up",
            Self::BadCertificate => "forged certificate refused",
            Self::Equivocation => "equivocation seen",
            Self::Sync => "blocks fetched",
            Self::SetAside => "peer set aside",
            Self::SnapshotTaken => "snapshot taken",
            Self::SnapshotInstalled => "snapshot taken over",
            Self::Restart => "restart",
            Self::RestartEmpty => "restart without disk",
            Self::TornWrite => "torn write",
            Self::Retry => "retry of an executed command",
            Self::NewEpoch => "another committee in force",
            Self::ChangeRefused => "change of committee refused",
        })
    }
}

/// The states that a run has seen.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    seen: BTreeSet<Sight>,
    blocks: BTreeMap<Height, BlockId>,
}

impl Coverage {
    /// What has been seen.
    pub fn seen(&self) -> impl Iterator<Item = Sight> + '_ {
        self.seen.iter().copied()
    }

    /// Takes note of a step.
    pub(super) fn note(&mut self, step: &Step) {
        match &step.cause {
            Cause::Restarted => self.see(Sight::Restart),
            Cause::RestartedEmpty => self.see(Sight::RestartEmpty),
            Cause::CommandDelivered { .. } if step.events.is_empty() => self.see(Sight::Retry),
            _ => {}
        }
        step.events.iter().for_each(|event| self.note_event(event));
    }

    /// Takes note of what shows at the end of a run.
    pub(super) fn note_end(&mut self, sim: &Sim) {
        if sim.hosts().any(|host| host.torn > 0) {
            self.see(Sight::TornWrite);
        }
    }

    fn note_event(&mut self, event: &Event) {
        match event {
            Event::Committed { .. } => self.see(Sight::Commit),
            Event::TcFormed { .. } => self.see(Sight::TimeoutCertificate),
            Event::ViewEntered { cause: EntryCause::Tc, .. } => self.see(Sight::ViewChange),
            Event::ViewEntered { cause: EntryCause::WeakQuorum, .. } => self.see(Sight::PulledAlong),
            Event::BlockAdded(summary) => {
                let block = summary.block;
                if *self.blocks.entry(block.height).or_insert(block.id) != block.id {
                    self.see(Sight::Fork);
                }
            }
            Event::VoteRefused { why, .. } => match why {
                Refusal::BelowLock { .. } => self.see(Sight::LockRefusal),
                Refusal::BelowTimeouts { .. } => self.see(Sight::TimeoutRefusal),
                Refusal::TimedOut { .. } => self.see(Sight::GivenUp),
                _ => {}
            },
            Event::MessageRefused { why, kind, .. } if *kind != Some(MessageKind::Vote) => {
                let is_forged = matches!(
                    why,
                    Refusal::BadCertificate(_) | Refusal::RepeatedSigner(_) | Refusal::BelowQuorum { .. }
                );
                if is_forged {
                    self.see(Sight::BadCertificate);
                }
            }
            Event::Equivocation(_) => self.see(Sight::Equivocation),
            Event::FetchCompleted { .. } => self.see(Sight::Sync),
            Event::PeerSetAside { .. } => self.see(Sight::SetAside),
            Event::SnapshotTaken { .. } => self.see(Sight::SnapshotTaken),
            Event::EpochBegan { .. } => self.see(Sight::NewEpoch),
            Event::ChangeRefused { .. } => self.see(Sight::ChangeRefused),
            Event::SnapshotInstalled { .. } => self.see(Sight::SnapshotInstalled),
            _ => {}
        }
    }

    fn see(&mut self, sight: Sight) {
        self.seen.insert(sight);
    }
}
