//! The blocks that a replica holds above its committed head, as it told: what the rules are judged by.

use super::Observed;
use hotstuff_core::certificate::BlockId;
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{BlockRef, Replica, ReplicaId, View};
use hotstuff_kv::KvStore;
use std::collections::BTreeMap;

/// A block that is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) block: BlockRef,
    pub(super) parent: BlockId,
    pub(super) justify: View,
    pub(super) proposer: ReplicaId,
}

impl From<&BlockSummary> for Held {
    fn from(summary: &BlockSummary) -> Self {
        let BlockSummary { block, parent, justify_view, proposer, .. } = *summary;
        Self { block, parent, justify: justify_view, proposer }
    }
}

/// One replica's blocks. Invariant: each has its parent here, but for the head, so all extend the head.
#[derive(Clone, Debug)]
pub(super) struct Told {
    head: BlockRef,
    above: BTreeMap<BlockId, Held>,
}

impl Told {
    /// A replica that starts with what it held before, told or not.
    pub(super) fn started(before: Option<Self>, head: BlockRef, observed: &Observed<'_>) -> Self {
        let mut told = before.unwrap_or_else(|| Self::rooted(head));
        told.commit(head);
        if let Some(replica) = observed.replica {
            told.ask(replica);
        }
        told
    }

    /// A replica whose chain begins with a snapshot's block.
    pub(super) fn rooted(head: BlockRef) -> Self {
        Self { head, above: BTreeMap::new() }
    }

    pub(super) fn head(&self) -> BlockRef {
        self.head
    }

    /// The block of that name above the head.
    pub(super) fn block(&self, id: &BlockId) -> Option<&Held> {
        self.above.get(id)
    }

    /// The block of that name: the head, or one above.
    pub(super) fn reference(&self, id: &BlockId) -> Option<BlockRef> {
        if *id == self.head.id { Some(self.head) } else { self.above.get(id).map(|held| held.block) }
    }

    /// A block was added.
    pub(super) fn add(&mut self, held: Held) {
        if self.reference(&held.parent).is_some() {
            self.above.insert(held.block.id, held);
        }
    }

    /// A block is committed: what does not extend it is of no more use.
    pub(super) fn commit(&mut self, block: BlockRef) {
        self.head = block;
        let mut ascending: Vec<Held> = self.above.values().copied().collect();
        ascending.sort_unstable_by_key(|held| held.block.height);
        self.above.clear();
        ascending.into_iter().filter(|held| held.block.height > block.height).for_each(|held| self.add(held));
    }

    /// Whether the branch of a block that is held contains `ancestor`. All that is at the head's height
    /// or below is on one branch.
    pub(super) fn extends(&self, descendant: &BlockId, ancestor: &BlockRef) -> bool {
        let mut cursor = self.above.get(descendant);
        while let Some(held) = cursor.filter(|held| held.block.height > ancestor.height) {
            cursor = self.above.get(&held.parent);
        }
        match cursor {
            Some(held) => held.block.id == ancestor.id,
            None => ancestor.height < self.head.height || ancestor.id == self.head.id,
        }
    }

    /// The blocks that are held.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Held> {
        self.above.values()
    }

    /// After a step: a replica that dropped blocks, because it held too many, is asked for the rest.
    pub(super) fn keep_up(&mut self, replica: &Replica<KvStore>) {
        if self.above.len() != replica.footprint().uncommitted_blocks {
            self.above.clear();
            self.ask(replica);
        }
    }

    fn ask(&mut self, replica: &Replica<KvStore>) {
        for summary in replica.recent_blocks() {
            self.add(Held::from(&summary));
        }
    }
}
