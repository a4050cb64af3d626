//! The store itself: content with a root.

use crate::answer::{Answer, Response};
use crate::content::{Changes, Content, Key, STORE_BYTES_MAX};
use crate::operation::Operation;
use crate::request::Request;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use hotstuff_core::crypto::{Digest, Domain};
use hotstuff_core::merkle::{self, MerkleBuckets};
use hotstuff_core::wire;
use hotstuff_core::{App, NoSnapshot};

/// The store's tree has two to the power of this many buckets.
pub(crate) const DEPTH: u32 = 12;

/// A map from keys to values, with a digest of its content that costs only as much as changed.
///
/// Entries stand in buckets by the hash of their key. The store's root is that of a Merkle tree
/// over the buckets; it depends on the content alone, not on how it came about.
#[derive(Clone, Debug)]
pub struct KvStore {
    content: Content,
    /// Brought up to date when the root is asked for.
    tree: RefCell<Tree>,
}

#[derive(Clone, Debug)]
struct Tree {
    merkle: MerkleBuckets,
    /// The digests of the entries.
    buckets: Vec<BTreeMap<Key, Digest>>,
    /// Keys whose entries have changed.
    touched: BTreeSet<Key>,
}

impl Default for KvStore {
    fn default() -> Self {
        Self::with_limit(STORE_BYTES_MAX)
    }
}

impl KvStore {
    /// An empty store that holds at most `bytes`, counted as by [`bytes`](Self::bytes): the same
    /// number at all replicas of a cluster.
    #[must_use]
    pub fn with_limit(bytes: u64) -> Self {
        let merkle = MerkleBuckets::new(DEPTH, leaf(&BTreeMap::new()));
        let buckets = vec![BTreeMap::new(); merkle.buckets() as usize];
        let tree = RefCell::new(Tree { merkle, buckets, touched: BTreeSet::new() });
        Self { content: Content::with_limit(bytes), tree }
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &[u8]) -> Option<&[u8]> {
        self.content.value(key)
    }

    /// How many bytes of keys and values the store holds, and [`ENTRY_BYTES`](crate::ENTRY_BYTES) more for each
    /// entry.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.content.bytes()
    }

    /// Carries a request out.
    pub fn apply(&mut self, request: impl Into<Request>) -> Response {
        let mut changes = Changes::new();
        let response = self.content.apply_noting(request.into(), &mut changes);
        self.tree.get_mut().touched.extend(changes.into_iter().map(|(key, _)| key));
        response
    }

    /// The key's bucket, as [`Proof`](crate::Proof) takes it: all entries, and the path above it.
    pub(crate) fn bucket_and_path(&self, key: &[u8]) -> (Vec<BucketEntry<'_>>, Vec<Digest>) {
        // The tree is up to date only once the root was asked for.
        self.root();
        let tree = &mut *self.tree.borrow_mut();
        let index = bucket_of(key);
        let entry = |(key, digest): (&Key, &Digest)| {
            let (key, value) = self.content.entry(key).expect("a bucket's keys are the content's");
            (key, value, *digest)
        };
        (tree.buckets[index as usize].iter().map(entry).collect(), tree.merkle.path(index))
    }
}

impl Tree {
    fn update(&mut self, content: &Content) -> Digest {
        let mut stale = BTreeSet::new();
        while let Some(key) = self.touched.pop_first() {
            let index = bucket_of(&key);
            let bucket = &mut self.buckets[index as usize];
            match content.value(&key) {
                Some(value) => bucket.insert(key.clone(), entry_digest(&key, value)),
                None => bucket.remove(&key),
            };
            stale.insert(index);
        }
        for index in stale {
            self.merkle.set(index, leaf(&self.buckets[index as usize]));
        }
        self.merkle.root()
    }
}

impl App for KvStore {
    fn execute(&mut self, operation: &[u8]) -> Vec<u8> {
        let response = match Request::decode(operation) {
            Ok(request) => self.apply(request),
            Err(why) => Response::Invalid(why),
        };
        response.encode()
    }

    fn root(&self) -> Digest {
        self.tree.borrow_mut().update(&self.content)
    }

    /// All entries by ascending key: the same bytes for the same content.
    fn snapshot(&self) -> Vec<u8> {
        self.content.entries().flat_map(|entry| wire::encode(&entry)).collect()
    }

    fn restore(&mut self, snapshot: &[u8]) -> Result<(), NoSnapshot> {
        let mut restored = Self::with_limit(self.content.bytes_max());
        let mut rest = snapshot;
        while !rest.is_empty() {
            let (key, value): (Vec<u8>, Vec<u8>) = wire::take(&mut rest).map_err(|_| NoSnapshot)?;
            // Told twice, it would leave no trace in the root, but in the bytes.
            if restored.value(&key).is_some() {
                return Err(NoSnapshot);
            }
            if restored.apply(Operation::Set { key, value }) != Answer::Ok.into() {
                return Err(NoSnapshot);
            }
        }
        *self = restored;
        Ok(())
    }
}

/// An entry of a bucket: key, value, and the digest of both.
pub(crate) type BucketEntry<'a> = (&'a [u8], &'a [u8], Digest);

/// The bucket of a key.
pub(crate) fn bucket_of(key: &[u8]) -> u32 {
    merkle::bucket_of(&Digest::of(Domain::Merkle, &[b"key", key]), 1 << DEPTH)
}

/// The digest of an entry.
pub(crate) fn entry_digest(key: &[u8], value: &[u8]) -> Digest {
    Digest::of_value(Domain::Merkle, &(*b"entry", key, value))
}

/// The digest of a bucket with these entries, by ascending key.
pub(crate) fn leaf_of<'a>(entries: impl IntoIterator<Item = &'a Digest>) -> Digest {
    let mut parts: Vec<&[u8]> = vec![b"leaf"];
    parts.extend(entries.into_iter().map(|digest| &digest.0[..]));
    Digest::of(Domain::Merkle, &parts)
}

fn leaf(bucket: &BTreeMap<Key, Digest>) -> Digest {
    leaf_of(bucket.values())
}
