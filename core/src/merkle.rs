//! A Merkle trie: a root over much state, of which little changes from one block to the next, and proofs of
//! what single keys are.
//!
//! Keys are 256 bits, the hash of something's name for the most part. The trie is binary and compressed: there is
//! a leaf for each key, and an inner node only where keys part, at the first bit in which they differ. So it is a
//! function of keys and values alone, and no way down has more nodes than keys have bits. Who grinds names for
//! hashes that begin alike needs 2^b trials for b bits, and makes ways of about b nodes: some sixty, at most.
//!
//! Compaction of leaves as in the Jellyfish Merkle tree (Gao, Hu, Wu 2021); that inner nodes on which nothing
//! parts are left out, and name their bit instead, is PATRICIA's (Morrison 1968).

mod path;

use crate::crypto::{Digest, Domain};
use alloc::vec::Vec;
pub use path::{Path, Step};
use serde::{Deserialize, Serialize};

/// A key and its value, or the digest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// The key.
    pub key: Digest,
    /// What it stands for.
    pub value: Digest,
}

impl Leaf {
    /// The digest of the leaf.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(Domain::Merkle, &[b"leaf", &self.key.0, &self.value.0])
    }
}

/// The root of a trie without keys.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(Domain::Merkle, &[b"empty"])
}

/// The trie. A change costs a walk to its leaf; [`root`](Self::root) hashes what changed since it was last asked,
/// once, however many keys changed.
#[derive(Clone, Debug, Default)]
pub struct MerkleTrie {
    nodes: Vec<Node>,
    /// Which nodes are in no use.
    free: Vec<Index>,
    root: Option<Index>,
}

/// Where in the list of nodes one is.
type Index = u32;

#[derive(Clone, Debug)]
enum Node {
    Leaf(Leaf),
    Inner(Inner),
}

#[derive(Clone, Copy, Debug)]
struct Inner {
    /// The first bit in which keys below differ, counted from the left.
    bit: u8,
    /// Where keys go on whose bit is 0, and 1.
    children: [Index; 2],
    /// Not known where something below has changed.
    digest: Option<Digest>,
}

/// A child of an inner node; `None` is the root's place.
type Place = Option<(Index, usize)>;

