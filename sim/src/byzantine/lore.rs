//! What a corrupt replica has seen: the raw material of its lies. Bounded in each kind.

use hotstuff_core::certificate::{Timeout, Vote};
use hotstuff_core::crypto::Digest;
use hotstuff_core::message::Proposal;
use hotstuff_core::{Block, BlockId, Message, QuorumCertificate, TimeoutCertificate, View};
use std::collections::{BTreeMap, VecDeque};

/// Of each kind the latest so many are kept.
const KEPT: usize = 64;

/// The latest messages that a host has sent or received, taken apart.
#[derive(Clone, Default)]
pub(crate) struct Lore {
    blocks: VecDeque<Block>,
    /// How many blocks there were in all.
    noted: u64,
    /// By view: the first seen of each.
    qcs: BTreeMap<View, QuorumCertificate>,
    tcs: BTreeMap<View, TimeoutCertificate>,
    votes: VecDeque<Vote>,
    timeouts: VecDeque<Timeout>,
}

impl Lore {
    /// Takes note of a message.
    pub(crate) fn note(&mut self, message: &Message) {
        match message {
            Message::Proposal(Proposal { block, tc }) => {
                self.note_block(block);
                tc.iter().for_each(|tc| self.note_tc(tc));
            }
            Message::Vote(vote) => push(&mut self.votes, vote.clone()),
            Message::Timeout(timeout) => {
                self.note_qc(&timeout.high_qc);
                timeout.last_vote.iter().for_each(|vote| push(&mut self.votes, vote.clone()));
                push(&mut self.timeouts, timeout.clone());
            }
            Message::NewView(new_view) => {
                self.note_qc(&new_view.high_qc);
                new_view.tc.iter().for_each(|tc| self.note_tc(tc));
            }
            Message::FetchResponse(response) => {
                response.blocks.iter().for_each(|block| self.note_block(block));
                response.certificate.iter().for_each(|qc| self.note_qc(qc));
            }
            Message::FetchRequest(_) | Message::SnapshotRequest(_) | Message::SnapshotChunk(_) => {}
        }
    }

    /// Blocks, the latest last.
    pub(crate) fn blocks(&self) -> impl DoubleEndedIterator<Item = &Block> {
        self.blocks.iter()
    }

    /// How many blocks have been noted in all.
    pub(crate) fn noted(&self) -> u64 {
        self.noted
    }

    /// The blocks that have been noted since there were `noted` of them, as far as they are kept.
    pub(crate) fn blocks_since(&self, noted: u64) -> impl Iterator<Item = &Block> {
        let new = usize::try_from(self.noted.saturating_sub(noted)).unwrap_or(usize::MAX);
        self.blocks.iter().skip(self.blocks.len().saturating_sub(new))
    }

    /// A block by its id.
    pub(crate) fn block(&self, id: &BlockId) -> Option<&Block> {
        self.blocks.iter().rev().find(|block| block.id() == *id)
    }

    /// The blocks of a branch from its tip down, as far as they are kept.
    pub(crate) fn branch(&self, tip: &BlockId) -> impl Iterator<Item = &Block> {
        std::iter::successors(self.block(tip), |block| self.block(&block.parent()))
    }

    /// The state root that a child of `parent` must carry, as another child shows it.
    pub(crate) fn state_root_above(&self, parent: &BlockId) -> Option<Digest> {
        let child = self.blocks.iter().find(|block| block.parent() == *parent)?;
        Some(child.header().state_root)
    }

    /// QCs by ascending view.
    pub(crate) fn qcs(&self) -> impl DoubleEndedIterator<Item = &QuorumCertificate> {
        self.qcs.values()
    }

    /// The timeout certificate of a view.
    pub(crate) fn tc(&self, view: View) -> Option<&TimeoutCertificate> {
        self.tcs.get(&view)
    }

    /// Votes, the latest last.
    pub(crate) fn votes(&self) -> impl DoubleEndedIterator<Item = &Vote> {
        self.votes.iter()
    }

    /// Timeouts, the latest last.
    pub(crate) fn timeouts(&self) -> impl DoubleEndedIterator<Item = &Timeout> {
        self.timeouts.iter()
    }

    fn note_block(&mut self, block: &Block) {
        self.note_qc(block.justify());
        if self.block(&block.id()).is_none() {
            push(&mut self.blocks, block.clone());
            self.noted += 1;
        }
    }

    fn note_qc(&mut self, qc: &QuorumCertificate) {
        self.qcs.entry(qc.view()).or_insert_with(|| qc.clone());
        while self.qcs.len() > KEPT {
            self.qcs.pop_first();
        }
    }

    fn note_tc(&mut self, tc: &TimeoutCertificate) {
        self.note_qc(&tc.high_qc);
        self.tcs.entry(tc.view).or_insert_with(|| tc.clone());
        while self.tcs.len() > KEPT {
            self.tcs.pop_first();
        }
    }
}

fn push<T: PartialEq>(kept: &mut VecDeque<T>, value: T) {
    if kept.back() == Some(&value) {
        return;
    }
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::{Conduct, stage::Stage};
    use hotstuff_core::CommitRule;

    /// More blocks than are kept, each sent three times.
    fn proposals() -> Vec<Message> {
        let mut stage = Stage::new(CommitRule::TwoChain, Conduct::DoubleVoter);
        stage.run(3_000);
        let sent = stage.sent.into_iter().map(|sent| sent.message);
        sent.filter(|message| matches!(message, Message::Proposal(_))).collect()
    }

    #[test]
    fn each_block_is_noted_once_and_the_latest_are_kept() {
        let (mut lore, mut seen) = (Lore::default(), 0);
        for message in proposals() {
            let before = lore.noted();
            lore.note(&message);
            let Message::Proposal(proposal) = message else { unreachable!("it is one") };
            let new: Vec<BlockId> = lore.blocks_since(before).map(Block::id).collect();
            assert!(new.is_empty() || new == [proposal.block.id()]);
            seen += new.len();
        }
        assert!(seen > KEPT, "{seen}");
        assert_eq!((lore.noted(), lore.blocks().count(), lore.qcs().count()), (seen as u64, KEPT, KEPT));
        assert_eq!(lore.blocks_since(0).count(), KEPT);
    }

    #[test]
    fn a_branch_leads_from_child_to_parent_and_a_child_shows_the_root_above_its_parent() {
        let mut lore = Lore::default();
        proposals().iter().for_each(|message| lore.note(message));
        let tip = lore.blocks().next_back().unwrap();
        let branch: Vec<&Block> = lore.branch(&tip.id()).collect();
        assert!(branch.len() > KEPT / 2, "{}", branch.len());
        for pair in branch.windows(2) {
            assert_eq!(pair[0].parent(), pair[1].id());
            assert_eq!(lore.state_root_above(&pair[1].id()), Some(pair[0].header().state_root));
        }
        assert_eq!(lore.state_root_above(&tip.id()), None);
    }
}
