//! What replicas say to each other, and why.

use crate::block::Block;
use crate::certificate::{BlockId, BlockRef, QuorumCertificate, Timeout, TimeoutCertificate, Vote};
use crate::ids::{Epoch, Height};
use crate::snapshot::{SnapshotChunk, SnapshotRequest};
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A message from one replica to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// The leader of a view asks for votes on its block.
    Proposal(Proposal),
    /// A replica votes; sent to the next view's leader, which makes the QC and builds on it.
    Vote(Vote),
    /// A replica gives up on a view; sent to all.
    Timeout(Timeout),
    /// The sender's highest certificates: to the leader of a view entered by a timeout
    /// certificate, to whoever is seen to be behind, and to all from an idle leader with a new QC.
    NewView(NewView),
    /// The sender misses blocks.
    FetchRequest(FetchRequest),
    /// Blocks that were asked for.
    FetchResponse(FetchResponse),
    /// The sender takes over a snapshot, and wants more of it.
    SnapshotRequest(SnapshotRequest),
    /// A part of a snapshot: the first where blocks were asked for that nobody keeps any more.
    SnapshotChunk(SnapshotChunk),
}

/// A leader's proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The block.
    pub block: Block,
    /// Why the view may be entered when the block's justify is not of the view before: the
    /// timeout certificate of that view. `None` otherwise.
    pub tc: Option<TimeoutCertificate>,
}

/// The sender's highest certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewView {
    /// The sender's high QC.
    pub high_qc: QuorumCertificate,
    /// Its highest timeout certificate, where that is of a later view than the high QC.
    pub tc: Option<TimeoutCertificate>,
}

/// Asks for certified blocks above those that the sender holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchRequest {
    /// Blocks above this height are wanted: the sender's committed height, or where earlier answers
    /// led it.
    pub above: Height,
    /// The certified block that is missing; `None` from one who knows only that it is behind, and
    /// wants what leads to the receiver's high QC.
    pub target: Option<BlockRef>,
    /// The newest epoch that the sender knows: it cannot check blocks of a later one.
    pub epoch: Epoch,
}

/// Blocks on the path to what was asked for, by ascending height, as many as fit: the first extends
/// a block at the height that was asked for, and each certifies the one before. Empty when the
/// sender has none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchResponse {
    /// The block that was asked for.
    pub target: Option<BlockId>,
    /// The blocks.
    pub blocks: Vec<Block>,
    /// The certificate of the last block. Not needed where that is the target, which the asker has
    /// a certificate of.
    pub certificate: Option<QuorumCertificate>,
}

/// What kind of message it is, for events and pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MessageKind {
    /// [`Message::Proposal`]
    Proposal,
    /// [`Message::Vote`]
    Vote,
    /// [`Message::Timeout`]
    Timeout,
    /// [`Message::NewView`]
    NewView,
    /// [`Message::FetchRequest`]
    FetchRequest,
    /// [`Message::FetchResponse`]
    FetchResponse,
    /// [`Message::SnapshotRequest`]
    SnapshotRequest,
    /// [`Message::SnapshotChunk`]
    SnapshotChunk,
}

impl Message {
    /// What kind of message it is.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Proposal(_) => MessageKind::Proposal,
            Self::Vote(_) => MessageKind::Vote,
            Self::Timeout(_) => MessageKind::Timeout,
            Self::NewView(_) => MessageKind::NewView,
            Self::FetchRequest(_) => MessageKind::FetchRequest,
            Self::FetchResponse(_) => MessageKind::FetchResponse,
            Self::SnapshotRequest(_) => MessageKind::SnapshotRequest,
            Self::SnapshotChunk(_) => MessageKind::SnapshotChunk,
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proposal => "proposal",
            Self::Vote => "vote",
            Self::Timeout => "timeout",
            Self::NewView => "new-view",
            Self::FetchRequest => "fetch request",
            Self::FetchResponse => "fetch response",
            Self::SnapshotRequest => "snapshot request",
            Self::SnapshotChunk => "snapshot chunk",
        })
    }
}