impl MerkleTrie {
    /// A trie without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        // One inner node less than leaves, unless there are none.
        (self.nodes.len() - self.free.len()).div_ceil(2)
    }

    /// Whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Gives a key a value, whether it had one or not.
    pub fn insert(&mut self, key: Digest, value: Digest) {
        let leaf = Node::Leaf(Leaf { key, value });
        let Some(end) = self.end(&key) else {
            self.root = Some(self.add(leaf));
            return;
        };
        let Some(bit) = first_difference(&key, &self.leaf(end).key) else {
            self.nodes[end as usize] = leaf;
            self.spoil(&key, BITS);
            return;
        };
        let (place, beside) = self.spoil(&key, bit.into());
        let new = self.add(leaf);
        let children = if side(&key, bit) == 0 { [new, beside] } else { [beside, new] };
        let inner = self.add(Node::Inner(Inner { bit, children, digest: None }));
        self.put(place, inner);
    }

    /// Takes a key out. Whether it was there.
    pub fn remove(&mut self, key: &Digest) -> bool {
        let Some(end) = self.end(key).filter(|end| self.leaf(*end).key == *key) else { return false };
        match self.spoil(key, BITS).0 {
            None => self.root = None,
            Some((parent, side)) => {
                let Inner { bit, children, .. } = *self.inner(parent);
                let (place, _) = self.spoil(key, bit.into());
                self.put(place, children[1 - side]);
                self.free.push(parent);
            }
        }
        self.free.push(end);
        if self.root.is_none() {
            *self = Self::default(); // gives the memory back
        }
        true
    }

    /// A digest of all keys and values. It depends on nothing else.
    pub fn root(&mut self) -> Digest {
        self.root.map_or_else(empty_root, |root| self.digest(root))
    }

    /// Where the way that `key` goes ends, and what is beside it: the key's own leaf if it is there, another's
    /// or none if it is not. What that proves, [`Path::root_over`] tells.
    pub fn path(&mut self, key: &Digest) -> (Option<Leaf>, Path) {
        self.root();
        let mut steps = Vec::new();
        let mut at = self.root;
        while let Some(index) = at {
            match &self.nodes[index as usize] {
                Node::Leaf(leaf) => return (Some(*leaf), Path(steps)),
                Node::Inner(Inner { bit, children, .. }) => {
                    let (bit, side) = (*bit, side(key, *bit));
                    let (on, off) = (children[side], children[1 - side]);
                    steps.push(Step { bit, beside: self.digest(off) });
                    at = Some(on);
                }
            }
        }
        (None, Path(steps))
    }

    /// The leaf at which the way that `key` goes ends.
    fn end(&self, key: &Digest) -> Option<Index> {
        let mut at = self.root?;
        while let Node::Inner(Inner { bit, children, .. }) = &self.nodes[at as usize] {
            at = children[side(key, *bit)];
        }
        Some(at)
    }

    /// Forgets the digests of the nodes on the way that `key` goes, down to the first that does not part keys
    /// before `bit`: that node, and its place.
    fn spoil(&mut self, key: &Digest, bit: u16) -> (Place, Index) {
        let mut at = self.root.expect("there is a way only where there are keys");
        let mut place = None;
        while let Node::Inner(inner) = &mut self.nodes[at as usize]
            && u16::from(inner.bit) < bit
        {
            inner.digest = None;
            let side = side(key, inner.bit);
            place = Some((at, side));
            at = inner.children[side];
        }
        (place, at)
    }

    fn put(&mut self, place: Place, index: Index) {
        match place {
            None => self.root = Some(index),
            Some((parent, side)) => self.inner_mut(parent).children[side] = index,
        }
    }

    fn add(&mut self, node: Node) -> Index {
        if let Some(index) = self.free.pop() {
            self.nodes[index as usize] = node;
            return index;
        }
        self.nodes.push(node);
        Index::try_from(self.nodes.len() - 1).expect("memory ends long before")
    }

    /// The digest of a node. It calls itself once for each node on the way down, of which there are no more than
    /// keys have bits.
    fn digest(&mut self, at: Index) -> Digest {
        let Inner { bit, children: [left, right], .. } = match &self.nodes[at as usize] {
            Node::Leaf(leaf) => return leaf.digest(),
            Node::Inner(Inner { digest: Some(digest), .. }) => return *digest,
            Node::Inner(inner) => *inner,
        };
        let digest = parent(bit, &self.digest(left), &self.digest(right));
        self.inner_mut(at).digest = Some(digest);
        digest
    }

    fn leaf(&self, at: Index) -> &Leaf {
        match &self.nodes[at as usize] {
            Node::Leaf(leaf) => leaf,
            Node::Inner(_) => unreachable!("a way ends at a leaf"),
        }
    }

    fn inner(&self, at: Index) -> &Inner {
        match &self.nodes[at as usize] {
            Node::Inner(inner) => inner,
            Node::Leaf(_) => unreachable!("a leaf has no children"),
        }
    }

    fn inner_mut(&mut self, at: Index) -> &mut Inner {
        match &mut self.nodes[at as usize] {
            Node::Inner(inner) => inner,
            Node::Leaf(_) => unreachable!("a leaf has no children"),
        }
    }
}

/// How many bits keys have.
const BITS: u16 = 256;

/// The bit of a key: which way it goes.
fn side(key: &Digest, bit: u8) -> usize {
    usize::from(key.0[usize::from(bit / 8)] >> (7 - bit % 8) & 1)
}

fn first_difference(one: &Digest, other: &Digest) -> Option<u8> {
    let differs = |(one, other): (&u8, &u8)| one ^ other;
    let bytes = one.0.iter().zip(&other.0).map(differs);
    let (byte, difference) = bytes.enumerate().find(|(_, difference)| *difference != 0)?;
    u8::try_from(8 * byte + difference.leading_zeros() as usize).ok()
}

/// The digest of an inner node.
fn parent(bit: u8, left: &Digest, right: &Digest) -> Digest {
    let mut node = [0; 69];
    node[..4].copy_from_slice(b"node");
    node[4] = bit;
    node[5..37].copy_from_slice(&left.0);
    node[37..].copy_from_slice(&right.0);
    Digest::of(Domain::Merkle, &[&node])
}

#[cfg(test)]
mod tests;
