//! Proof that a key has a value, or none, to who knows the store's root and nothing else of it.

use crate::store::{DEPTH, KvStore, bucket_of, entry_digest, leaf_of};
use alloc::vec::Vec;
use hotstuff_core::crypto::Digest;
use hotstuff_core::merkle::root_over;
use serde::{Deserialize, Serialize};

/// The most bytes that a proof may tell of a bucket. Buckets hold a few entries of each four thousand; one
/// that somebody has filled on purpose may be too large.
pub const PROOF_BYTES_MAX: usize = 1 << 19;

/// What a store's root says of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// The key has a value.
    Present {
        /// Its value.
        value: Vec<u8>,
        /// The digests of the entries before it in its bucket.
        before: Vec<Digest>,
        /// Those of the entries after it.
        after: Vec<Digest>,
        /// The nodes beside the way from the bucket to the root.
        path: Vec<Digest>,
    },
    /// The key has none: it is not among the entries of its bucket.
    Absent {
        /// All of them.
        entries: Vec<(Vec<u8>, Vec<u8>)>,
        /// The nodes beside the way from the bucket to the root.
        path: Vec<Digest>,
    },
}

/// The key's bucket is too large to prove anything of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a proof would have more than {PROOF_BYTES_MAX} bytes")]
pub struct ProofTooLarge;

/// The proof does not lead to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not lead to the root of the store")]
pub struct NoProof;

impl KvStore {
    /// What the root says of `key`.
    ///
    /// # Errors
    /// When that would take too many bytes.
    pub fn prove(&self, key: &[u8]) -> Result<Proof, ProofTooLarge> {
        let (entries, path) = self.bucket_and_path(key);
        if let Some(at) = entries.iter().position(|(own, ..)| *own == key) {
            if entries.len() * size_of::<Digest>() > PROOF_BYTES_MAX {
                return Err(ProofTooLarge);
            }
            let digests = |part: &[(&[u8], &[u8], Digest)]| part.iter().map(|(.., digest)| *digest).collect();
            let (before, after) = (digests(&entries[..at]), digests(&entries[at + 1..]));
            return Ok(Proof::Present { value: entries[at].1.to_vec(), before, after, path });
        }
        // Beside its bytes an entry takes a few more to tell their lengths.
        let bytes: usize = entries.iter().map(|(key, value, _)| key.len() + value.len() + 8).sum();
        if bytes > PROOF_BYTES_MAX {
            return Err(ProofTooLarge);
        }
        let entries = entries.into_iter().map(|(key, value, _)| (key.to_vec(), value.to_vec())).collect();
        Ok(Proof::Absent { entries, path })
    }
}

impl Proof {
    /// The value of `key` in the store whose root is `root`.
    ///
    /// # Errors
    /// When this is no proof of it.
    pub fn check(&self, key: &[u8], root: &Digest) -> Result<Option<&[u8]>, NoProof> {
        let (leaf, path, value) = match self {
            Self::Present { value, before, after, path } => {
                let own = entry_digest(key, value);
                (leaf_of(before.iter().chain([&own]).chain(after)), path, Some(value.as_slice()))
            }
            Self::Absent { entries, path } => {
                if entries.iter().any(|(other, _)| other == key) {
                    return Err(NoProof);
                }
                let digests: Vec<Digest> =
                    entries.iter().map(|(key, value)| entry_digest(key, value)).collect();
                (leaf_of(&digests), path, None)
            }
        };
        let is_proof = path.len() == DEPTH as usize && root_over(bucket_of(key), leaf, path) == *root;
        if is_proof { Ok(value) } else { Err(NoProof) }
    }
}
