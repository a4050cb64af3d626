//! How often values fell below each of some bounds. The library's own histogram is behind a lock, which a
//! scrape holds while it writes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of whole numbers, shown as multiples of some unit.
#[derive(Debug)]
pub struct Histogram {
    /// Ascending; a value that equals one is counted there.
    bounds: &'static [u64],
    /// By what values and bounds are divided to be shown.
    divisor: f64,
    /// One for each bound, and one for all that is above.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A histogram at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Each bucket's upper bound, and how many are in it alone; the last bound is infinite.
    pub buckets: Vec<(f64, u64)>,
    /// The sum of all values.
    pub sum: f64,
    /// How many there are.
    pub count: u64,
}

impl Histogram {
    /// An empty one.
    #[must_use]
    pub fn new(bounds: &'static [u64], divisor: f64) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::default()).collect();
        Self { bounds, divisor, counts, sum: AtomicU64::default() }
    }

    /// Counts a value.
    pub fn observe(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// The sum of all values, undivided.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }

    /// What it shows now. A value counted meanwhile may be in one part and not yet in another, but the count is
    /// that of the buckets.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a sum is shown to 53 bits")]
    pub fn reading(&self) -> Reading {
        let shown = |value: u64| value as f64 / self.divisor;
        let bounds = self.bounds.iter().map(|bound| shown(*bound)).chain([f64::INFINITY]);
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        Reading { buckets, sum: shown(self.sum()), count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_below_the_first_bound_that_is_not_less() {
        let histogram = Histogram::new(&[1_000, 2_500], 1e6);
        for value in [0, 1_000, 1_001, 2_500, 2_501, 9_000_000] {
            histogram.observe(value);
        }
        let buckets = vec![(0.001, 2), (0.0025, 2), (f64::INFINITY, 2)];
        assert_eq!(histogram.reading(), Reading { buckets, sum: 9.007_002, count: 6 });
    }
}
