//! The blocks that any replica told of, and how far each has come.

use hotstuff_core::event::BlockSummary;
use hotstuff_core::{BlockId, BlockRef, Event, Height, ReplicaId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many heights below the highest block are kept.
pub const HEIGHTS_MAX: u64 = 100;

/// How far a block has come, at the replica that is furthest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// It was proposed.
    #[default]
    Proposed,
    /// There is a QC for it.
    Certified,
    /// A replica is locked on it.
    Locked,
    /// A replica committed it.
    Committed,
}

/// One block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// The block.
    pub block: BlockSummary,
    /// Votes for it that its collector has told of.
    pub voters: BTreeSet<ReplicaId>,
}

/// All blocks within [`HEIGHTS_MAX`] of the highest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tree {
    nodes: BTreeMap<BlockId, Node>,
    // Kept apart from the nodes: a certificate may be heard of before its block.
    stages: BTreeMap<BlockId, (Height, Stage)>,
    by_height: BTreeMap<Height, BTreeSet<BlockId>>,
    committed: BTreeMap<Height, BTreeSet<BlockId>>,
    genesis: Option<BlockRef>,
}

impl Tree {
    /// The tree of genesis alone.
    #[must_use]
    pub fn new(genesis: BlockRef) -> Self {
        let mut tree = Self { genesis: Some(genesis), ..Self::default() };
        tree.raise(genesis, Stage::Committed);
        tree
    }

    /// The block that all chains start with.
    #[must_use]
    pub fn genesis(&self) -> Option<BlockRef> {
        self.genesis
    }

    /// A block by its id.
    #[must_use]
    pub fn node(&self, id: &BlockId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The blocks from a height on, parents first.
    pub fn from_height(&self, height: Height) -> impl Iterator<Item = &Node> + '_ {
        self.by_height.range(height..).flat_map(|(_, ids)| ids).filter_map(|id| self.nodes.get(id))
    }

    /// How far a block has come.
    #[must_use]
    pub fn stage(&self, id: &BlockId) -> Stage {
        self.stages.get(id).map_or(Stage::Proposed, |(_, stage)| *stage)
    }

    /// The height of the highest block.
    #[must_use]
    pub fn top(&self) -> Height {
        self.by_height.keys().next_back().copied().unwrap_or_default()
    }

    /// The highest committed height.
    #[must_use]
    pub fn committed_height(&self) -> Height {
        self.committed.keys().next_back().copied().unwrap_or_default()
    }

    /// Whether the block can no longer be committed: another is, at its height or below it on its
    /// branch.
    #[must_use]
    pub fn is_orphan(&self, id: &BlockId) -> bool {
        let head = self.committed_height();
        let mut at = *id;
        while let Some(node) = self.nodes.get(&at) {
            if self.stage(&at) == Stage::Committed {
                return false;
            }
            if node.block.block.height <= head {
                return true;
            }
            at = node.block.parent;
        }
        false
    }

    /// Whether another block is committed at this one's height, and this one too: agreement is broken.
    #[must_use]
    pub fn is_conflicting(&self, block: &BlockRef) -> bool {
        self.committed.get(&block.height).is_some_and(|ids| ids.len() > 1 && ids.contains(&block.id))
    }

    /// Adds a block, whose parent's certificate it carries.
    pub fn add(&mut self, block: &BlockSummary) {
        let BlockRef { height, id, .. } = block.block;
        if self.too_old(height) || self.nodes.contains_key(&id) {
            return;
        }
        self.nodes.insert(id, Node { block: block.clone(), voters: BTreeSet::new() });
        self.by_height.entry(height).or_default().insert(id);
        self.raise_id(Height(height.0.saturating_sub(1)), block.parent, Stage::Certified);
        self.prune();
    }

