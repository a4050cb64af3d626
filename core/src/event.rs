//! What happened in a replica, and why: one vocabulary for golden scripts, logs, the simulator's
//! checkers and the page.

mod facts;
mod level;

pub use facts::Facts;
pub use level::Level;

use crate::block::Block;
use crate::certificate::{BlockId, BlockRef};
use crate::change::{ChangeRefused, CommitteeChange};
use crate::command::{CommandId, NotAdmitted};
use crate::crypto::Digest;
use crate::evidence::Evidence;
use crate::ids::{Epoch, Height, Power, ReplicaId, Span, View};
use crate::message::MessageKind;
use crate::refusal::Refusal;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A block as events tell of it: everything but certificates and operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockSummary {
    /// Name, view and height.
    pub block: BlockRef,
    /// The parent.
    pub parent: BlockId,
    /// The view of the parent's certificate, which the block carries.
    pub justify_view: View,
    /// Who proposed it.
    pub proposer: ReplicaId,
    /// The state root in the header.
    pub state_root: Digest,
    /// How many commands it holds.
    pub commands: u32,
}

impl From<&Block> for BlockSummary {
    fn from(block: &Block) -> Self {
        Self {
            block: block.reference(),
            parent: block.parent(),
            justify_view: block.justify().view(),
            proposer: block.header().proposer,
            state_root: block.header().state_root,
            commands: u32::try_from(block.payload().commands.len()).unwrap_or(u32::MAX),
        }
    }
}

/// Why a view was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryCause {
    /// The replica started.
    Start,
    /// A QC for the view before.
    Qc,
    /// A timeout certificate for the view before.
    Tc,
    /// f+1 replicas gave up on this view or later ones.
    WeakQuorum,
}

