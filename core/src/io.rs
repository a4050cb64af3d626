//! What goes into a replica's state machine and what comes out.

use crate::block::Block;
use crate::certificate::{BlockId, BlockRef, QuorumCertificate, TimeoutCertificate};
use crate::command::{Command, CommandId, NotAdmitted, Replies};
use crate::committees::Committees;
use crate::event::Event;
use crate::ids::{Epoch, Height, ReplicaId};
use crate::message::{Message, MessageKind};
use crate::refusal::Refusal;
use crate::safety::SafetyRecord;
use crate::snapshot::{Handover, Snapshot, SnapshotChunk, SnapshotRequest};
use crate::verify::Verified;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One thing that happens to a replica.
#[derive(Clone, Debug)]
pub enum Input {
    /// Time has passed, at least to the replica's deadline.
    Tick,
    /// A peer's message; `from` is who the link belongs to.
    Message {
        /// Who sent it.
        from: ReplicaId,
        /// What it says.
        message: Verified<Message>,
    },
    /// A client's command.
    Command(Verified<Command>),
    /// A peer's message did not pass verification: kept in view as an event.
    RefusedMessage {
        /// Who sent it.
        from: ReplicaId,
        /// What it was, where that could be read.
        kind: Option<MessageKind>,
        /// Why it was refused.
        why: Refusal,
    },
    /// A client's command did not pass verification; the client is told.
    RefusedCommand {
        /// Which.
        command: CommandId,
        /// Why it was refused.
        why: NotAdmitted,
    },
    /// The driver's answer to [`Output::Load`].
    Loaded {
        /// Who asked for the blocks.
        peer: ReplicaId,
        /// The block the peer is after.
        target: Option<BlockId>,
        /// The newest epoch the peer knows.
        epoch: Epoch,
        /// Committed blocks by ascending height, without a gap.
        blocks: Vec<Block>,
    },
    /// The driver's answer to [`Output::LoadSnapshot`].
    SnapshotLoaded {
        /// Who asked.
        peer: ReplicaId,
        /// The part.
        chunk: SnapshotChunk,
    },
}

/// One thing to do. Outputs are to be performed in order, and a [`Output::Persist`] must be
/// durable before any output after it is performed: that is all a driver owes for crash safety.
#[derive(Clone, Debug)]
pub enum Output {
    /// Store a record durably.
    Persist(Record),
    /// Send a message to one peer. Never addressed to the replica itself.
    Send {
        /// To whom.
        to: ReplicaId,
        /// What.
        message: Message,
    },
    /// Send a message to all other replicas.
    Broadcast(Message),
    /// Tell a client, if it is connected here.
    Replies(Replies),
    /// Read committed blocks from the store and hand them back as [`Input::Loaded`]: a peer asks
    /// for more than memory holds.
    Load {
        /// Who asks.
        peer: ReplicaId,
        /// What the peer is after.
        target: Option<BlockId>,
        /// The newest epoch the peer knows.
        epoch: Epoch,
        /// The first block's height.
        from: Height,
        /// The last block's height.
        to: Height,
    },
    /// Read a part of the newest snapshot from the store, cut as [`SnapshotChunk::cut`] does, and
    /// hand it back as [`Input::SnapshotLoaded`].
    LoadSnapshot {
        /// Who asks.
        peer: ReplicaId,
        /// For what.
        request: SnapshotRequest,
        /// Most bytes of the part.
        bytes_max: u32,
    },
    /// From now on, verify what arrives with these committees.
    Committees(Arc<Committees>),
    /// Something happened that observers may want to know. Changes nothing.
    Event(Event),
}

/// Something a replica must find again after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Replaces the safety record.
    Safety(SafetyRecord),
    /// Adds a block.
    Block(Block),
    /// Replaces the high QC.
    HighQc(QuorumCertificate),
    /// Replaces the highest timeout certificate.
    Tc(TimeoutCertificate),
    /// This replica has halted, for good.
    Halted(Halt),
    /// Replaces the snapshot. Committed blocks up to `useless_to` are of no more use; where that is
    /// the snapshot's own height, it came from a peer, and so are all other blocks up to there.
    Snapshot {
        /// The snapshot.
        snapshot: Snapshot,
        /// A height.
        useless_to: Height,
    },
    /// Adds the proof of a change of the committee.
    Handover(Handover),
    /// A stored block is committed; it extends the one committed before. Blocks at its height or
    /// below that are not committed are of no more use.
    Committed(BlockRef),
}

/// Why a replica halted: two blocks that conflict are certified for commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// What it had committed.
    pub head: BlockRef,
    /// What it was asked to commit.
    pub conflicting: BlockRef,
}

/// What a store held when the replica started: the records, folded. A new replica starts from
/// `Recovered::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The last safety record.
    pub safety: Option<SafetyRecord>,
    /// The last high QC.
    pub high_qc: Option<QuorumCertificate>,
    /// The last timeout certificate.
    pub tc: Option<TimeoutCertificate>,
    /// Whether it halted.
    pub halted: Option<Halt>,
    /// The last snapshot.
    pub snapshot: Option<Snapshot>,
    /// The proofs of changes of the committee, since that snapshot.
    pub handovers: Vec<Handover>,
    /// The committed blocks by ascending height without a gap: from height 1 on, or from where
    /// the snapshot says that they are of use.
    pub committed: Vec<Block>,
    /// The blocks above the committed head.
    pub uncommitted: BTreeMap<BlockId, Block>,
}

impl Recovered {
    /// Takes the next record in. Drivers that keep a log fold it with this; those that keep
    /// tables must arrive at the same result.
    ///
    /// # Panics
    /// When a commit names a block that no record added: such a log was never written.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Safety(safety) => self.safety = Some(safety),
            Record::HighQc(qc) => self.high_qc = Some(qc),
            Record::Tc(tc) => self.tc = Some(tc),
            Record::Halted(halt) => self.halted = Some(halt),
            Record::Snapshot { snapshot, useless_to } => {
                let base = snapshot.base().height();
                self.committed.retain(|block| block.height() > useless_to);
                self.uncommitted.retain(|_, block| block.height() > base);
                self.handovers.clear();
                self.snapshot = Some(snapshot);
            }
            Record::Handover(handover) => self.handovers.push(handover),
            Record::Block(block) => {
                self.uncommitted.insert(block.id(), block);
            }
            Record::Committed(reference) => {
                let block =
                    self.uncommitted.remove(&reference.id).expect("a block is stored before its commit");
                self.committed.push(block);
                self.uncommitted.retain(|_, other| other.height() > reference.height);
            }
        }
    }
}
