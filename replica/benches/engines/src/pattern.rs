//! What a replica does with its store, and how long it takes.

use super::Durability;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Bytes of a block with some commands.
const BLOCK_BYTES: usize = 3_000;
/// Bytes of a safety record, and of a high QC of three signatures.
const RECORD_BYTES: usize = 300;
/// Bytes of one part of a snapshot.
const PART_BYTES: usize = 255 << 10;
/// Parts of a snapshot: 16 MB in all.
const PARTS: u64 = 64;
/// Blocks that a peer asks for at once.
const RANGE: u64 = 128;
/// A snapshot is taken, and blocks of the one before are pruned, every so many views.
const INTERVAL: u64 = 2_000;

/// A store of a replica's tables, each call one commit.
pub trait Engine {
    /// A view: a block is added, its parent committed, safety record and high QC replaced.
    fn view(&mut self, height: u64, block: &[u8], record: &[u8]);
    /// The safety record; panics when the engine refuses to give one.
    fn record(&self) -> Option<Vec<u8>>;
    /// The committed blocks from `from` on, so many: bytes in all.
    fn range(&self, from: u64, count: u64) -> usize;
    /// Replaces the snapshot by `parts` of `part`, and removes committed blocks below `below`.
    fn snapshot(&mut self, part: &[u8], parts: u64, below: u64);
    /// Everything is closed in good order.
    fn close(self: Box<Self>);
}

/// The id of the block at a height: it spreads over the table as hashes do.
pub fn id(height: u64) -> [u8; 32] {
    let mut id = [0; 32];
    for (index, chunk) in id.chunks_mut(8).enumerate() {
        let mixed = (height + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (index as u64) << 32);
        chunk.copy_from_slice(&(mixed ^ mixed >> 29).to_le_bytes());
    }
    id
}

/// What was measured.
pub struct Figures {
    view_median: Duration,
    view_99: Duration,
    range: Duration,
    snapshot: Duration,
    open: Duration,
    folder_bytes: u64,
}

impl Figures {
    /// What the columns are.
    #[must_use]
    pub fn head() -> String {
        format!(
            "{:<24} {:>12} {:>12} {:>14} {:>14} {:>10} {:>10}",
            "", "view, median", "view, 99 %", "128 blocks", "snapshot 16 MB", "open", "on disk"
        )
    }

    /// One row.
    #[must_use]
    pub fn line(&self, name: &str) -> String {
        let us = |time: Duration| format!("{} us", time.as_micros());
        let ms = |time: Duration| format!("{} ms", time.as_millis());
        format!(
            "{name:<24} {:>12} {:>12} {:>14} {:>14} {:>10} {:>7} MB",
            us(self.view_median),
            us(self.view_99),
            us(self.range),
            ms(self.snapshot),
            ms(self.open),
            self.folder_bytes >> 20
        )
    }
}

/// Opens an engine in a folder.
pub type Open = Box<dyn Fn(&Path) -> Box<dyn Engine>>;

/// One engine at work.
struct Course {
    open: Open,
    folder: TempDir,
    engine: Box<dyn Engine>,
    views: Vec<Duration>,
    ranges: Vec<Duration>,
    snapshots: Vec<Duration>,
}

/// Runs the pattern on all engines, view by view in turn, so that a disk that others use too is as slow
/// to one as to the other. `place` is a folder on that disk.
pub fn measure(place: &Path, durability: Durability, engines: Vec<Open>) -> Vec<Figures> {
    let views = if durability == Durability::Sync { 2 * INTERVAL } else { 5 * INTERVAL };
    let start = |open: Open| {
        let folder = tempfile::tempdir_in(place).expect("the folder can be written to");
        let engine = open(folder.path());
        Course { open, folder, engine, views: Vec::new(), ranges: Vec::new(), snapshots: Vec::new() }
    };
    let mut courses: Vec<Course> = engines.into_iter().map(start).collect();
    let mut noise = Noise(7);
    for height in 1..=views {
        let (block, record) = (noise.bytes(BLOCK_BYTES), noise.bytes(RECORD_BYTES));
        let part = if height % INTERVAL == 0 { noise.bytes(PART_BYTES) } else { Vec::new() };
        courses.iter_mut().for_each(|course| course.step(height, &block, &record, &part));
    }
    courses.into_iter().map(|course| course.end(views)).collect()
}

impl Course {
    fn step(&mut self, height: u64, block: &[u8], record: &[u8], part: &[u8]) {
        let Self { engine, views, ranges, snapshots, .. } = self;
        views.push(timed(|| engine.view(height, block, record)));
        if !part.is_empty() {
            let below = height.saturating_sub(INTERVAL);
            snapshots.push(timed(|| engine.snapshot(part, PARTS, below)));
        }
        if height > RANGE + 1 && height % 100 == 0 {
            let from = height - RANGE - 1;
            ranges.push(timed(|| assert_eq!(engine.range(from, RANGE), RANGE as usize * BLOCK_BYTES)));
        }
    }

    fn end(self, height: u64) -> Figures {
        let Self { open, folder, engine, mut views, mut ranges, mut snapshots } = self;
        engine.close();
        let begin = Instant::now();
        let engine = open(folder.path());
        let bytes = engine.range(height - RANGE, RANGE);
        let open = begin.elapsed();
        assert_eq!(bytes, RANGE as usize * BLOCK_BYTES, "all is there again");
        engine.close();
        Figures {
            view_median: quantile(&mut views, 50),
            view_99: quantile(&mut views, 99),
            range: quantile(&mut ranges, 50),
            snapshot: quantile(&mut snapshots, 50),
            open,
            folder_bytes: bytes_in(folder.path()),
        }
    }
}

fn timed(act: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    act();
    begin.elapsed()
}

fn quantile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100]
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.unwrap());
    let bytes = |entry: std::fs::DirEntry| {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() { bytes_in(&entry.path()) } else { metadata.len() }
    };
    entries.map(bytes).sum()
}

/// Bytes that do not compress, as signatures and hashes do not.
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            bytes.extend_from_slice(&self.0.to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