/// Something that happened, in the replica whose output it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Event {
    /// The replica began, anew or from its store.
    Started {
        /// Its committed head.
        head: BlockRef,
        /// The last view it voted in before.
        last_voted: View,
    },
    /// A view began.
    ViewEntered {
        /// The view.
        view: View,
        /// Its leader.
        leader: ReplicaId,
        /// The leader of the view after it.
        next_leader: ReplicaId,
        /// Why.
        cause: EntryCause,
    },
    /// This replica proposed a block.
    Proposed(BlockSummary),
    /// A block was added to the tree: proposed to this replica, or fetched.
    BlockAdded(BlockSummary),
    /// This replica voted.
    Voted {
        /// For what.
        block: BlockRef,
        /// Who collects the vote: the next leader.
        collector: ReplicaId,
    },
    /// This replica refused to vote for a block.
    VoteRefused {
        /// The block.
        block: BlockRef,
        /// The rule, and what it looked at.
        why: Refusal,
    },
    /// A vote reached this replica's collector.
    VoteCollected {
        /// For what.
        block: BlockRef,
        /// Whose.
        voter: ReplicaId,
    },
    /// This replica completed a QC from votes.
    QcFormed {
        /// The certified block.
        block: BlockRef,
        /// The signers.
        signers: Vec<ReplicaId>,
    },
    /// The high QC rose.
    HighQcRaised {
        /// The certified block.
        block: BlockRef,
    },
    /// The lock rose.
    LockRaised {
        /// The locked block.
        block: BlockRef,
    },
    /// This replica gave up on a view.
    TimedOut {
        /// The view: this one, or the next where a block of this one was voted for.
        view: View,
        /// The view of the high QC it sent along.
        high_qc: View,
        /// How often back-off doubled the patience for this view.
        exponent: u32,
        /// The patience, where it ran out; `None` where f+1 others pulled this replica along.
        patience: Option<Span>,
    },
    /// A timeout reached this replica's collector.
    TimeoutCollected {
        /// The view given up.
        view: View,
        /// By whom.
        replica: ReplicaId,
    },
    /// This replica completed a timeout certificate.
    TcFormed {
        /// The view given up.
        view: View,
        /// The signers.
        signers: Vec<ReplicaId>,
        /// The view of the highest QC among them.
        high_qc: View,
    },
    /// A block is committed, and its commands executed.
    Committed {
        /// The block.
        block: BlockSummary,
        /// The state root after it.
        state_root: Digest,
    },
    /// A command took effect in the block just committed.
    Executed {
        /// The command.
        command: CommandId,
        /// The block's height.
        height: Height,
    },
    /// A client's command waits in the mempool.
    CommandAdmitted(CommandId),
    /// A client's command was turned away.
    CommandRefused {
        /// The command.
        command: CommandId,
        /// Why.
        why: NotAdmitted,
    },
    /// A message was refused, by verification or by the state machine.
    MessageRefused {
        /// Who sent it.
        from: ReplicaId,
        /// What it was, where that could be read.
        kind: Option<MessageKind>,
        /// Why.
        why: Refusal,
    },
    /// A replica signed two different blocks or votes for one view. Told once for each such view.
    Equivocation(Box<Evidence>),
    /// A vote or proposal is sent once more, as half of the patience is gone without an answer.
    SentAgain {
        /// Vote or proposal.
        kind: MessageKind,
        /// The block.
        block: BlockRef,
    },
    /// A command just executed changed the committee: it will be in force for blocks whose parent
    /// names a state with this change.
    CommitteeChanged {
        /// The epoch that this makes.
        epoch: Epoch,
        /// The change.
        change: CommitteeChange,
        /// The height of the block that holds it.
        height: Height,
    },
    /// A command just executed asked for a change of the committee that was not made.
    ChangeRefused {
        /// The change.
        change: CommitteeChange,
        /// The height of the block that holds it.
        height: Height,
        /// The reason, which its client is told too.
        why: ChangeRefused,
    },
    /// The next block to be certified is the new committee's.
    EpochBegan {
        /// The epoch.
        epoch: Epoch,
        /// The members.
        members: Vec<ReplicaId>,
        /// The power that makes a quorum from now on.
        quorum: Power,
        /// The last block of the committee before.
        after: BlockRef,
    },
    /// The state was stored, with its proof.
    SnapshotTaken {
        /// The block after which the state is that.
        block: BlockRef,
    },
    /// A peer's snapshot was taken over, in place of the blocks up to there.
    SnapshotInstalled {
        /// The block after which the state is that.
        block: BlockRef,
        /// Whose snapshot it was.
        peer: ReplicaId,
        /// The state root.
        state_root: Digest,
    },
    /// A peer was sent a part of a snapshot.
    SnapshotServed {
        /// Who.
        peer: ReplicaId,
        /// The snapshot's height.
        height: Height,
        /// From which byte on.
        offset: u64,
    },
    /// A peer's answer was of no use: it is not asked again until the others have been.
    PeerSetAside {
        /// Who.
        peer: ReplicaId,
    },
    /// Missing blocks are asked for.
    FetchStarted {
        /// The certified block that is missing; `None` where it is only known that there are some.
        target: Option<BlockRef>,
        /// Who is asked.
        peer: ReplicaId,
        /// From which height on.
        above: Height,
    },
    /// A peer was sent blocks.
    FetchServed {
        /// Who.
        peer: ReplicaId,
        /// How many blocks.
        blocks: u32,
    },
    /// The missing block is there.
    FetchCompleted {
        /// The block.
        target: BlockRef,
    },
    /// Two conflicting blocks are certified for commit: more than f replicas are faulty. The
    /// replica stops for good.
    Halted {
        /// What it had committed.
        head: BlockRef,
        /// What it was asked to commit.
        conflicting: BlockRef,
    },
}

