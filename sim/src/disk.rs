//! A replica's disk: what is on it outlives a crash.

use hotstuff_core::{Block, Height, Record, Recovered};

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

    /// The committed blocks from one height to another, both included, as far as there are any.
    pub(crate) fn committed(&self, from: Height, to: Height) -> Vec<Block> {
        // The block at height h stands at h - 1: there is one at each height from 1 on.
        let skipped = usize::try_from(from.0.saturating_sub(1)).unwrap_or(usize::MAX);
        let wanted = |block: &&Block| block.height() <= to;
        self.durable.committed.iter().skip(skipped).take_while(wanted).cloned().collect()
    }
}
