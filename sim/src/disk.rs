//! A replica's disk: what is on it outlives a crash.

use hotstuff_core::snapshot::{SnapshotChunk, SnapshotRequest};
use hotstuff_core::{Block, Height, Record, Recovered, wire};

/// A log of records, held folded: a record is durable as soon as it is appended.
#[derive(Default)]
pub(crate) struct Disk {
    durable: Recovered,
    writes: u64,
}

impl Disk {
    /// Writes a record.
    pub(crate) fn append(&mut self, record: Record) {
        self.durable.apply(record);
        self.writes += 1;
    }

    /// How many records have been written.
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// What a replica finds when it starts.
    pub(crate) fn recover(&self) -> Recovered {
        self.durable.clone()
    }

    /// A part of the newest snapshot.
    pub(crate) fn snapshot(&self, request: SnapshotRequest, bytes_max: u32) -> SnapshotChunk {
        self.durable.snapshot.as_ref().map_or_else(SnapshotChunk::none, |snapshot| {
            let encoded = wire::encode(snapshot);
            SnapshotChunk::cut(&encoded, snapshot.base().height(), request, bytes_max)
        })
    }

    /// The committed blocks from one height to another, both included, as far as there are any.
    pub(crate) fn committed(&self, from: Height, to: Height) -> Vec<Block> {
        let first = self.durable.committed.partition_point(|block| block.height() < from);
        let wanted = |block: &&Block| block.height() <= to;
        self.durable.committed[first..].iter().take_while(wanted).cloned().collect()
    }
}
