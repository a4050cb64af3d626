//! What a replica counts while it runs, for `/metrics`. The driver and the links write, and whoever is asked
//! reads: each value is an atomic number of its own, so that a reader never makes a writer wait.

mod histogram;
mod meter;
mod page;
mod process;
mod reasons;
mod tally;

pub use histogram::Histogram;
pub use meter::Meter;
pub use page::{Labels, Page};
pub use process::resident_bytes;
pub use tally::Tally;

use hotstuff_core::Refusal;
use hotstuff_core::command::NotAdmitted;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Upper bounds of a store's syncs, in microseconds.
const SYNC_US: &[u64] =
    &[100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000];
/// Upper bounds of the time to a commit, in microseconds.
const COMMIT_US: &[u64] = &[
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000,
];
/// Upper bounds of the number of commands in a block.
const COMMANDS: &[u64] = &[0, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];
/// What durations are divided by to give seconds.
const US_PER_S: f64 = 1e6;

/// Counts since the start.
#[derive(Debug)]
pub struct Metrics {
    /// Blocks committed.
    pub blocks: AtomicU64,
    /// Blocks proposed by this replica.
    pub proposals: AtomicU64,
    /// Votes given.
    pub votes: AtomicU64,
    /// Votes refused, by the rule.
    pub votes_refused: Tally,
    /// Peers' messages refused, by the reason.
    pub messages_refused: Tally,
    /// Clients' commands admitted.
    pub commands_admitted: AtomicU64,
    /// Clients' commands turned away, by the reason.
    pub commands_refused: Tally,
    /// Views left, by what ended them.
    pub views: Tally,
    /// Views given up, by what made this replica do so.
    pub timeouts: Tally,
    /// Fetches of missing blocks that were begun.
    pub fetches: AtomicU64,
    /// Snapshots taken over from peers.
    pub snapshots: AtomicU64,
    /// Proofs seen that a replica signed what contradicts itself.
    pub equivocations: AtomicU64,
    /// Commands in each committed block; its sum is all that were committed.
    pub block_commands: Histogram,
    /// From a proposal's arrival to its block's commit.
    pub commit_latency: Histogram,
    /// What each write to the store took until it was durable.
    pub store_sync: Histogram,
    /// When the write under way began, in microseconds since `start` and at least 1; 0 while there is none.
    sync_began: AtomicU64,
    start: Instant,
    start_time: SystemTime,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            blocks: AtomicU64::default(),
            proposals: AtomicU64::default(),
            votes: AtomicU64::default(),
            votes_refused: Tally::new(Refusal::NAMES),
            messages_refused: Tally::new(Refusal::NAMES),
            commands_admitted: AtomicU64::default(),
            commands_refused: Tally::new(NotAdmitted::NAMES),
            views: Tally::new(reasons::VIEW_ENDS),
            timeouts: Tally::new(reasons::TIMEOUT_CAUSES),
            fetches: AtomicU64::default(),
            snapshots: AtomicU64::default(),
            equivocations: AtomicU64::default(),
            block_commands: Histogram::new(COMMANDS, 1.0),
            commit_latency: Histogram::new(COMMIT_US, US_PER_S),
            store_sync: Histogram::new(SYNC_US, US_PER_S),
            sync_began: AtomicU64::default(),
            start: Instant::now(),
            start_time: SystemTime::now(),
        }
    }
}

impl Metrics {
    /// Does a write to the store and counts how long that took. One writes at a time.
    pub fn time_sync<T>(&self, write: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        self.sync_began.store(micros(begin - self.start).max(1), Ordering::Relaxed);
        let written = write();
        self.sync_began.store(0, Ordering::Relaxed);
        self.store_sync.observe(micros(begin.elapsed()));
        written
    }

    /// How long the write to the store that is under way has taken so far; zero while there is none.
    #[must_use]
    pub fn syncing(&self) -> Duration {
        match self.sync_began.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            began => self.start.elapsed().saturating_sub(Duration::from_micros(began)),
        }
    }

    /// When this was made, which is when the replica started.
    #[must_use]
    pub fn start_time(&self) -> SystemTime {
        self.start_time
    }
}

/// One more.
fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_under_way_is_seen_from_elsewhere_and_counted_when_it_ends() {
        let metrics = Metrics::default();
        assert_eq!(metrics.syncing(), Duration::ZERO);
        let during = metrics.time_sync(|| {
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(100) {}
            metrics.syncing()
        });
        assert!(during >= Duration::from_micros(50), "{during:?}");
        assert_eq!(metrics.syncing(), Duration::ZERO);
        assert_eq!(metrics.store_sync.reading().count, 1);
    }
}
