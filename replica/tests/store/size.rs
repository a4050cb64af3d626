//! How large a store gets: as large as what it keeps, however long the chain is.

use crate::chain::{CLUSTER, Chain};
use hotstuff_core::{CommitRule, Record, ReplicaId, wire};
use hotstuff_replica::config::Durability;
use hotstuff_replica::store::{FILE, Store};
use tempfile::TempDir;

/// A snapshot is taken every so many blocks.
const INTERVAL: u32 = 32;
const PAGE: u64 = 4_096;

struct Grown {
    folder: TempDir,
    store: Store,
    chain: Chain,
    /// The largest block and the largest snapshot so far, in bytes.
    block: u64,
    snapshot: u64,
    blocks: u64,
}

impl Grown {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(folder.path(), &CLUSTER, ReplicaId(0), Durability::Os).unwrap();
        let chain = Chain::start(CommitRule::TwoChain, INTERVAL);
        Self { folder, store, chain, block: 0, snapshot: 0, blocks: 0 }
    }

    /// Sets a key, and returns the file's size after that.
    fn set(&mut self, key: u32, value: &[u8]) -> u64 {
        self.chain.set(&format!("key {key}"), value);
        let records = self.chain.take_records();
        for record in &records {
            match record {
                Record::Snapshot { snapshot, .. } => {
                    self.snapshot = self.snapshot.max(wire::encode(snapshot).len() as u64);
                }
                Record::Block(block) => {
                    self.block = self.block.max(wire::encode(block).len() as u64);
                    self.blocks += 1;
                }
                _ => {}
            }
        }
        self.store.append(&records).unwrap();
        std::fs::metadata(self.folder.path().join(FILE)).unwrap().len()
    }

    /// What docs/storage.md promises: four times the blocks of two intervals and two snapshots.
    fn bound(&self) -> u64 {
        let pages = |bytes: u64| bytes.next_multiple_of(PAGE);
        let blocks = 2 * u64::from(INTERVAL) + u64::from(INTERVAL) / 16 + 8;
        4 * (blocks * pages(self.block) + 2 * pages(self.snapshot)) + (64 << 10)
    }
}

#[test]
fn a_long_chain_needs_no_more_room_than_a_short_one() {
    let mut grown = Grown::new();
    let sizes: Vec<u64> =
        (0..300).map(|number| grown.set(number % 10, &number.to_le_bytes().repeat(750))).collect();
    assert!(grown.blocks > 800 && grown.snapshot > 30_000, "{} blocks", grown.blocks);
    let (first, second) = sizes.split_at(100);
    assert_eq!(first.iter().max(), second.iter().max(), "it does not grow any more");
    assert!(sizes[299] < grown.bound(), "{} bytes, at most {}", sizes[299], grown.bound());
}

#[test]
fn a_store_gives_room_back() {
    let mut grown = Grown::new();
    let sizes: Vec<u64> =
        (0..40).map(|number| grown.set(number, &number.to_le_bytes().repeat(8_000))).collect();
    let large = *sizes.iter().max().unwrap();
    let small = (0..100).map(|number| grown.set(number % 40, b"small")).last().unwrap();
    assert!(large > 3 << 20 && small < large / 2, "from {large} to {small} bytes");
}
