//! The blocks that matter now: the committed head, what extends it, and some of what came before.

use crate::block::Block;
use crate::certificate::{BlockId, BlockRef};
use crate::command::CommandId;
use crate::crypto::Digest;
use crate::ids::{Height, View};
use crate::refusal::Refusal;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

struct Entry {
    block: Block,
    /// Height of the last block that the branch up to the justify commits.
    commits: Height,
    /// The state root after the block, once committed.
    root_after: Option<Digest>,
}

/// Invariants: the committed blocks held are the last ones, without a gap, and end in the head;
/// every other block is above the head and has its parent here, so it extends the head.
pub(crate) struct BlockTree {
    entries: BTreeMap<BlockId, Entry>,
    committed: BTreeMap<Height, BlockId>,
    /// The first block seen of each view above the head's.
    first_of_view: BTreeMap<View, BlockId>,
    head: BlockRef,
    retained: usize,
    uncommitted_max: usize,
}

/// A commit looks three blocks back, so at least so many stay.
const RETAINED_MIN: usize = 8;

impl BlockTree {
    /// A tree of the genesis block alone, which is committed.
    pub(crate) fn new(genesis: Block, root: Digest, retained: u32, uncommitted_max: u32) -> Self {
        let head = genesis.reference();
        let entry = Entry { block: genesis, commits: Height::GENESIS, root_after: Some(root) };
        Self {
            entries: BTreeMap::from([(head.id, entry)]),
            committed: BTreeMap::from([(head.height, head.id)]),
            first_of_view: BTreeMap::new(),
            head,
            retained: (retained as usize).max(RETAINED_MIN),
            uncommitted_max: uncommitted_max as usize,
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
        if self.uncommitted() >= self.uncommitted_max {
            return Err(Refusal::TreeFull);
        }
        let commits = self.commits_if_certified(&parent.id);
        self.first_of_view.entry(block.view()).or_insert(block.id());
        self.entries.insert(block.id(), Entry { block, commits, root_after: None });
        Ok(())
    }

    /// The first block seen of a view above the head's.
    pub(crate) fn first_of_view(&self, view: View) -> Option<BlockRef> {
        let id = self.first_of_view.get(&view)?;
        self.block(id).map(Block::reference)
    }

    /// The block that is committed once `certified` has a QC: its grandparent, if the three stand
    /// in consecutive views (HotStuff, algorithm 5; pitfall 1). `None` also where that block is
    /// the head or below.
    pub(crate) fn three_chain(&self, certified: &BlockId) -> Option<&Block> {
        let one = self.block(certified)?;
        let two = self.block(&one.parent())?;
        let three = self.block(&two.parent())?;
        let consecutive = one.view().follows(two.view()) && two.view().follows(three.view());
        (consecutive && three.height() > self.head.height).then_some(three)
    }

    /// The height of the last block committed by a branch whose tip `certified` has a QC.
    fn commits_if_certified(&self, certified: &BlockId) -> Height {
        let Some(entry) = self.entries.get(certified) else { return Height::GENESIS };
        let Some(two) = self.block(&entry.block.parent()) else { return entry.commits };
        let Some(three) = self.block(&two.parent()) else { return entry.commits };
        let consecutive = entry.block.view().follows(two.view()) && two.view().follows(three.view());
        if consecutive { entry.commits.max(three.height()) } else { entry.commits }
    }

    /// What the header of a child of `parent` must carry: the height of the last block that the
    /// child's justify commits, and the state root after it. `None` where that block is no longer
    /// held, or not yet committed here.
    pub(crate) fn state_for_child_of(&self, parent: &BlockId) -> Option<(Height, Digest)> {
        let height = self.commits_if_certified(parent);
        let id = self.committed.get(&height)?;
        let root = self.entries.get(id)?.root_after?;
        Some((height, root))
    }

    /// Whether the branch of `descendant` contains `ancestor`. Blocks at or below the head are all
    /// on one branch.
    pub(crate) fn extends(&self, descendant: &BlockId, ancestor: &BlockRef) -> bool {
        if ancestor.height < self.head.height {
            return self.committed.get(&ancestor.height).is_none_or(|id| *id == ancestor.id);
        }
        let mut cursor = self.block(descendant);
        while let Some(block) = cursor {
            if block.height() <= ancestor.height {
                return block.id() == ancestor.id;
            }
            cursor = self.block(&block.parent());
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
            cursor = self.block(&block.parent());
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
        let seen = self.entries.get(tip).map_or(Height::GENESIS, |entry| entry.commits);
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

    /// Commits the child `id` of the head, whose execution gave `root`: drops what conflicts with
    /// it, and the oldest committed blocks.
    ///
    /// # Panics
    /// When `id` is no child of the head: a commit out of order would be our own bug.
    pub(crate) fn commit(&mut self, id: &BlockId, root: Digest) {
        let entry = self.entries.get_mut(id).expect("a committed block is in the tree");
        assert_eq!(entry.block.parent(), self.head.id, "blocks commit one after the other");
        entry.root_after = Some(root);
        self.head = entry.block.reference();
        self.committed.insert(self.head.height, *id);
        let mut ascending: Vec<(Height, BlockId, BlockId)> =
            self.above_committed().map(|block| (block.height(), block.id(), block.parent())).collect();
        ascending.sort_unstable();
        let mut kept = BTreeSet::from([*id]);
        for (_, block, parent) in ascending {
            if kept.contains(&parent) {
                kept.insert(block);
            } else {
                self.entries.remove(&block);
            }
        }
        while self.committed.len() > self.retained {
            let (_, oldest) = self.committed.pop_first().expect("more than the retained are there");
            self.entries.remove(&oldest);
        }
        let entries = &self.entries;
        let head_view = self.head.view;
        self.first_of_view.retain(|view, first| *view > head_view && entries.contains_key(first));
    }

    /// Makes room when the tree is full: drops what is not on the branch of `keep`.
    pub(crate) fn evict_except(&mut self, keep: &BlockId) {
        if self.uncommitted() < self.uncommitted_max {
            return;
        }
        let branch: BTreeSet<BlockId> = self.branch(keep, self.head.height).iter().map(Block::id).collect();
        let committed: BTreeSet<BlockId> = self.committed.values().copied().collect();
        self.entries.retain(|id, _| branch.contains(id) || committed.contains(id));
        let entries = &self.entries;
        self.first_of_view.retain(|_, first| entries.contains_key(first));
    }

    /// The lowest committed height held.
    pub(crate) fn lowest(&self) -> Height {
        self.committed.keys().next().copied().unwrap_or_default()
    }

    /// All blocks held but genesis, parents first.
    pub(crate) fn ascending(&self) -> Vec<&Block> {
        let held = self.entries.values().map(|entry| &entry.block);
        let mut blocks: Vec<&Block> = held.filter(|block| block.height() > Height::GENESIS).collect();
        blocks.sort_unstable_by_key(|block| (block.height(), block.view(), block.id()));
        blocks
    }

    fn uncommitted(&self) -> usize {
        self.entries.len() - self.committed.len()
    }

    fn above_head(&self) -> impl Iterator<Item = &Block> {
        let head = self.head.height;
        self.entries.values().map(|entry| &entry.block).filter(move |block| block.height() > head)
    }

    fn above_committed(&self) -> impl Iterator<Item = &Block> {
        let committed = &self.committed;
        let held = self.entries.values().map(|entry| &entry.block);
        held.filter(move |block| committed.get(&block.height()) != Some(&block.id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Header;
    use crate::certificate::QuorumCertificate;
    use crate::command::{Command, Payload};
    use crate::committee::{Committee, CommitteeSpec, Limits, Member};
    use crate::crypto::{ClusterId, SecretKey};
    use crate::ids::{Power, ReplicaId, SequenceNumber};
    use crate::leader::LeaderRule;
    use alloc::vec;

    const CLUSTER: ClusterId = ClusterId([0; 32]);

    fn key() -> SecretKey {
        SecretKey::from_seed([1; 32])
    }

    fn tree(retained: u32, uncommitted_max: u32) -> BlockTree {
        let members = vec![Member { id: ReplicaId(0), key: key().public(), power: Power(1) }];
        let spec = CommitteeSpec {
            cluster: CLUSTER,
            members,
            leaders: LeaderRule::RoundRobin,
            limits: Limits::default(),
        };
        let committee = Committee::new(spec).expect("one member is enough");
        let genesis = Block::genesis(&committee, Digest::default());
        BlockTree::new(genesis, Digest::default(), retained, uncommitted_max)
    }

    fn child(parent: BlockRef, view: u64, commands: &[u64]) -> Block {
        let sign = |sequence: &u64| Command::signed(&key(), &CLUSTER, SequenceNumber(*sequence), vec![]);
        let payload = Payload { commands: commands.iter().map(sign).collect() };
        let header = Header {
            view: View(view),
            height: parent.height.next(),
            proposer: ReplicaId(0),
            justify: QuorumCertificate { block: parent, signatures: vec![] },
            payload_digest: payload.digest(),
            state_root: Digest::default(),
        };
        Block::signed(&key(), &CLUSTER, header, payload)
    }

    /// A chain on the head with these views; the last block's name.
    fn chain(tree: &mut BlockTree, views: &[u64]) -> Vec<BlockRef> {
        let mut tip = tree.head();
        let mut names = vec![];
        for view in views {
            let block = child(tip, *view, &[]);
            tip = block.reference();
            names.push(tip);
            tree.insert(block).expect("it extends the tip");
        }
        names
    }

    #[test]
    fn pitfall_01_commit_needs_consecutive_views_not_only_parents() {
        for (views, commits) in [([1, 2, 3], true), ([1, 2, 4], false), ([1, 3, 4], false), ([5, 6, 7], true)]
        {
            let mut tree = tree(8, 100);
            let names = chain(&mut tree, &views);
            let committed = tree.three_chain(&names[2].id).map(Block::reference);
            assert_eq!(committed, commits.then_some(names[0]), "{views:?}");
        }
    }

    #[test]
    fn a_childs_state_root_is_that_of_the_last_block_its_branch_commits() {
        let mut tree = tree(8, 100);
        let names = chain(&mut tree, &[1, 2, 3, 5, 6]);
        tree.commit(&names[0].id, Digest([1; 32]));
        let state = |tree: &BlockTree, at: usize| tree.state_for_child_of(&names[at].id);
        assert_eq!(state(&tree, 1), Some((Height(0), Digest::default())));
        assert_eq!(state(&tree, 2), Some((Height(1), Digest([1; 32]))));
        assert_eq!(state(&tree, 4), Some((Height(1), Digest([1; 32]))), "views 3, 5, 6 commit nothing new");
    }

    #[test]
    fn a_commit_drops_what_conflicts_and_what_is_old() {
        let mut tree = tree(8, 100);
        let first = chain(&mut tree, &[1, 2, 3]);
        let fork = child(first[0], 7, &[]);
        let on_fork = child(fork.reference(), 8, &[]);
        tree.insert(fork.clone()).unwrap();
        tree.insert(on_fork.clone()).unwrap();
        tree.commit(&first[0].id, Digest::default());
        assert!(tree.contains(&on_fork.id()));
        tree.commit(&first[1].id, Digest::default());
        assert!(!tree.contains(&fork.id()) && !tree.contains(&on_fork.id()));
        assert!(tree.extends(&first[2].id, &first[1]) && tree.extends(&first[2].id, &first[0]));
        for view in 20..60 {
            let names = chain(&mut tree, &[view]);
            tree.evict_except(&names[0].id);
            if tree.contains(&names[0].id) && names[0].height == tree.head().height.next() {
                tree.commit(&names[0].id, Digest::default());
            }
        }
        assert_eq!(tree.committed.len(), RETAINED_MIN);
        assert!(tree.insert(child(first[0], 99, &[])).is_err(), "below the head nothing is added");
    }

    #[test]
    fn pitfall_26_uncommitted_blocks_are_bounded() {
        let mut tree = tree(8, 3);
        let names = chain(&mut tree, &[1, 2, 3]);
        let fork = child(tree.head(), 9, &[]);
        assert_eq!(tree.insert(fork.clone()), Err(Refusal::TreeFull));
        tree.evict_except(&names[1].id);
        assert!(!tree.contains(&names[2].id), "off the branch that is kept");
        assert_eq!(tree.insert(fork), Ok(()));
    }

    #[test]
    fn pitfall_20_commands_are_flushed_by_empty_blocks_until_all_can_see_them_committed() {
        let mut tree = tree(8, 100);
        let first = child(tree.head(), 1, &[1]);
        let mut tip = first.reference();
        tree.insert(first.clone()).unwrap();
        for view in 2..=4 {
            assert!(tree.needs_flush(&tip.id), "before view {view}");
            let block = child(tip, view, &[]);
            tip = block.reference();
            tree.insert(block).unwrap();
        }
        assert!(!tree.needs_flush(&tip.id), "the block of view 4 shows that the first is committed");
        assert_eq!(tree.uncommitted_commands(&tip.id).len(), 1);
        tree.commit(&first.id(), Digest::default());
        assert!(tree.uncommitted_commands(&tip.id).is_empty() && !tree.holds_uncommitted_commands(&tip));
    }
}
