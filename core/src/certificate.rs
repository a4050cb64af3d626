//! Votes and timeouts, and the certificates that quorums of them make.

use crate::crypto::{ClusterId, Digest, Domain, SecretKey, Signature};
use crate::ids::{Epoch, Height, ReplicaId, View};
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A block's id: the hash of its header.
pub type BlockId = Digest;

/// A block by name, with its epoch, view and height. This is what a vote signs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlockRef {
    /// The epoch of the committee that votes for it.
    pub epoch: Epoch,
    /// The view it was proposed for.
    pub view: View,
    /// Its distance from genesis.
    pub height: Height,
    /// Its id.
    pub id: BlockId,
}

impl fmt::Display for BlockRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}@v{}", self.height, self.view)?;
        if self.epoch > Epoch::GENESIS {
            write!(f, "{}", self.epoch)?;
        }
        write!(f, " ({})", self.id)
    }
}

impl fmt::Debug for BlockRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A replica's vote for a block (HotStuff, algorithm 1, `voteMsg`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The block voted for; the view is the block's.
    pub block: BlockRef,
    /// Who votes.
    pub voter: ReplicaId,
    /// The voter's signature on `block`.
    pub signature: Signature,
}

impl Vote {
    pub(crate) fn signed(key: &SecretKey, cluster: &ClusterId, voter: ReplicaId, block: BlockRef) -> Self {
        Self { block, voter, signature: key.sign(Domain::Vote, cluster, &block) }
    }
}

/// A quorum certificate: votes of a quorum for one block.
///
/// Signers stand in strictly ascending order, so each counts once. The certificate of the genesis
/// block has no signers and exactly one form, [`crate::Committee::genesis_qc`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuorumCertificate {
    /// The certified block.
    pub block: BlockRef,
    /// The votes' signatures on `block`.
    pub signatures: Vec<(ReplicaId, Signature)>,
}

impl QuorumCertificate {
    /// The view of the certified block.
    #[must_use]
    pub fn view(&self) -> View {
        self.block.view
    }

    /// Whose votes it holds.
    pub fn signers(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        self.signatures.iter().map(|(signer, _)| *signer)
    }
}

impl fmt::Debug for QuorumCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QC for {} by {:?}", self.block, self.signers().collect::<Vec<_>>())
    }
}

/// A replica gives up on a view (Jolteon, figure 2). Carries what must not be lost with the view's
/// leader: the sender's high QC, and its last vote, from which receivers can complete a QC whose
/// collector is down (pitfall 22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeout {
    /// The epoch that the sender is in: whose quorum is to certify this.
    pub epoch: Epoch,
    /// The view given up.
    pub view: View,
    /// The sender's high QC.
    pub high_qc: QuorumCertificate,
    /// The sender's last vote.
    pub last_vote: Option<Vote>,
    /// Who gives up.
    pub replica: ReplicaId,
    /// The sender's signature on the epoch, the view and the high QC's view.
    pub signature: Signature,
}

impl Timeout {
    pub(crate) fn signed(
        key: &SecretKey,
        cluster: &ClusterId,
        replica: ReplicaId,
        (epoch, view): (Epoch, View),
        high_qc: QuorumCertificate,
        last_vote: Option<Vote>,
    ) -> Self {
        let signature = key.sign(Domain::Timeout, cluster, &(epoch, view, high_qc.view()));
        Self { epoch, view, high_qc, last_vote, replica, signature }
    }
}

/// One replica's part of a timeout certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeoutSignature {
    /// Who gave up.
    pub replica: ReplicaId,
    /// The view of the high QC it had.
    pub high_qc_view: View,
    /// Its signature on the epoch, the view given up and `high_qc_view`.
    pub signature: Signature,
}

/// A timeout certificate: a quorum gave up on one view. Its `high_qc` is the highest that any of
/// the signers named.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeoutCertificate {
    /// Whose quorum it is.
    pub epoch: Epoch,
    /// The view given up.
    pub view: View,
    /// The highest QC among the signers'.
    pub high_qc: QuorumCertificate,
    /// The signatures, by ascending replica.
    pub signatures: Vec<TimeoutSignature>,
}

impl TimeoutCertificate {
    /// Whose timeouts it holds.
    pub fn signers(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        self.signatures.iter().map(|part| part.replica)
    }
}

impl fmt::Debug for TimeoutCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TC for v{} by {:?}, {:?}", self.view, self.signers().collect::<Vec<_>>(), self.high_qc)
    }
}
