//! The blocks that matter now: the committed head, what extends it, and some of what came before.

use crate::block::Block;
use crate::certificate::{BlockId, BlockRef};
use crate::crypto::Digest;
use crate::ids::{Height, View};
use crate::refusal::Refusal;
use crate::rules::Governed;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

mod branch;
#[cfg(test)]
mod tests;

#[derive(Clone)]
struct Entry {
    block: Block,
    /// Height of the last block that the branch up to the justify commits.
    commits: Height,
    /// The state root after the block, once committed.
    root_after: Option<Digest>,
}

/// Invariants: the committed blocks held are the last ones, without a gap, and end in the head;
/// every other block is above the head and has its parent here, so it extends the head.
#[derive(Clone)]
pub(crate) struct BlockTree {
    entries: BTreeMap<BlockId, Entry>,
    committed: BTreeMap<Height, BlockId>,
    /// The others: few, while committed ones may be many.
    uncommitted: BTreeSet<BlockId>,
    /// The first block seen of each view above the head's.
    first_of_view: BTreeMap<View, BlockId>,
    head: BlockRef,
    governed: Governed,
    bounds: TreeBounds,
    uncommitted_bytes: u64,
}

/// How much a tree holds at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreeBounds {
    /// Committed blocks, beside those that blocks above the head still refer to.
    pub(crate) retained: u32,
    /// Uncommitted blocks.
    pub(crate) uncommitted: u32,
    /// Bytes of operations in uncommitted blocks.
    pub(crate) uncommitted_bytes: u64,
}

impl BlockTree {
    /// A tree of the genesis block alone, which is committed and leaves `root` behind.
    pub(crate) fn new(genesis: Block, root: Digest, governed: Governed, bounds: TreeBounds) -> Self {
        let commits = genesis.height();
        Self::rooted(&[], genesis, commits, root, governed, bounds)
    }

    /// A tree of one committed block, which leaves `root` behind, and whose justify commits the
    /// block at height `commits`. `ancestors`, oldest first, are what commits look back over.
    pub(crate) fn rooted(
        ancestors: &[Block],
        block: Block,
        commits: Height,
        root: Digest,
        governed: Governed,
        bounds: TreeBounds,
    ) -> Self {
        let head = block.reference();
        let entry = Entry { block, commits, root_after: Some(root) };
        let below =
            |block: &Block| Entry { block: block.clone(), commits: Height::GENESIS, root_after: None };
        let entries = ancestors.iter().map(|block| (block.id(), below(block))).chain([(head.id, entry)]);
        let heights = ancestors.iter().map(Block::reference).chain([head]);
        Self {
            entries: entries.collect(),
            committed: heights.map(|block| (block.height, block.id)).collect(),
            uncommitted: BTreeSet::new(),
            first_of_view: BTreeMap::new(),
            head,
            governed,
            bounds,
            uncommitted_bytes: 0,
        }
    }

    /// The last committed block.
    pub(crate) fn head(&self) -> BlockRef {
        self.head
    }

    /// The state root after the head.
    pub(crate) fn head_root(&self) -> Digest {
        let root = self.entries.get(&self.head.id).and_then(|entry| entry.root_after);
        root.expect("the head is here and has executed")
    }

    pub(crate) fn block(&self, id: &BlockId) -> Option<&Block> {
        self.entries.get(id).map(|entry| &entry.block)
    }

    pub(crate) fn contains(&self, id: &BlockId) -> bool {
        self.entries.contains_key(id)
    }

    /// Adds a block above the head whose parent is here.
    ///
    /// # Errors
    /// When the block does not extend the head, or the tree is full.
    pub(crate) fn insert(&mut self, block: Block) -> Result<(), Refusal> {
        let parent = block.justify().block;
        let holds_parent = self.block(&parent.id).is_some_and(|held| held.reference() == parent);
        if !holds_parent || parent.height < self.head.height {
            return Err(Refusal::OffCommittedBranch(self.head));
        }
        let bytes = block.payload().operation_bytes();
        if self.is_full() || self.uncommitted_bytes + bytes > self.bounds.uncommitted_bytes {
            return Err(Refusal::TreeFull);
        }
        self.uncommitted_bytes += bytes;
        let commits = self.commits_if_certified(&parent.id);
        self.first_of_view.entry(block.view()).or_insert(block.id());
        self.uncommitted.insert(block.id());
        self.entries.insert(block.id(), Entry { block, commits, root_after: None });
        Ok(())
    }

