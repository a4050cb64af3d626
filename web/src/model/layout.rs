//! Where the blocks of a tree stand: a column per height, a lane per branch.

use crate::model::tree::{Node, Stage, Tree};
use hotstuff_core::{BlockId, Height};
use std::collections::{BTreeMap, BTreeSet};

/// One block's place.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The block.
    pub node: &'a Node,
    /// How far it has come.
    pub stage: Stage,
    /// Whether it can no longer be committed.
    pub orphan: bool,
    /// 0 for the main branch, then downwards.
    pub lane: usize,
}

/// Places the blocks from height `first` on, parents first. Of several children, the one that has
/// come furthest (then the one with the longest branch, then the earliest) goes on in its parent's lane.
#[must_use]
pub fn places(tree: &Tree, first: Height) -> Vec<Place<'_>> {
    let nodes: Vec<&Node> = tree.from_height(first).collect();
    let reach = reach(&nodes);
    let mut order = nodes.clone();
    order.sort_by_key(|node| {
        let id = node.block.block.id;
        let depth = reach.get(&id).copied().unwrap_or_default();
        (node.block.block.height, std::cmp::Reverse((tree.stage(&id), depth)), node.block.block.view)
    });
    let mut lanes: BTreeMap<BlockId, usize> = BTreeMap::new();
    let mut taken: BTreeMap<Height, BTreeSet<usize>> = BTreeMap::new();
    let mut places = Vec::new();
    for node in order {
        let block = node.block.block;
        let own = taken.entry(block.height).or_default();
        let wanted = lanes.get(&node.block.parent).copied().unwrap_or(0);
        let lane = if own.contains(&wanted) { (0..).find(|lane| !own.contains(lane)) } else { Some(wanted) }
            .unwrap_or(wanted);
        own.insert(lane);
        lanes.insert(block.id, lane);
        let (stage, orphan) = (tree.stage(&block.id), tree.is_orphan(&block.id));
        places.push(Place { node, stage, orphan, lane });
    }
    places
}

/// The height of the highest descendant of each block.
fn reach(nodes: &[&Node]) -> BTreeMap<BlockId, Height> {
    let mut reach = BTreeMap::new();
    for node in nodes.iter().rev() {
        let block = node.block.block;
        let own = *reach.entry(block.id).or_insert(block.height);
        let parent = reach.entry(node.block.parent).or_insert(own);
        *parent = (*parent).max(own);
    }
    reach
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::tests::{block, fork};
    use hotstuff_core::crypto::Digest;

    fn lane(tree: &Tree, id: u8) -> usize {
        let places = places(tree, Height(0));
        places.iter().find(|place| place.node.block.block.id == Digest([id; 32])).unwrap().lane
    }

    #[test]
    fn the_longer_branch_keeps_the_lane() {
        let tree = fork();
        assert_eq!((lane(&tree, 1), lane(&tree, 2), lane(&tree, 12), lane(&tree, 3)), (0, 0, 1, 0));
    }

    #[test]
    fn the_branch_that_has_come_furthest_keeps_the_lane() {
        let mut tree = fork();
        tree.raise(block(12, 1, 2, 2).block, Stage::Committed);
        assert_eq!((lane(&tree, 12), lane(&tree, 2), lane(&tree, 3)), (0, 1, 1));
    }

    #[test]
    fn no_two_blocks_share_a_place() {
        let mut tree = fork();
        for id in 20..40 {
            tree.add(&block(id, 1 + id % 3, 3, u64::from(id)));
        }
        let places = places(&tree, Height(0));
        let at: BTreeSet<_> =
            places.iter().map(|place| (place.node.block.block.height, place.lane)).collect();
        assert_eq!(at.len(), places.len());
    }
}
