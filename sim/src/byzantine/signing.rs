//! What a corrupt replica signs: anything, but with its own key alone.

use super::Scene;
use hotstuff_core::block::Header;
use hotstuff_core::certificate::{Timeout, Vote};
use hotstuff_core::command::{Command, Payload};
use hotstuff_core::crypto::{Digest, Domain, Signature};
use hotstuff_core::message::Proposal;
use hotstuff_core::{Block, BlockRef, Epoch, QuorumCertificate, ReplicaId, SequenceNumber, View, wire};
use hotstuff_kv::Operation;

impl Scene<'_> {
    /// The other members.
    pub(super) fn others(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        self.committee.ids().filter(|id| *id != self.id)
    }

    /// A block with this payload, proposed by this replica, and else as the header says.
    pub(super) fn block(&self, header: Header, payload: Payload) -> Block {
        let header = Header { proposer: self.id, payload_digest: payload.digest(), ..header };
        let content = (header.view, header.id());
        let signature = self.key.sign(Domain::Proposal, self.committee.cluster(), &content);
        wire::decode(&wire::encode(&(header, signature, payload))).expect("these are a block's parts")
    }

    /// The same proposal on another certificate; `None` where the state root above it is not known.
    pub(super) fn on(&self, justify: &QuorumCertificate, proposal: &Proposal) -> Option<Proposal> {
        let header = Header {
            height: justify.block.height.next(),
            justify: justify.clone(),
            state_root: self.state_root_above(&justify.block)?,
            ..proposal.block.header().clone()
        };
        Some(Proposal {
            block: self.block(header, proposal.block.payload().clone()),
            tc: proposal.tc.clone(),
        })
    }

    /// The state root that a child of `parent` must carry.
    pub(super) fn state_root_above(&self, parent: &BlockRef) -> Option<Digest> {
        let head = self.status.committed_head;
        let is_start = parent.view == View::GENESIS && *parent == head;
        self.lore.state_root_above(&parent.id).or(is_start.then_some(self.status.state_root))
    }

    /// Its vote for a block.
    pub(super) fn vote(&self, block: BlockRef) -> Vote {
        let signature = self.key.sign(Domain::Vote, self.committee.cluster(), &block);
        Vote { block, voter: self.id, signature }
    }

    /// Its timeout of a view.
    pub(super) fn timeout(
        &self,
        (epoch, view): (Epoch, View),
        high_qc: QuorumCertificate,
        last_vote: Option<Vote>,
    ) -> Timeout {
        let content = (epoch, view, high_qc.view());
        let signature = self.key.sign(Domain::Timeout, self.committee.cluster(), &content);
        Timeout { epoch, view, high_qc, last_vote, replica: self.id, signature }
    }

    /// Another payload than a block's: none of its commands; where it has none, one of this replica's
    /// own, as anyone may be a client. That one reads, and changes nothing.
    pub(super) fn other_payload(&self, block: &Block) -> Payload {
        let mut payload = Payload::default();
        if block.is_empty() {
            let (sequence, operation) =
                (SequenceNumber(block.view().0), Operation::Get { key: b"key".to_vec() });
            let command = Command::signed(self.key, self.committee.cluster(), sequence, operation.encode());
            payload.commands.push(command);
        }
        payload
    }

    /// A signature that is nobody's.
    pub(super) fn rubbish(&mut self) -> Signature {
        Signature([u8::try_from(self.rng.within(0, 255)).expect("a byte"); 64])
    }

    /// Any number up to `max`.
    pub(super) fn within(&mut self, max: usize) -> usize {
        usize::try_from(self.rng.within(0, max as u64)).expect("it is no more than a length")
    }

    /// Any one of a list.
    pub(super) fn pick<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        let last = list.len().checked_sub(1)?;
        Some(list[self.within(last)].clone())
    }
}
