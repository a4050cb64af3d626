//! Blocks: a signed header and a payload.

use crate::certificate::{BlockId, BlockRef, QuorumCertificate};
use crate::command::Payload;
use crate::committee::Committee;
use crate::crypto::{ClusterId, Digest, Domain, SecretKey, Signature};
use crate::ids::{Epoch, Height, ReplicaId, View};
use alloc::sync::Arc;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What a leader signs. A block extends the block that its `justify` certifies: there is no other
/// parent link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The epoch of the committee that may certify the block: the one in the state that the
    /// parent's header names.
    pub epoch: Epoch,
    /// The view the block is proposed for.
    pub view: View,
    /// One more than the parent's.
    pub height: Height,
    /// The leader of the view.
    pub proposer: ReplicaId,
    /// The certificate of the parent.
    pub justify: QuorumCertificate,
    /// The hash of the payload.
    pub payload_digest: Digest,
    /// The state root after the last block that `justify` commits.
    pub state_root: Digest,
}

impl Header {
    /// The parent's id.
    #[must_use]
    pub fn parent(&self) -> BlockId {
        self.justify.block.id
    }

    /// The block's id.
    #[must_use]
    pub fn id(&self) -> BlockId {
        Digest::of_value(Domain::Block, self)
    }
}

/// A header and its proposer's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHeader {
    /// The header.
    pub header: Header,
    /// The proposer's signature on view and id.
    pub signature: Signature,
}

impl SignedHeader {
    /// The block by name.
    #[must_use]
    pub fn reference(&self) -> BlockRef {
        let Header { epoch, view, height, .. } = self.header;
        BlockRef { epoch, view, height, id: self.header.id() }
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Parts {
    header: Header,
    signature: Signature,
    payload: Payload,
}

struct Inner {
    parts: Parts,
    id: BlockId,
}

/// A block. Cheap to clone; its id is computed once, from the header, and so always its own.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct Block(Arc<Inner>);

impl Block {
    /// The leader's block: the header signed together with its payload.
    ///
    /// # Panics
    /// When the header carries another digest than the payload's.
    pub(crate) fn signed(key: &SecretKey, cluster: &ClusterId, header: Header, payload: Payload) -> Self {
        assert_eq!(header.payload_digest, payload.digest(), "a leader signs the payload it sends");
        let id = header.id();
        let signature = key.sign(Domain::Proposal, cluster, &(header.view, id));
        Self(Arc::new(Inner { parts: Parts { header, signature, payload }, id }))
    }

    /// The block that every chain of the committee's cluster starts with. Nobody signs it.
    #[must_use]
    pub fn genesis(committee: &Committee, state_root: Digest) -> Self {
        let payload = Payload::default();
        let header = Header {
            epoch: Epoch::GENESIS,
            view: View::GENESIS,
            height: Height::GENESIS,
            proposer: ReplicaId(0),
            justify: committee.genesis_qc().clone(),
            payload_digest: payload.digest(),
            state_root,
        };
        let id = committee.genesis_qc().block.id;
        Self(Arc::new(Inner { parts: Parts { header, signature: Signature([0; 64]), payload }, id }))
    }

    /// The block's id.
    #[must_use]
    pub fn id(&self) -> BlockId {
        self.0.id
    }

    /// The block's name, view and height: what a vote for it signs.
    #[must_use]
    pub fn reference(&self) -> BlockRef {
        BlockRef { epoch: self.epoch(), view: self.view(), height: self.height(), id: self.id() }
    }

    /// The signed header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.0.parts.header
    }

    /// The proposer's signature on the header.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.0.parts.signature
    }

    /// The commands.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.0.parts.payload
    }

    /// The header with its signature: the block without its payload.
    #[must_use]
    pub fn signed_header(&self) -> SignedHeader {
        SignedHeader { header: self.header().clone(), signature: *self.signature() }
    }

    /// The epoch of the committee that may certify it.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.header().epoch
    }

    /// The view the block is proposed for.
    #[must_use]
    pub fn view(&self) -> View {
        self.header().view
    }

    /// The distance from genesis.
    #[must_use]
    pub fn height(&self) -> Height {
        self.header().height
    }

    /// The certificate of the parent.
    #[must_use]
    pub fn justify(&self) -> &QuorumCertificate {
        &self.header().justify
    }

    /// The parent's id.
    #[must_use]
    pub fn parent(&self) -> BlockId {
        self.header().parent()
    }

    /// Whether the block holds no command.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.payload().commands.is_empty()
    }
}

impl From<Parts> for Block {
    fn from(parts: Parts) -> Self {
        let id = parts.header.id();
        Self(Arc::new(Inner { parts, id }))
    }
}

impl From<Block> for Parts {
    fn from(block: Block) -> Self {
        block.0.parts.clone()
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id() && self.signature() == other.signature() && self.payload() == other.payload()
    }
}

impl Eq for Block {}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} commands", self.reference(), self.payload().commands.len())
    }
}
