//! The store itself: content with a root.

use crate::answer::{Answer, Response};
use crate::content::{Changes, Content, Key, STORE_BYTES_MAX};
use crate::operation::Operation;
use crate::request::Request;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cell::RefCell;
use hotstuff_core::crypto::{Digest, Domain};
use hotstuff_core::merkle::{Leaf, MerkleTrie, Path};
use hotstuff_core::wire;
use hotstuff_core::{App, NoSnapshot};

/// A map from keys to values, with a digest of its content that costs only as much as changed.
///
/// The store's root is that of a Merkle trie over the hashes of keys and values; it depends on the content alone,
/// not on how it came about.
#[derive(Clone, Debug)]
pub struct KvStore {
    content: Content,
    /// Brought up to date when the root is asked for.
    tree: RefCell<Tree>,
}

#[derive(Clone, Debug, Default)]
struct Tree {
    trie: MerkleTrie,
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
        Self { content: Content::with_limit(bytes), tree: RefCell::default() }
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

    /// Where a key's way from the root down ends, and what is beside it.
    pub(crate) fn path(&self, key: &[u8]) -> (Option<Leaf>, Path) {
        // The trie is up to date only once the root was asked for.
        self.root();
        self.tree.borrow_mut().trie.path(&hash_of_key(key))
    }
}

impl Tree {
    fn update(&mut self, content: &Content) -> Digest {
        while let Some(key) = self.touched.pop_first() {
            match content.value(&key) {
                Some(value) => self.trie.insert(hash_of_key(&key), hash_of_value(value)),
                None => drop(self.trie.remove(&hash_of_key(&key))),
            }
        }
        self.trie.root()
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

/// A key's name in the trie.
pub(crate) fn hash_of_key(key: &[u8]) -> Digest {
    Digest::of(Domain::Merkle, &[b"key", key])
}

/// What stands for a value there.
pub(crate) fn hash_of_value(value: &[u8]) -> Digest {
    Digest::of(Domain::Merkle, &[b"value", value])
}
