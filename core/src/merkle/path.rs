//! Proof of what a trie's root says of one key.

use super::{Leaf, empty_root, parent, side};
use crate::crypto::Digest;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The way that a key goes from a trie's root down, as [`MerkleTrie::path`](super::MerkleTrie::path) gives it.
///
/// It has at most as many steps as keys have bits: 256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path(pub(super) Vec<Step>);

/// An inner node on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The bit by which keys part there.
    pub bit: u8,
    /// The digest of the child to which the key does not go.
    pub beside: Digest,
}

impl Path {
    /// The steps, from the root down.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The root of the trie in which the way of `key` is this and ends at `leaf`; `None` if there is none such.
    ///
    /// A trie has one leaf at the end of each key's way. So who knows that the root is a trie's, knows by a `leaf`
    /// of the key itself that the trie has the key with that value, and by another leaf, or none, that it has
    /// not.
    #[must_use]
    pub fn root_over(&self, key: &Digest, leaf: Option<&Leaf>) -> Option<Digest> {
        let ascends = self.0.windows(2).all(|pair| pair[0].bit < pair[1].bit);
        let Some(leaf) = leaf else { return self.0.is_empty().then(empty_root) };
        let goes_there = self.0.iter().all(|step| side(&leaf.key, step.bit) == side(key, step.bit));
        let up = |below: Digest, Step { bit, beside }: &Step| match side(key, *bit) {
            0 => parent(*bit, &below, beside),
            _ => parent(*bit, beside, &below),
        };
        (ascends && goes_there).then(|| self.0.iter().rev().fold(leaf.digest(), up))
    }
}
