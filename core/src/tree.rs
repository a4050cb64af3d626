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
    /// Many, so they are looked up by height where that is known.
    committed: BTreeMap<Height, Entry>,
    /// The heights of those.
    heights: BTreeMap<BlockId, Height>,
    /// The others: few, so they are looked through first.
    uncommitted: BTreeMap<BlockId, Entry>,
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
        let committed = ancestors.iter().map(below).chain([entry]);
        let committed: BTreeMap<_, _> = committed.map(|entry| (entry.block.height(), entry)).collect();
        Self {
            heights: committed.iter().map(|(height, entry)| (entry.block.id(), *height)).collect(),
            committed,
            uncommitted: BTreeMap::new(),
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
        let root = self.committed.get(&self.head.height).and_then(|entry| entry.root_after);
        root.expect("the head is here and has executed")
    }

    pub(crate) fn block(&self, id: &BlockId) -> Option<&Block> {
        self.entry(id).map(|entry| &entry.block)
    }

    pub(crate) fn contains(&self, id: &BlockId) -> bool {
        self.entry(id).is_some()
    }

    /// Whether a block is held. Its height tells where to look.
    pub(crate) fn holds(&self, block: &Block) -> bool {
        self.entry_at(&block.reference()).is_some()
    }

    fn entry(&self, id: &BlockId) -> Option<&Entry> {
        self.uncommitted.get(id).or_else(|| self.committed.get(self.heights.get(id)?))
    }

    /// The block of that name, height included.
    fn entry_at(&self, block: &BlockRef) -> Option<&Entry> {
        if block.height > self.head.height {
            return self.uncommitted.get(&block.id);
        }
        self.committed.get(&block.height).filter(|entry| entry.block.id() == block.id)
    }

    /// The parent of a block that is held, which was added only because its justify names a block as
    /// it is.
    fn parent_of(&self, block: &Block) -> Option<&Entry> {
        self.entry_at(&block.justify().block)
    }

    /// Adds a block above the head whose parent is here.
    ///
    /// # Errors
    /// When the block does not extend the head, or the tree is full.
    pub(crate) fn insert(&mut self, block: Block) -> Result<(), Refusal> {
        let parent = block.justify().block;
        let holds_parent = self.entry_at(&parent).is_some_and(|held| held.block.reference() == parent);
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
        self.uncommitted.insert(block.id(), Entry { block, commits, root_after: None });
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
        let mut entry = self.uncommitted.remove(id).expect("a block is in the tree before it commits");
        assert_eq!(entry.block.parent(), self.head.id, "blocks commit one after the other");
        entry.root_after = Some(root);
        let commits = entry.commits;
        self.head = entry.block.reference();
        self.uncommitted_bytes -= entry.block.payload().operation_bytes();
        self.heights.insert(*id, self.head.height);
        self.committed.insert(self.head.height, entry);
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
            self.heights.remove(&oldest.remove().block.id());
        }
        let (uncommitted, head_view) = (&self.uncommitted, self.head.view);
        self.first_of_view.retain(|view, first| *view > head_view && uncommitted.contains_key(first));
    }

    /// Makes room when the tree is full: drops what is not on the branch of `keep`.
    pub(crate) fn evict_except(&mut self, keep: &BlockId) {
        if !self.is_full() && self.uncommitted_bytes < self.bounds.uncommitted_bytes / 2 {
            return;
        }
        let branch: BTreeSet<BlockId> = self.branch(keep, self.head.height).iter().map(Block::id).collect();
        let others: Vec<BlockId> =
            self.uncommitted.keys().filter(|id| !branch.contains(*id)).copied().collect();
        others.iter().for_each(|id| self.drop_uncommitted(id));
        let uncommitted = &self.uncommitted;
        self.first_of_view.retain(|_, first| uncommitted.contains_key(first));
    }

    /// The blocks held, by id.
    pub(crate) fn held(&self) -> impl Iterator<Item = BlockRef> {
        let mut held: Vec<BlockRef> = self.blocks().map(Block::reference).collect();
        held.sort_unstable_by_key(|block| block.id);
        held.into_iter()
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
        if let Some(entry) = self.uncommitted.remove(id) {
            self.uncommitted_bytes -= entry.block.payload().operation_bytes();
        }
    }

    fn above_head(&self) -> impl Iterator<Item = &Block> {
        self.uncommitted.values().map(|entry| &entry.block)
    }

    /// All blocks held.
    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.committed.values().chain(self.uncommitted.values()).map(|entry| &entry.block)
    }
}
