//! Blocks of a forger's own making that conflict with what is committed, each falsely certified.

use super::seal::Seal;
use crate::byzantine::Scene;
use hotstuff_core::block::Header;
use hotstuff_core::command::Payload;
use hotstuff_core::{Block, BlockId, QuorumCertificate, View};

/// A branch that commits its first block, if its certificates are believed.
#[derive(Clone)]
pub(super) struct FalseBranch {
    blocks: Vec<Block>,
    /// Of each block.
    certificates: Vec<QuorumCertificate>,
}

impl FalseBranch {
    /// A branch beside the committed head, or above genesis where nothing else is committed, in
    /// consecutive views from `view` on. `None` where the head has not been seen.
    pub(super) fn grow(scene: &mut Scene<'_>, seal: Seal, view: View) -> Option<Self> {
        let mut header = fork(scene)?;
        let (mut blocks, mut certificates) = (Vec::new(), Vec::new());
        for generation in 0..=scene.committee.rule().commit_depth() as u64 {
            header.view = View(view.0 + generation);
            let block = scene.block(header.clone(), Payload::default());
            let certificate = seal.certify(scene, block.reference());
            header.height = block.height().next();
            header.justify = certificate.clone();
            blocks.push(block);
            certificates.push(certificate);
        }
        Some(Self { blocks, certificates })
    }

    /// Its second block, on a false certificate of the first.
    pub(super) fn second(&self) -> &Block {
        &self.blocks[1]
    }

    /// False certificates of its blocks, the last one first.
    pub(super) fn certificates(&self) -> impl Iterator<Item = &QuorumCertificate> {
        self.certificates.iter().rev()
    }

    /// Its blocks up to this one, if it is among them.
    pub(super) fn up_to(&self, id: BlockId) -> Option<Vec<Block>> {
        let at = self.blocks.iter().position(|block| block.id() == id)?;
        Some(self.blocks[..=at].to_vec())
    }
}

/// The header of another child of the committed head's parent.
fn fork(scene: &Scene<'_>) -> Option<Header> {
    let head = scene.status.committed_head;
    if head.view > View::GENESIS {
        return Some(scene.lore.block(&head.id)?.header().clone());
    }
    Some(Header {
        epoch: scene.status.epoch,
        view: head.view,
        height: head.height.next(),
        proposer: scene.id,
        justify: scene.committee.genesis_qc().clone(),
        payload_digest: Payload::default().digest(),
        state_root: scene.status.state_root,
    })
}