struct List<'a>(&'a [ReplicaId]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, id) in self.0.iter().enumerate() {
            write!(f, "{}{id}", if position == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Display for BlockSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { block, parent, justify_view, proposer, commands, .. } = self;
        write!(
            f,
            "{block} by {proposer}, parent {parent} certified in view {justify_view}, {commands} commands"
        )
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { head, last_voted } => {
                write!(f, "started at {head}, last voted in view {last_voted}")
            }
            Self::ViewEntered { view, leader, cause, .. } => {
                let cause = match cause {
                    EntryCause::Start => "at start",
                    EntryCause::Qc => "by a QC",
                    EntryCause::Tc => "by a TC",
                    EntryCause::WeakQuorum => "pulled along by f+1 timeouts",
                };
                write!(f, "entered view {view} led by {leader}, {cause}")
            }
            Self::Proposed(block) => write!(f, "proposed {block}"),
            Self::BlockAdded(block) => write!(f, "added {block}"),
            Self::Voted { block, collector } => write!(f, "voted for {block}, to {collector}"),
            Self::VoteRefused { block, why } => write!(f, "refused to vote for {block}: {why}"),
            Self::VoteCollected { block, voter } => write!(f, "collected {voter}'s vote for {block}"),
            Self::QcFormed { block, signers } => write!(f, "formed a QC for {block} from {}", List(signers)),
            Self::HighQcRaised { block } => write!(f, "high QC is now for {block}"),
            Self::LockRaised { block } => write!(f, "locked {block}"),
            Self::TimedOut { view, high_qc, exponent, patience } => match patience {
                Some(patience) => write!(
                    f,
                    "gave up on view {view} after {patience} (back-off {exponent}), high QC of view {high_qc}"
                ),
                None => write!(f, "gave up on view {view} with f+1 others, high QC of view {high_qc}"),
            },
            Self::TimeoutCollected { view, replica } => {
                write!(f, "collected {replica}'s timeout of view {view}")
            }
            Self::TcFormed { view, signers, high_qc } => {
                write!(f, "formed a TC for view {view} from {}, high QC of view {high_qc}", List(signers))
            }
            Self::Committed { block, state_root } => {
                write!(f, "committed {}, {} commands, state root {state_root}", block.block, block.commands)
            }
            Self::Executed { command, height } => write!(f, "executed {command} at height {height}"),
            Self::CommandAdmitted(command) => write!(f, "admitted {command}"),
            Self::CommandRefused { command, why } => write!(f, "did not admit {command}: {why}"),
            Self::MessageRefused { from, kind, why } => match kind {
                Some(kind) => write!(f, "refused {from}'s {kind}: {why}"),
                None => write!(f, "refused {from}'s bytes: {why}"),
            },
            Self::Equivocation(evidence) => evidence.fmt(f),
            Self::SentAgain { kind, block } => write!(f, "sent its {kind} for {block} again"),
            Self::CommitteeChanged { epoch, change, height } => {
                write!(f, "changed the committee to {epoch} at height {height}: {change}")
            }
            Self::ChangeRefused { change, height, why } => {
                write!(f, "left the committee as it is at height {height}, asked to {change}: {why}")
            }
            Self::EpochBegan { epoch, members, quorum, after } => write!(
                f,
                "{epoch} began above {after}: a quorum is {quorum} of the power of {}",
                List(members)
            ),
            Self::SnapshotTaken { block } => write!(f, "stored a snapshot of the state after {block}"),
            Self::SnapshotInstalled { block, peer, state_root } => {
                write!(f, "took over {peer}'s snapshot of the state after {block}, state root {state_root}")
            }
            Self::SnapshotServed { peer, height, offset } => {
                write!(f, "sent {peer} the snapshot of height {height} from byte {offset} on")
            }
            Self::PeerSetAside { peer } => write!(f, "set {peer} aside: its answer was of no use"),
            Self::FetchStarted { target: Some(target), peer, above } => {
                write!(f, "asked {peer} for the blocks above height {above} up to {target}")
            }
            Self::FetchStarted { target: None, peer, above } => {
                write!(f, "asked {peer} for whatever is above height {above}")
            }
            Self::FetchServed { peer, blocks } => write!(f, "sent {blocks} blocks to {peer}"),
            Self::FetchCompleted { target } => write!(f, "fetched {target}"),
            Self::Halted { head, conflicting } => {
                write!(f, "HALTED: {conflicting} is certified for commit and conflicts with committed {head}")
            }
        }
    }
}