    /// Takes an event of any replica in.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::Proposed(block) | Event::BlockAdded(block) => self.add(block),
            Event::QcFormed { block, signers } => {
                self.raise(*block, Stage::Certified);
                self.add_voters(&block.id, signers);
            }
            Event::HighQcRaised { block } => self.raise(*block, Stage::Certified),
            Event::VoteCollected { block, voter } => self.add_voters(&block.id, &[*voter]),
            Event::LockRaised { block } => self.raise(*block, Stage::Locked),
            Event::Committed { block, .. } => {
                self.add(block);
                self.raise(block.block, Stage::Committed);
            }
            _ => {}
        }
    }

    /// Notes that a block has come at least this far.
    pub fn raise(&mut self, block: BlockRef, stage: Stage) {
        self.raise_id(block.height, block.id, stage);
        if stage == Stage::Committed && !self.too_old(block.height) {
            self.committed.entry(block.height).or_default().insert(block.id);
        }
    }

    fn raise_id(&mut self, height: Height, id: BlockId, stage: Stage) {
        if !self.too_old(height) {
            let known = self.stages.entry(id).or_insert((height, stage));
            known.1 = known.1.max(stage);
        }
    }

    fn add_voters(&mut self, id: &BlockId, voters: &[ReplicaId]) {
        if let Some(node) = self.nodes.get_mut(id) {
            node.voters.extend(voters);
        }
    }

    fn too_old(&self, height: Height) -> bool {
        height.0.saturating_add(HEIGHTS_MAX) < self.top().0
    }

    fn prune(&mut self) {
        let first = Height(self.top().0.saturating_sub(HEIGHTS_MAX));
        let Some(lowest) = self.by_height.keys().next().copied() else { return };
        if lowest >= first {
            return;
        }
        self.by_height = self.by_height.split_off(&first);
        self.committed = self.committed.split_off(&first);
        self.nodes.retain(|_, node| node.block.block.height >= first);
        self.stages.retain(|_, (height, _)| *height >= first);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use hotstuff_core::View;
    use hotstuff_core::crypto::Digest;

    /// A block `id` at `height`, proposed in `view` on top of `parent`.
    pub(crate) fn block(id: u8, parent: u8, height: u64, view: u64) -> BlockSummary {
        BlockSummary {
            block: BlockRef {
                epoch: hotstuff_core::Epoch(0),
                view: View(view),
                height: Height(height),
                id: Digest([id; 32]),
            },
            parent: Digest([parent; 32]),
            justify_view: View(view.saturating_sub(1)),
            proposer: ReplicaId(0),
            state_root: Digest([0; 32]),
            commands: 0,
        }
    }

    /// Genesis 0, then 1, then 2 and its rival 12, then 3 on 2.
    pub(crate) fn fork() -> Tree {
        let mut tree = Tree::new(block(0, 0, 0, 0).block);
        for block in [block(1, 0, 1, 1), block(12, 1, 2, 2), block(2, 1, 2, 3), block(3, 2, 3, 4)] {
            tree.fold(&Event::BlockAdded(block));
        }
        tree
    }

    #[test]
    fn a_block_is_certified_once_another_extends_it() {
        let tree = fork();
        assert_eq!(tree.stage(&Digest([1; 32])), Stage::Certified);
        assert_eq!(tree.stage(&Digest([3; 32])), Stage::Proposed);
    }

    #[test]
    fn stages_only_rise_and_may_come_before_the_block() {
        let mut tree = fork();
        let late = block(4, 3, 4, 5);
        tree.fold(&Event::LockRaised { block: late.block });
        tree.fold(&Event::HighQcRaised { block: late.block });
        tree.fold(&Event::BlockAdded(late.clone()));
        assert_eq!(tree.stage(&late.block.id), Stage::Locked);
    }

    #[test]
    fn what_a_commit_passes_by_is_an_orphan_with_its_descendants() {
        let mut tree = fork();
        tree.fold(&Event::BlockAdded(block(13, 12, 3, 5)));
        assert!(!tree.is_orphan(&Digest([12; 32])));
        tree.raise(block(2, 1, 2, 3).block, Stage::Committed);
        assert!(tree.is_orphan(&Digest([12; 32])));
        assert!(tree.is_orphan(&Digest([13; 32])));
        assert!(!tree.is_orphan(&Digest([3; 32])));
        assert_eq!(tree.committed_height(), Height(2));
    }

    #[test]
    fn two_commits_at_one_height_conflict() {
        let mut tree = fork();
        let (one, other) = (block(2, 1, 2, 3).block, block(12, 1, 2, 2).block);
        tree.raise(one, Stage::Committed);
        assert!(!tree.is_conflicting(&one));
        tree.raise(other, Stage::Committed);
        assert!(tree.is_conflicting(&one) && tree.is_conflicting(&other));
    }

    #[test]
    fn old_blocks_are_forgotten() {
        let mut tree = Tree::new(block(0, 0, 0, 0).block);
        for height in 1..=HEIGHTS_MAX + 100 {
            let mut next = block(0, 0, height, height);
            next.block.id.0[..8].copy_from_slice(&height.to_be_bytes());
            tree.fold(&Event::Committed { block: next, state_root: Digest([0; 32]) });
        }
        assert_eq!(tree.from_height(Height(0)).count() as u64, HEIGHTS_MAX + 1);
        assert!(tree.stages.len() as u64 <= HEIGHTS_MAX + 2);
        assert_eq!(tree.committed_height(), Height(HEIGHTS_MAX + 100));
    }
}
