//! The pattern on fjall.

use super::Durability;
use super::pattern::{Engine, id};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::path::Path;

/// A database and the keyspaces in it.
pub struct FjallEngine {
    values: Keyspace,
    blocks: Keyspace,
    committed: Keyspace,
    uncommitted: Keyspace,
    snapshot: Keyspace,
    database: Database,
    mode: PersistMode,
}

impl FjallEngine {
    /// Opens the database in `folder`.
    pub fn open(folder: &Path, durability: Durability) -> Self {
        let database = Database::builder(folder.join("fjall")).cache_size(32 << 20).open().unwrap();
        let keyspace = |name| database.keyspace(name, KeyspaceCreateOptions::default).unwrap();
        let mode = if durability == Durability::Sync { PersistMode::SyncData } else { PersistMode::Buffer };
        Self {
            values: keyspace("values"),
            blocks: keyspace("blocks"),
            committed: keyspace("committed"),
            uncommitted: keyspace("uncommitted"),
            snapshot: keyspace("snapshot"),
            database,
            mode,
        }
    }
}

fn by_height(height: u64) -> Vec<u8> {
    [&height.to_be_bytes()[..], &id(height)].concat()
}

impl Engine for FjallEngine {
    fn view(&mut self, height: u64, block: &[u8], record: &[u8]) {
        let mut batch = self.database.batch().durability(Some(self.mode));
        batch.insert(&self.values, "safety", record);
        batch.insert(&self.values, "high_qc", record);
        batch.insert(&self.blocks, id(height), block);
        batch.insert(&self.uncommitted, by_height(height), "");
        batch.remove(&self.uncommitted, by_height(height - 1));
        batch.insert(&self.committed, (height - 1).to_be_bytes(), id(height - 1));
        batch.commit().unwrap();
    }

    fn record(&self) -> Option<Vec<u8>> {
        self.values.get("safety").unwrap().map(|value| value.to_vec())
    }

    fn range(&self, from: u64, count: u64) -> usize {
        let heights = from.to_be_bytes()..(from + count).to_be_bytes();
        let ids = self.committed.range(heights).map(|entry| entry.value().unwrap());
        ids.map(|id| self.blocks.get(&id).unwrap().unwrap().to_vec().len()).sum()
    }

    fn snapshot(&mut self, part: &[u8], parts: u64, below: u64) {
        let mut batch = self.database.batch().durability(Some(self.mode));
        for number in 0..parts {
            batch.insert(&self.snapshot, number.to_be_bytes(), part);
        }
        for entry in self.committed.range(0u64.to_be_bytes()..below.to_be_bytes()) {
            let (height, id) = entry.into_inner().unwrap();
            batch.remove(&self.committed, height);
            batch.remove(&self.blocks, id);
        }
        batch.commit().unwrap();
    }

    fn close(self: Box<Self>) {
        self.database.persist(PersistMode::SyncAll).unwrap();
    }
}
