//! Proof that a key has a value, or none, to who knows the store's root and nothing else of it.

use crate::operation::VALUE_BYTES_MAX;
use crate::store::{KvStore, hash_of_key, hash_of_value};
use alloc::vec::Vec;
use hotstuff_core::crypto::Digest;
use hotstuff_core::merkle::{Leaf, Path};
use serde::{Deserialize, Serialize};

/// No encoded proof has more bytes: a value, a step for each bit of a hash, and another key's leaf. Of a store of a
/// million entries a step for each of some twenty bits is usual.
pub const PROOF_BYTES_MAX: usize = VALUE_BYTES_MAX + 256 * (1 + 32) + 2 * 32 + 16;

/// What a store's root says of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// The key has a value.
    Present {
        /// Its value.
        value: Vec<u8>,
        /// The way from the root to its leaf.
        path: Path,
    },
    /// The key has none: its way ends elsewhere.
    Absent {
        /// Hashes of the key and the value at which it ends; of an empty store none.
        other: Option<Leaf>,
        /// The way.
        path: Path,
    },
}

/// The proof does not lead to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not lead to the root of the store")]
pub struct NoProof;

impl KvStore {
    /// What the root says of `key`. Of other entries it tells two hashes at most, and digests over several.
    #[must_use]
    pub fn prove(&self, key: &[u8]) -> Proof {
        let (leaf, path) = self.path(key);
        match self.value(key) {
            Some(value) => Proof::Present { value: value.to_vec(), path },
            None => Proof::Absent { other: leaf, path },
        }
    }
}

impl Proof {
    /// The value of `key` in the store whose root is `root`.
    ///
    /// # Errors
    /// When this is no proof of it.
    pub fn check(&self, key: &[u8], root: &Digest) -> Result<Option<&[u8]>, NoProof> {
        let own = hash_of_key(key);
        let (leaf, path, value) = match self {
            Self::Present { value, path } => {
                (Some(Leaf { key: own, value: hash_of_value(value) }), path, Some(value.as_slice()))
            }
            Self::Absent { other: Some(other), .. } if other.key == own => return Err(NoProof),
            Self::Absent { other, path } => (*other, path, None),
        };
        if path.root_over(&own, leaf.as_ref()) == Some(*root) { Ok(value) } else { Err(NoProof) }
    }
}
