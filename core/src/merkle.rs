//! A Merkle tree of fixed shape over 256 buckets, for state roots that cost little to keep.

use crate::crypto::{Digest, Domain};
use alloc::vec::Vec;

/// How many buckets there are.
const BUCKETS: usize = 256;

/// Digests of 256 buckets and the tree above them. The root depends on the buckets' digests alone,
/// not on the order in which they were set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketTree {
    /// A heap: the root at 1, the children of i at 2i and 2i+1, the buckets at 256..512.
    digests: Vec<Digest>,
}

impl Default for BucketTree {
    /// All buckets empty, with a digest of zeros.
    fn default() -> Self {
        let mut digests = alloc::vec![Digest::default(); 2 * BUCKETS];
        for index in (1..BUCKETS).rev() {
            digests[index] = parent(&digests[2 * index], &digests[2 * index + 1]);
        }
        Self { digests }
    }
}

impl BucketTree {
    /// The bucket that a key belongs to: the first byte of its hash.
    #[must_use]
    pub fn bucket_of(key: &[u8]) -> u8 {
        Digest::of(Domain::Merkle, &[b"key", key]).0[0]
    }

    /// Sets a bucket's digest and updates the eight nodes above it.
    pub fn set(&mut self, bucket: u8, digest: Digest) {
        let mut index = BUCKETS + usize::from(bucket);
        self.digests[index] = digest;
        while index > 1 {
            index /= 2;
            self.digests[index] = parent(&self.digests[2 * index], &self.digests[2 * index + 1]);
        }
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.digests[1]
    }
}

fn parent(left: &Digest, right: &Digest) -> Digest {
    Digest::of(Domain::Merkle, &[b"node", &left.0, &right.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_depends_on_every_bucket_and_not_on_the_order() {
        let (one, two) = (Digest([1; 32]), Digest([2; 32]));
        let (mut here, mut there) = (BucketTree::default(), BucketTree::default());
        here.set(0, one);
        here.set(255, two);
        there.set(255, two);
        there.set(0, two);
        assert_ne!(here.root(), there.root());
        there.set(0, one);
        assert_eq!(here, there);
        assert_ne!(here.root(), BucketTree::default().root());
    }
}
