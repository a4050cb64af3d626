//! What the tree tells of branches: what they commit, hold and extend.

use super::BlockTree;
use crate::block::Block;
use crate::certificate::{BlockId, BlockRef, QuorumCertificate};
use crate::command::CommandId;
use crate::crypto::Digest;
use crate::ids::Height;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

impl BlockTree {
    /// The block that is locked once `certified` has a QC, as deep below it as the commit rule says.
    pub(crate) fn locked_by(&self, certified: &BlockId) -> Option<BlockRef> {
        let block = self.block(certified)?;
        Some(if self.governed.rule.lock_depth() == 0 { block.reference() } else { block.justify().block })
    }

    /// The block that is committed once `certified` has a QC: the one as deep below it as the
    /// commit rule says, if all from there on stand in consecutive views (HotStuff, algorithm 5;
    /// Jolteon, figure 2; pitfall 1). `None` also where that block is the head or below.
    pub(crate) fn committed_by(&self, certified: &BlockId) -> Option<&Block> {
        self.chain_below(certified).filter(|block| block.height() > self.head.height)
    }

    fn chain_below(&self, certified: &BlockId) -> Option<&Block> {
        let mut block = self.block(certified)?;
        for _ in 0..self.governed.commit_depth() {
            let parent = &self.parent_of(block)?.block;
            if !self.governed.rules.is_link(block.view(), parent.view()) {
                return None;
            }
            block = parent;
        }
        Some(block)
    }

    /// The height of the last block committed by a branch whose tip `certified` has a QC.
    pub(crate) fn commits_if_certified(&self, certified: &BlockId) -> Height {
        let before = self.commits_of(certified).unwrap_or_default();
        self.chain_below(certified).map_or(before, |block| before.max(block.height()))
    }

    /// The height of the last block that the justify of `id` commits: the state that its header
    /// names, and that rules who may propose its children and who may certify them.
    pub(crate) fn commits_of(&self, id: &BlockId) -> Option<Height> {
        self.entry(id).map(|entry| entry.commits)
    }

    /// What the header of a child of `parent` must carry: the height of the last block that the
    /// child's justify commits, and the state root after it. `None` where that block is no longer
    /// held, or not yet committed here.
    pub(crate) fn state_for_child_of(&self, parent: &BlockId) -> Option<(Height, Digest)> {
        let height = self.commits_if_certified(parent);
        let root = self.committed.get(&height)?.root_after?;
        Some((height, root))
    }

    /// Whether the branch of `descendant` contains `ancestor`. Blocks at or below the head are all
    /// on one branch.
    pub(crate) fn extends(&self, descendant: &BlockId, ancestor: &BlockRef) -> bool {
        if ancestor.height < self.head.height {
            return self.committed.get(&ancestor.height).is_none_or(|held| held.block.id() == ancestor.id);
        }
        let mut cursor = self.block(descendant);
        while let Some(block) = cursor {
            if block.height() <= ancestor.height {
                return block.id() == ancestor.id;
            }
            cursor = self.parent_of(block).map(|parent| &parent.block);
        }
        false
    }

    /// The blocks above height `above` on the branch of `tip`, ascending, and the lowest height
    /// that is held of that branch.
    pub(crate) fn branch(&self, tip: &BlockId, above: Height) -> Vec<Block> {
        let mut path = Vec::new();
        let mut cursor = self.block(tip);
        while let Some(block) = cursor.filter(|block| block.height() > above) {
            path.push(block.clone());
            cursor = self.parent_of(block).map(|parent| &parent.block);
        }
        path.reverse();
        path
    }

    /// The commands on the branch of `tip` that are not committed.
    pub(crate) fn uncommitted_commands(&self, tip: &BlockId) -> BTreeSet<CommandId> {
        let branch = self.branch(tip, self.head.height);
        branch.iter().flat_map(|block| block.payload().commands.iter().map(|command| command.id)).collect()
    }

    /// Whether the branch of `tip` holds commands that a replica which knows `tip` and its justify
    /// has not seen committed: empty blocks on top are needed to flush them (pitfall 20).
    pub(crate) fn needs_flush(&self, tip: &BlockId) -> bool {
        let seen = self.commits_of(tip).unwrap_or_default();
        self.branch(tip, seen).iter().any(|block| !block.is_empty())
    }

    /// Whether commands above the head can still commit: on the branch of `tip`, the highest
    /// certified block, or above it. Those on other branches wait for nothing.
    pub(crate) fn holds_uncommitted_commands(&self, tip: &BlockRef) -> bool {
        let mut holding = self.above_head().filter(|block| !block.is_empty()).peekable();
        if holding.peek().is_none() {
            return false;
        }
        let branch: BTreeSet<BlockId> =
            self.branch(&tip.id, self.head.height).iter().map(Block::id).collect();
        holding.any(|block| branch.contains(&block.id()) || self.extends(&block.id(), tip))
    }

    /// The certificate of a block, if one that extends it is held.
    pub(crate) fn certificate_of(&self, id: &BlockId) -> Option<QuorumCertificate> {
        let children = self.blocks().filter(|block| block.parent() == *id);
        Some(children.min_by_key(|block| block.id())?.justify().clone())
    }

    /// All blocks held but genesis, parents first.
    pub(crate) fn ascending(&self) -> Vec<&Block> {
        let mut blocks: Vec<&Block> =
            self.blocks().filter(|block| block.height() > Height::GENESIS).collect();
        blocks.sort_unstable_by_key(|block| (block.height(), block.view(), block.id()));
        blocks
    }
}