    /// The first block seen of a view above the head's.
    pub(crate) fn first_of_view(&self, view: View) -> Option<Block> {
        self.block(self.first_of_view.get(&view)?).cloned()
    }

    /// Commits the child `id` of the head, whose execution gave `root`: drops what conflicts with
    /// it, and the oldest committed blocks.
    ///
    /// # Panics
    /// When `id` is no child of the head: a commit out of order would be our own bug.
    pub(crate) fn commit(&mut self, id: &BlockId, root: Digest) {
        let entry = self.entries.get_mut(id).expect("a committed block is in the tree");
        assert_eq!(entry.block.parent(), self.head.id, "blocks commit one after the other");
        entry.root_after = Some(root);
        let commits = entry.commits;
        self.head = entry.block.reference();
        self.uncommitted_bytes -= entry.block.payload().operation_bytes();
        self.committed.insert(self.head.height, *id);
        self.uncommitted.remove(id);
        let mut ascending: Vec<(Height, BlockId, BlockId)> =
            self.above_head().map(|block| (block.height(), block.id(), block.parent())).collect();
        ascending.sort_unstable();
        let mut kept = BTreeSet::from([*id]);
        for (_, block, parent) in ascending {
            if kept.contains(&parent) {
                kept.insert(block);
            } else {
                self.drop_uncommitted(&block);
            }
        }
        // The head's children name the state after the block at `commits`, and a commit looks back
        // over parents: however many views have failed in between, that much stays.
        let depth = self.governed.commit_depth() as u64;
        let needed = commits.0.min(self.head.height.0.saturating_sub(depth));
        let retained = self.head.height.0.saturating_sub(self.bounds.retained.into());
        let lowest = Height(needed.min(retained));
        while let Some(oldest) = self.committed.first_entry().filter(|entry| *entry.key() < lowest) {
            self.entries.remove(&oldest.remove());
        }
        let entries = &self.entries;
        let head_view = self.head.view;
        self.first_of_view.retain(|view, first| *view > head_view && entries.contains_key(first));
    }

    /// Makes room when the tree is full: drops what is not on the branch of `keep`.
    pub(crate) fn evict_except(&mut self, keep: &BlockId) {
        if !self.is_full() && self.uncommitted_bytes < self.bounds.uncommitted_bytes / 2 {
            return;
        }
        let branch: BTreeSet<BlockId> = self.branch(keep, self.head.height).iter().map(Block::id).collect();
        let others: Vec<BlockId> = self.uncommitted.difference(&branch).copied().collect();
        others.iter().for_each(|id| self.drop_uncommitted(id));
        let entries = &self.entries;
        self.first_of_view.retain(|_, first| entries.contains_key(first));
    }

    /// The blocks held, by id.
    pub(crate) fn held(&self) -> impl Iterator<Item = BlockRef> {
        self.entries.values().map(|entry| entry.block.reference())
    }

    /// The first block seen of each view above the head's.
    pub(crate) fn first_seen(&self) -> impl Iterator<Item = (View, BlockId)> {
        self.first_of_view.iter().map(|(view, id)| (*view, *id))
    }

    /// The lowest committed height held.
    pub(crate) fn lowest(&self) -> Height {
        self.committed.keys().next().copied().unwrap_or_default()
    }

    /// How many blocks are held above the head, and bytes of operations in them.
    pub(crate) fn uncommitted(&self) -> (usize, u64) {
        (self.uncommitted.len(), self.uncommitted_bytes)
    }

    /// How many committed blocks are held.
    pub(crate) fn committed(&self) -> usize {
        self.committed.len()
    }

    /// Whether there is room for no more than half of the bytes: leaders then propose no commands.
    pub(crate) fn is_crowded(&self) -> bool {
        self.uncommitted_bytes > self.bounds.uncommitted_bytes / 2
    }

    fn is_full(&self) -> bool {
        self.uncommitted().0 >= self.bounds.uncommitted as usize
    }

    fn drop_uncommitted(&mut self, id: &BlockId) {
        self.uncommitted.remove(id);
        if let Some(entry) = self.entries.remove(id) {
            self.uncommitted_bytes -= entry.block.payload().operation_bytes();
        }
    }

    fn above_head(&self) -> impl Iterator<Item = &Block> {
        self.uncommitted.iter().filter_map(|id| self.block(id))
    }
}
