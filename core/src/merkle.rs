//! A Merkle tree over a fixed number of buckets: a root over much state, of which little changes
//! from one block to the next.

use crate::crypto::{Digest, Domain};
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

/// A binary Merkle tree with one leaf for each of 2^depth buckets.
///
/// The owner of the state sorts it into buckets and gives each bucket that changed a new leaf
/// digest, a function of the bucket's content alone; then the root is one of the whole content.
/// [`root`](Self::root) rehashes only the paths above leaves that changed since it was last asked.
#[derive(Clone, Debug)]
pub struct MerkleBuckets {
    /// As a heap: the root at 1, the children of i at 2i and 2i+1, the leaves from 2^depth on.
    nodes: Vec<Digest>,
    stale: BTreeSet<u32>,
}

impl MerkleBuckets {
    /// The deepest tree: 65,536 buckets.
    pub const DEPTH_MAX: u32 = 16;

    /// A tree with 2^`depth` buckets, all with the leaf `empty`.
    ///
    /// # Panics
    /// When `depth` is above [`DEPTH_MAX`](Self::DEPTH_MAX).
    #[must_use]
    pub fn new(depth: u32, empty: Digest) -> Self {
        assert!(depth <= Self::DEPTH_MAX, "a tree of depth {depth} is too deep");
        let mut nodes = vec![empty; 2 << depth];
        let mut node = empty;
        for level in (0..depth).rev() {
            node = parent(&node, &node); // all nodes of a level are alike as yet
            nodes[1 << level..2 << level].fill(node);
        }
        Self { nodes, stale: BTreeSet::new() }
    }

    /// The bucket to which `key`, the hash of something's name, belongs.
    #[must_use]
    pub fn bucket(&self, key: &Digest) -> u32 {
        bucket_of(key, self.buckets())
    }

    /// How many buckets there are.
    #[must_use]
    pub fn buckets(&self) -> u32 {
        u32::try_from(self.nodes.len() / 2).expect("a tree's depth is limited")
    }

    /// Gives a bucket a new leaf.
    ///
    /// # Panics
    /// When there is no such bucket.
    pub fn set(&mut self, bucket: u32, leaf: Digest) {
        assert!(bucket < self.buckets(), "bucket {bucket} of {}", self.buckets());
        let index = self.buckets() + bucket;
        self.nodes[index as usize] = leaf;
        self.stale.insert(index / 2);
    }

    /// The nodes beside the way from a bucket up to the root, for [`root_over`].
    ///
    /// # Panics
    /// When there is no such bucket.
    pub fn path(&mut self, bucket: u32) -> Vec<Digest> {
        assert!(bucket < self.buckets(), "bucket {bucket} of {}", self.buckets());
        self.root();
        let leaf = (self.buckets() + bucket) as usize;
        let way = core::iter::successors(Some(leaf), |index| Some(index / 2)).take_while(|index| *index > 1);
        way.map(|index| self.nodes[index ^ 1]).collect()
    }

    /// The digest of all leaves. Costs one hash for each node above a leaf that changed since the
    /// last call.
    pub fn root(&mut self) -> Digest {
        // Level by level, from the leaves' parents up; a tree of a single leaf has none.
        let mut level: Vec<u32> = core::mem::take(&mut self.stale).into_iter().collect();
        level.retain(|index| *index > 0);
        while !level.is_empty() {
            for at in level.iter().map(|index| *index as usize) {
                self.nodes[at] = parent(&self.nodes[2 * at], &self.nodes[2 * at + 1]);
            }
            level.retain_mut(|index| {
                *index /= 2;
                *index > 0
            });
            level.dedup();
        }
        self.nodes[1]
    }
}

/// The bucket of `buckets` to which `key`, the hash of something's name, belongs.
#[must_use]
pub fn bucket_of(key: &Digest, buckets: u32) -> u32 {
    let start = u32::from_be_bytes([key.0[0], key.0[1], key.0[2], key.0[3]]);
    start % buckets
}

/// The root of a tree in which `bucket` has `leaf`, and `path` is beside its way up, as
/// [`MerkleBuckets::path`] gives it. Whoever knows the root and the depth has a proof of the leaf by it.
#[must_use]
pub fn root_over(bucket: u32, leaf: Digest, path: &[Digest]) -> Digest {
    let up = |(node, index): (Digest, u32), beside: &Digest| {
        let above = if index % 2 == 0 { parent(&node, beside) } else { parent(beside, &node) };
        (above, index / 2)
    };
    path.iter().fold((leaf, bucket), up).0
}

fn parent(left: &Digest, right: &Digest) -> Digest {
    let mut node = [0; 68];
    node[..4].copy_from_slice(b"node");
    node[4..36].copy_from_slice(&left.0);
    node[36..].copy_from_slice(&right.0);
    Digest::of(Domain::Merkle, &[&node])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(content: u8) -> Digest {
        Digest([content; 32])
    }

    /// The root from its definition, all leaves hashed anew.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves {
            [single] => *single,
            _ => {
                let (left, right) = leaves.split_at(leaves.len() / 2);
                parent(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_leaves_however_they_came_about() {
        for depth in [0, 1, 3, 5] {
            let mut tree = MerkleBuckets::new(depth, leaf(0));
            let mut leaves = vec![leaf(0); 1 << depth];
            assert_eq!(tree.root(), by_definition(&leaves));
            for round in 1..40u32 {
                let bucket = round * round % tree.buckets();
                leaves[bucket as usize] = leaf(u8::try_from(round).unwrap());
                tree.set(bucket, leaf(u8::try_from(round).unwrap()));
                if round % 3 == 0 {
                    assert_eq!(tree.root(), by_definition(&leaves), "depth {depth}, round {round}");
                }
            }
        }
    }

    #[test]
    fn each_path_leads_from_its_leaf_to_the_root_and_from_no_other() {
        for depth in [0, 1, 4] {
            let mut tree = MerkleBuckets::new(depth, leaf(0));
            for bucket in 0..tree.buckets() {
                tree.set(bucket, leaf(u8::try_from(bucket).unwrap() + 1));
            }
            let root = tree.root();
            for bucket in 0..tree.buckets() {
                let (path, own) = (tree.path(bucket), leaf(u8::try_from(bucket).unwrap() + 1));
                assert_eq!(path.len() as u32, depth);
                assert_eq!(root_over(bucket, own, &path), root);
                assert_ne!(root_over(bucket, leaf(99), &path), root);
                for other in (0..tree.buckets()).filter(|other| *other != bucket) {
                    assert_ne!(root_over(other, own, &path), root);
                }
                for beside in 0..path.len() {
                    let mut wrong = path.clone();
                    wrong[beside] = leaf(98);
                    assert_ne!(root_over(bucket, own, &wrong), root);
                }
            }
        }
    }

    #[test]
    fn every_leaf_matters() {
        for bucket in 0..8 {
            let mut tree = MerkleBuckets::new(3, leaf(0));
            let before = tree.root();
            tree.set(bucket, leaf(1));
            assert_ne!(tree.root(), before);
            tree.set(bucket, leaf(0));
            assert_eq!(tree.root(), before);
        }
    }
}
