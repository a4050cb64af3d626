//! What an event is about, by name: for logs and metrics, which look for values and not for sentences.

use super::{BlockSummary, Event};
use crate::certificate::{BlockId, BlockRef};
use crate::command::CommandId;
use crate::ids::{Height, ReplicaId, View};

/// What an event is about, as far as it is about such things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// A view: of a block, where there is one.
    pub view: Option<View>,
    /// A block's height.
    pub height: Option<Height>,
    /// A block.
    pub block: Option<BlockId>,
    /// Another replica: who sent, who is asked, who leads.
    pub peer: Option<ReplicaId>,
    /// A client's command.
    pub command: Option<CommandId>,
    /// The name of the rule that refused; it stays the same where the sentence changes.
    pub reason: Option<&'static str>,
}

impl Facts {
    fn of(block: &BlockRef) -> Self {
        let BlockRef { view, height, id, .. } = *block;
        Self { view: Some(view), height: Some(height), block: Some(id), ..Self::default() }
    }

    fn of_view(view: View) -> Self {
        Self { view: Some(view), ..Self::default() }
    }

    fn with(self, peer: ReplicaId) -> Self {
        Self { peer: Some(peer), ..self }
    }

    fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

impl Event {
    /// Its kind, as one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// What it is about.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let none = Facts::default();
        match self {
            Self::Started { head: block, .. }
            | Self::QcFormed { block, .. }
            | Self::HighQcRaised { block }
            | Self::LockRaised { block }
            | Self::SentAgain { block, .. }
            | Self::SnapshotTaken { block }
            | Self::EpochBegan { after: block, .. }
            | Self::FetchCompleted { target: block }
            | Self::Halted { conflicting: block, .. } => Facts::of(block),
            Self::Proposed(summary) | Self::BlockAdded(summary) => {
                Facts::of(&summary.block).with(summary.proposer)
            }
            Self::Committed { block: BlockSummary { block, proposer, .. }, .. } => {
                Facts::of(block).with(*proposer)
            }
            Self::Voted { block, collector: peer }
            | Self::VoteCollected { block, voter: peer }
            | Self::SnapshotInstalled { block, peer, .. } => Facts::of(block).with(*peer),
            Self::VoteRefused { block, why } => Facts::of(block).because(why.name()),
            Self::ViewEntered { view, leader, .. } => Facts::of_view(*view).with(*leader),
            Self::TimedOut { view, .. } | Self::TcFormed { view, .. } => Facts::of_view(*view),
            Self::TimeoutCollected { view, replica } => Facts::of_view(*view).with(*replica),
            Self::Executed { command, height } => {
                Facts { command: Some(*command), height: Some(*height), ..none }
            }
            Self::CommandAdmitted(command) => Facts { command: Some(*command), ..none },
            Self::CommandRefused { command, why } => {
                Facts { command: Some(*command), ..none }.because(why.name())
            }
            Self::MessageRefused { from, why, .. } => none.with(*from).because(why.name()),
            Self::Equivocation(evidence) => Facts::of(&evidence.blocks().1).with(evidence.replica()),
            Self::CommitteeChanged { height, .. } => Facts { height: Some(*height), ..none },
            Self::ChangeRefused { height, why, .. } => {
                Facts { height: Some(*height), ..none }.because(why.name())
            }
            Self::SnapshotServed { peer, height, .. } => Facts { height: Some(*height), ..none }.with(*peer),
            Self::PeerSetAside { peer } | Self::FetchServed { peer, .. } => none.with(*peer),
            Self::FetchStarted { target, peer, .. } => target.as_ref().map_or(none, Facts::of).with(*peer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Digest;
    use crate::event::Level;
    use crate::ids::Epoch;
    use crate::refusal::Refusal;

    #[test]
    fn a_refusal_names_its_rule_and_what_it_is_about() {
        let block = BlockRef { epoch: Epoch(0), view: View(7), height: Height(5), id: Digest([1; 32]) };
        let why = Refusal::AlreadyVoted { view: View(7), last_voted: View(8) };
        let refused = Event::VoteRefused { block, why };
        assert_eq!((refused.kind(), refused.level()), ("vote-refused", Level::Info));
        let expected = Facts {
            view: Some(View(7)),
            height: Some(Height(5)),
            block: Some(Digest([1; 32])),
            reason: Some("already-voted"),
            ..Facts::default()
        };
        assert_eq!(refused.facts(), expected);
        let why = Refusal::OldEpoch { epoch: Epoch(0), oldest: Epoch(2) };
        let refused = Event::MessageRefused { from: ReplicaId(3), kind: None, why };
        assert_eq!((refused.kind(), refused.level()), ("message-refused", Level::Debug));
        assert_eq!(
            refused.facts().with(ReplicaId(3)),
            Facts::default().with(ReplicaId(3)).because("old-epoch")
        );
    }
}
