//! What may be wrong with a store.

use crate::certificate::BlockRef;
use crate::ids::{Epoch, Height, View};
use crate::io::Halt;
use crate::refusal::Refusal;

/// Something wrong with a store, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The snapshot's blocks and certificates do not prove anything.
    #[error("the snapshot is not proven: {0}")]
    Snapshot(Refusal),
    /// The snapshot's state has another root than its proof names.
    #[error("the snapshot's state is not the one after {0}")]
    SnapshotState(BlockRef),
    /// A proof of a change of the committee does not hold.
    #[error("the change after {epoch} is not proven: {why}")]
    Handover {
        /// The epoch before the change.
        epoch: Epoch,
        /// Why.
        why: Refusal,
    },
    /// A committed block does not stand on the one before.
    #[error("the committed {block} does not stand on {last}")]
    NotNext {
        /// The block.
        block: BlockRef,
        /// The one before.
        last: BlockRef,
    },
    /// A block is not what the protocol allows: its parent, proposer, signatures, certificate, payload
    /// or state root.
    #[error("{block}: {why}")]
    Block {
        /// The block.
        block: BlockRef,
        /// Why.
        why: Refusal,
    },
    /// The head has no certified descendants that commit it.
    #[error("nothing here commits {head}: what is here commits no more than height {possible}")]
    NotCommitted {
        /// The head.
        head: BlockRef,
        /// The highest that is committed, if all blocks here were certified.
        possible: Height,
    },
    /// The high QC is no certificate.
    #[error("the high QC does not hold: {0}")]
    HighQc(Refusal),
    /// The timeout certificate is none.
    #[error("the timeout certificate does not hold: {0}")]
    Tc(Refusal),
    /// The last vote is none of this replica's.
    #[error("the last vote does not hold: {0}")]
    Vote(Refusal),
    /// The last vote is for a block that should be here.
    #[error("the last vote is for {0}, which is not here")]
    VotedUnknown(BlockRef),
    /// The lock is on a block that should be here.
    #[error("the lock is on {0}, which is not here")]
    LockUnknown(BlockRef),
    /// The lock is off the committed branch.
    #[error("the lock is on {lock}, which conflicts with the committed {head}")]
    LockConflicts {
        /// The lock.
        lock: BlockRef,
        /// The head.
        head: BlockRef,
    },
    /// The safety record is older than the chain beside it.
    #[error("the safety record is too old: the lock is on {lock}, and certificates here lock {expected}")]
    LockBehind {
        /// The lock.
        lock: BlockRef,
        /// What certificates here lock.
        expected: BlockRef,
    },
    /// The high QC is below the lock.
    #[error("the high QC of view {high_qc} is below the lock on {lock}")]
    HighQcBehind {
        /// The high QC's view.
        high_qc: View,
        /// The lock.
        lock: BlockRef,
    },
    /// A certificate here is newer than the high QC, which only rises.
    #[error("the high QC of view {high_qc} is older than a certificate beside it, of {certified}")]
    HighQcOld {
        /// The high QC's view.
        high_qc: View,
        /// What the newer one certifies.
        certified: BlockRef,
    },
    /// A certificate holds a vote of this replica that its safety record does not know.
    #[error(
        "the safety record is too old: a certificate holds this replica's vote for {voted}, and it remembers view {last}"
    )]
    VoteForgotten {
        /// What it voted for.
        voted: BlockRef,
        /// The last voted view by its record.
        last: View,
    },
    /// The timeout certificate holds a timeout of this replica that its safety record does not know.
    #[error("the safety record is too old: this replica gave up on view {view}, and remembers view {last}")]
    TimeoutForgotten {
        /// The view it gave up on.
        view: View,
        /// The last one by its record.
        last: View,
    },
    /// A block here is a proposal of this replica that its safety record does not know.
    #[error("the safety record is too old: this replica proposed {proposed}, and remembers view {last}")]
    ProposalForgotten {
        /// What it proposed.
        proposed: BlockRef,
        /// The last view it proposed in by its record.
        last: View,
    },
    /// This replica has halted for good.
    #[error("the replica has halted: it had committed {}, and {} is certified for commit too", .0.head, .0.conflicting)]
    Halted(Halt),
}
