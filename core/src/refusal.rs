//! Why something was refused: one vocabulary for verification, safety and the state machine.

use crate::certificate::BlockRef;
use crate::command::{CommandId, NotAdmitted};
use crate::crypto::Digest;
use crate::ids::{Epoch, Height, Power, ReplicaId, View};
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// A routine refusal, with what the rule looked at.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    thiserror::Error,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Refusal {
    /// Not a member of the committee.
    #[error("{0} is not in the committee")]
    Stranger(ReplicaId),
    /// A signature that is not the named signer's on what it stands under.
    #[error("the signature of {0} is not valid")]
    BadSignature(ReplicaId),
    /// At least one signature of a certificate is bad.
    #[error("a certificate for view {0} holds a bad signature")]
    BadCertificate(View),
    /// Signers must ascend: this one is repeated or out of order (pitfall 2).
    #[error("signer {0} of a certificate is repeated or out of order")]
    RepeatedSigner(ReplicaId),
    /// The signers' power is no quorum.
    #[error("a certificate for view {view} has power {have}, and {need} is a quorum")]
    BelowQuorum {
        /// The certificate's view.
        view: View,
        /// What its signers have.
        have: Power,
        /// What is needed.
        need: Power,
    },
    /// A view-0 certificate that is not the genesis block's only form (pitfall 5).
    #[error("a certificate of view 0 is not the genesis certificate")]
    NotGenesis,
    /// A view that no message may name (pitfall 27).
    #[error("view {0} is out of range")]
    ViewOutOfRange(View),
    /// Of an epoch that is over: its committee's signatures count no more.
    #[error("epoch {epoch} is over: the oldest that counts is {oldest}")]
    OldEpoch {
        /// The epoch.
        epoch: Epoch,
        /// The oldest that counts.
        oldest: Epoch,
    },
    /// Of an epoch that this replica has not come to yet.
    #[error("epoch {epoch} is not known here yet: the newest is {newest}")]
    UnknownEpoch {
        /// The epoch.
        epoch: Epoch,
        /// The newest known.
        newest: Epoch,
    },
    /// A block's epoch is neither its parent's nor the next, or a certificate's is not its block's.
    #[error("a block or certificate of {epoch} does not belong to one of {parent}")]
    EpochOrder {
        /// The epoch.
        epoch: Epoch,
        /// The parent's.
        parent: Epoch,
    },
    /// The epoch in a header is not the one in force on its branch.
    #[error("the header says epoch {header}, and {own} is in force")]
    WrongEpoch {
        /// The header's.
        header: Epoch,
        /// What this replica computed.
        own: Epoch,
    },
    /// This replica is not in the committee in force, so it does not vote.
    #[error("this replica is not in the committee of {0}")]
    NotAMember(Epoch),
    /// Two signed things that do not contradict each other.
    #[error("this is no evidence: an honest replica may sign both")]
    NoEvidence,
    /// Proposed by a replica that does not lead the view (pitfall 11).
    #[error("{proposer} proposed in view {view}, which {leader} leads")]
    NotLeader {
        /// The view.
        view: View,
        /// Who proposed.
        proposer: ReplicaId,
        /// Who leads.
        leader: ReplicaId,
    },
    /// The justify is not of an earlier view than its block.
    #[error("a block of view {view} is justified by view {justify}, which is not earlier")]
    ViewOrder {
        /// The block's view.
        view: View,
        /// Its justify's view.
        justify: View,
    },
    /// The height is not one more than the parent's.
    #[error("a block at height {height} has its parent at height {parent}")]
    HeightOrder {
        /// The block's height.
        height: Height,
        /// Its parent's, by the justify.
        parent: Height,
    },
    /// Neither the justify nor a timeout certificate is of the view before.
    #[error("nothing shows that view {view} may begin: the justify is of view {justify}")]
    ViewNotJustified {
        /// The proposal's view.
        view: View,
        /// Its justify's view.
        justify: View,
    },
    /// A timeout or timeout certificate whose high QC is not of an earlier or the same view, or
    /// not the highest that its signers claim.
    #[error("the high QC of a timeout of view {view} is of view {high_qc}, not as claimed")]
    HighQcMismatch {
        /// The view given up.
        view: View,
        /// The high QC's view.
        high_qc: View,
    },
    /// The payload is not the one that the header names.
    #[error("the payload's digest is not the header's")]
    PayloadMismatch,
    /// The payload is larger than a block may be.
    #[error("the payload is over a limit: {commands} commands, {bytes} bytes")]
    PayloadTooLarge {
        /// How many commands.
        commands: u64,
        /// How many bytes of operations.
        bytes: u64,
    },
    /// A command whose signature or size is wrong.
    #[error("command {0} is not valid: {1}")]
    BadCommand(CommandId, NotAdmitted),
    /// More blocks than a response may hold.
    #[error("a fetch response holds {0} blocks, too many")]
    TooManyBlocks(u64),
    /// Bytes that are no message.
    #[error("bytes are no message: {0}")]
    Malformed(String),
    /// A message of a view that is over.
    #[error("view {view} is over; this replica is in view {current}")]
    Stale {
        /// The message's view.
        view: View,
        /// The replica's.
        current: View,
    },
    /// Already voted in this view or a later one (pitfall 7).
    #[error("already voted in view {last_voted}, so not in view {view}")]
    AlreadyVoted {
        /// The view of the block.
        view: View,
        /// The last voted view.
        last_voted: View,
    },
    /// Already gave up on this view or a later one (pitfall 8).
    #[error("gave up on view {timed_out}, so no vote in view {view}")]
    TimedOut {
        /// The view of the block.
        view: View,
        /// The last view given up.
        timed_out: View,
    },
    /// Neither clause of the voting rule holds (HotStuff, algorithm 1, `safeNode`).
    #[error("the justify's view {justify} is not above the lock {lock}, and the block does not extend it")]
    BelowLock {
        /// The justify's view.
        justify: View,
        /// The locked block.
        lock: BlockRef,
    },
    /// The justify is older than a QC that the timeout certificate shows to exist (Jolteon,
    /// figure 2; pitfall 10).
    #[error("the justify's view {justify} is below view {high_qc}, which the TC's signers have a QC of")]
    BelowTimeouts {
        /// The justify's view.
        justify: View,
        /// The highest QC among the signers'.
        high_qc: View,
    },
    /// A timeout must carry a QC that is not below the lock (pitfall 10).
    #[error("the high QC's view {high_qc} is below the lock {lock}")]
    QcBelowLock {
        /// The view of the QC.
        high_qc: View,
        /// The locked block.
        lock: BlockRef,
    },
    /// Already proposed in this view or a later one.
    #[error("already proposed in view {last_proposed}, so not in view {view}")]
    AlreadyProposed {
        /// The view.
        view: View,
        /// The last view proposed in.
        last_proposed: View,
    },
    /// The header's state root is not what this replica computed.
    #[error("the header says state root {header}, this replica has {own} at height {height}")]
    StateRoot {
        /// The last block that the header's justify commits.
        height: Height,
        /// The header's root.
        header: Digest,
        /// This replica's.
        own: Digest,
    },
    /// A second block of a leader for one view.
    #[error("{proposer} already proposed {first} in this view")]
    Equivocation {
        /// The leader.
        proposer: ReplicaId,
        /// Its first block.
        first: BlockRef,
    },
    /// A block whose branch does not contain the committed head.
    #[error("the block does not extend the committed head {0}")]
    OffCommittedBranch(BlockRef),
    /// As many uncommitted blocks are held as the config allows.
    #[error("too many uncommitted blocks are held")]
    TreeFull,
    /// Proof was seen that more than f replicas are faulty.
    #[error("this replica has halted")]
    Halted,
    /// A fetched block that is neither the one asked for nor certified by the next.
    #[error("block {0} of a fetch response is not certified")]
    Uncertified(BlockRef),
    /// A snapshot whose blocks, proofs or state do not belong together.
    #[error("a snapshot does not prove what it says")]
    BadSnapshot,
    /// Blocks that nobody asked for.
    #[error("nothing was asked of {0}")]
    Unasked(ReplicaId),
}

impl Refusal {
    /// All names.
    pub const NAMES: &[&str] = <Self as strum::VariantNames>::VARIANTS;

    /// The name of the rule that refused, for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Whether it says no more than that another epoch counts for the sender: one of the two is behind, and
    /// neither is at fault.
    #[must_use]
    pub fn is_by_epoch(&self) -> bool {
        matches!(self, Self::OldEpoch { .. } | Self::UnknownEpoch { .. })
    }
}
