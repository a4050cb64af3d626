//! The store itself.

use crate::answer::Answer;
use crate::operation::{Invalid, Operation};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use hotstuff_core::crypto::{Digest, Domain};
use hotstuff_core::merkle::{self, MerkleBuckets};
use hotstuff_core::wire;
use hotstuff_core::{App, NoSnapshot};

/// How many bytes a store holds by default, counted as by [`KvStore::bytes`].
pub const STORE_BYTES_MAX: u64 = 1 << 28;
/// What an entry counts beside its key and value: about the memory that it takes, so that a limit
/// on bytes is one on memory too, however short the keys are.
pub const ENTRY_BYTES: u64 = 128;

/// The store's tree has two to the power of this many buckets.
pub(crate) const DEPTH: u32 = 12;

/// A map from keys to values, with a digest of its content that costs only as much as changed.
///
/// Entries stand in buckets by the hash of their key. The store's root is that of a Merkle tree
/// over the buckets; it depends on the content alone, not on how it came about.
#[derive(Clone, Debug)]
pub struct KvStore {
    buckets: Vec<BTreeMap<Vec<u8>, Entry>>,
    bytes: u64,
    bytes_max: u64,
    /// Brought up to date when the root is asked for.
    tree: RefCell<Tree>,
}

#[derive(Clone, Debug)]
struct Entry {
    value: Vec<u8>,
    digest: Digest,
}

#[derive(Clone, Debug)]
struct Tree {
    merkle: MerkleBuckets,
    touched: BTreeSet<u32>,
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
        Self {
            buckets: vec![BTreeMap::new(); merkle.buckets() as usize],
            bytes: 0,
            bytes_max: bytes,
            tree: RefCell::new(Tree { merkle, touched: BTreeSet::new() }),
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &[u8]) -> Option<&[u8]> {
        self.buckets[self.bucket(key) as usize].get(key).map(|entry| entry.value.as_slice())
    }

    /// How many bytes of keys and values the store holds, and [`ENTRY_BYTES`] more for each entry.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Carries one operation out.
    pub fn apply(&mut self, operation: Operation) -> Answer {
        if let Err(why) = operation.check() {
            return Answer::Invalid(why);
        }
        match operation {
            Operation::Get { key } => match self.value(&key) {
                Some(value) => Answer::Value(value.to_vec()),
                None => Answer::NotFound,
            },
            Operation::Set { key, value } => self.set(key, value),
            Operation::Delete { key } => self.delete(&key),
        }
    }

    fn set(&mut self, key: Vec<u8>, value: Vec<u8>) -> Answer {
        let index = self.bucket(&key);
        let before = self.buckets[index as usize].get(&key).map_or(0, |entry| size(&key, &entry.value));
        let bytes = self.bytes - before + size(&key, &value);
        if bytes > self.bytes_max {
            return Answer::Invalid(Invalid::StoreFull);
        }
        let digest = entry_digest(&key, &value);
        self.bytes = bytes;
        self.buckets[index as usize].insert(key, Entry { value, digest });
        self.tree.get_mut().touched.insert(index);
        Answer::Ok
    }

    fn delete(&mut self, key: &[u8]) -> Answer {
        let index = self.bucket(key);
        let Some(entry) = self.buckets[index as usize].remove(key) else { return Answer::NotFound };
        self.bytes -= size(key, &entry.value);
        self.tree.get_mut().touched.insert(index);
        Answer::Deleted(entry.value)
    }

    fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.buckets.iter().flatten().map(|(key, entry)| (key.as_slice(), entry.value.as_slice()))
    }

    /// The key's bucket, as [`Proof`](crate::Proof) takes it: all entries, and the path above it.
    pub(crate) fn bucket_and_path(&self, key: &[u8]) -> (Vec<BucketEntry<'_>>, Vec<Digest>) {
        // The tree is up to date only once the root was asked for.
        self.root();
        let index = self.bucket(key);
        let entries = self.buckets[index as usize].iter();
        let entries =
            entries.map(|(key, entry)| (key.as_slice(), entry.value.as_slice(), entry.digest)).collect();
        (entries, self.tree.borrow_mut().merkle.path(index))
    }

    fn bucket(&self, key: &[u8]) -> u32 {
        bucket_of(key)
    }
}

impl App for KvStore {
    fn execute(&mut self, operation: &[u8]) -> Vec<u8> {
        let answer = match Operation::decode(operation) {
            Ok(operation) => self.apply(operation),
            Err(why) => Answer::Invalid(why),
        };
        answer.encode()
    }

    fn root(&self) -> Digest {
        let tree = &mut *self.tree.borrow_mut();
        while let Some(index) = tree.touched.pop_first() {
            tree.merkle.set(index, leaf(&self.buckets[index as usize]));
        }
        tree.merkle.root()
    }

    /// All entries, bucket by bucket, each by ascending key: the same bytes for the same content.
    fn snapshot(&self) -> Vec<u8> {
        self.entries().flat_map(|entry| wire::encode(&entry)).collect()
    }

    fn restore(&mut self, snapshot: &[u8]) -> Result<(), NoSnapshot> {
        let mut restored = Self::with_limit(self.bytes_max);
        let mut rest = snapshot;
        while !rest.is_empty() {
            let (key, value): (Vec<u8>, Vec<u8>) = wire::take(&mut rest).map_err(|_| NoSnapshot)?;
            // Told twice, it would leave no trace in the root, but in the bytes.
            if restored.value(&key).is_some() {
                return Err(NoSnapshot);
            }
            if restored.apply(Operation::Set { key, value }) != Answer::Ok {
                return Err(NoSnapshot);
            }
        }
        *self = restored;
        Ok(())
    }
}

fn size(key: &[u8], value: &[u8]) -> u64 {
    ENTRY_BYTES + key.len() as u64 + value.len() as u64
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

fn leaf(bucket: &BTreeMap<Vec<u8>, Entry>) -> Digest {
    leaf_of(bucket.values().map(|entry| &entry.digest))
}
