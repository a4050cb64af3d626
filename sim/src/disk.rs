//! A replica's disk: what is durable on it outlives a crash, and what is not may not.

use crate::rng::Rng;
use hotstuff_core::snapshot::{SnapshotChunk, SnapshotRequest};
use hotstuff_core::{Block, Height, Record, Recovered, wire};

/// A log of records, held folded as far as it is durable.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    durable: Recovered,
    /// Written, and not durable yet.
    pending: Vec<Record>,
    writes: u64,
    torn: u64,
}

impl Disk {
    /// Writes a record. It is durable after the next [`sync`](Self::sync).
    pub(crate) fn append(&mut self, record: Record) {
        self.pending.push(record);
        self.writes += 1;
    }

    /// Makes all that is written durable.
    pub(crate) fn sync(&mut self) {
        self.pending.drain(..).for_each(|record| self.durable.apply(record));
    }

    /// The machine crashes in the midst of a write: a part of the record is there, which its checksum
    /// tells, and it is dropped.
    pub(crate) fn tear(&mut self) {
        self.torn += 1;
    }

    /// The machine crashes: of what was not durable the disk keeps some, in order. The record after
    /// those is torn.
    pub(crate) fn crash(&mut self, rng: &mut Rng) {
        if self.pending.is_empty() {
            return;
        }
        let kept = usize::try_from(rng.within(0, self.pending.len() as u64)).expect("as many as are pending");
        self.torn += u64::from(kept < self.pending.len());
        self.pending.truncate(kept);
        self.sync();
    }

    /// How many records have been written.
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// How many records were torn by crashes.
    pub(crate) fn torn(&self) -> u64 {
        self.torn
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

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::io::Halt;
    use hotstuff_core::{BlockRef, Epoch, View, crypto::Digest};

    fn record(view: u64) -> Record {
        let block = BlockRef { epoch: Epoch(0), view: View(view), height: Height(0), id: Digest::default() };
        Record::Halted(Halt { head: block, conflicting: block })
    }

    fn last(disk: &Disk) -> Option<u64> {
        disk.recover().halted.map(|halt| halt.head.view.0)
    }

    #[test]
    fn what_is_durable_outlives_a_crash_and_the_rest_is_cut_somewhere() {
        let mut seen = [false; 4];
        for seed in 0..40 {
            let mut disk = Disk::default();
            disk.append(record(0));
            disk.sync();
            (1..=3).for_each(|view| disk.append(record(view)));
            assert_eq!(last(&disk), Some(0), "not durable yet");
            disk.crash(&mut Rng::new(seed, 0));
            let kept = last(&disk).unwrap();
            assert_eq!(disk.torn(), u64::from(kept < 3));
            seen[usize::try_from(kept).unwrap()] = true;
        }
        assert_eq!(seen, [true; 4]);
    }

    #[test]
    fn a_crash_changes_nothing_of_what_was_synced() {
        let mut disk = Disk::default();
        disk.append(record(1));
        disk.sync();
        disk.crash(&mut Rng::new(1, 0));
        assert_eq!((last(&disk), disk.torn(), disk.writes()), (Some(1), 0, 1));
    }
}
