//! Many latencies, of which quantiles are asked.

use hdrhistogram::Histogram;
use std::time::Duration;

/// Latencies are kept with three digits, and longer ones as an hour.
const DIGITS: u8 = 3;
const LATENCY_MAX_US: u64 = 3_600_000_000;
/// The quantiles that are told, and their names.
pub(crate) const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

/// A histogram of microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LATENCY_MAX_US, DIGITS);
        Self(histogram.expect("three digits of an hour are possible"))
    }
}

impl Latencies {
    /// Takes one in.
    pub(crate) fn note(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// Takes all of `other` in.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all have the same bounds");
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// What the share `quantile` of them does not exceed, in microseconds; 0 where there are none.
    pub(crate) fn at(&self, quantile: f64) -> u64 {
        // A histogram's bucket may reach beyond the longest that is in it.
        self.0.value_at_quantile(quantile).min(self.max())
    }

    /// The shortest, in microseconds.
    pub(crate) fn min(&self) -> u64 {
        self.0.min()
    }

    /// The longest, in microseconds.
    pub(crate) fn max(&self) -> u64 {
        self.0.max()
    }

    /// Their mean, in microseconds.
    pub(crate) fn mean(&self) -> f64 {
        self.0.mean()
    }

    /// Quantiles and their microseconds, ascending: `steps` to each half of what is left to 1, and the last is 1.
    pub(crate) fn curve(&self, steps: u32) -> Vec<(f64, u64)> {
        let point = |step: hdrhistogram::iterators::IterationValue<u64>| {
            (step.quantile_iterated_to(), step.value_iterated_to().min(self.max()))
        };
        self.0.iter_quantiles(steps).map(point).collect()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl Iterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.for_each(|millis| latencies.note(Duration::from_millis(millis)));
        latencies
    }

    #[test]
    fn merged_ones_are_those_of_all() {
        let mut even = of((1..=1_000).filter(|n| n % 2 == 0));
        even.merge(&of((1..=1_000).filter(|n| n % 2 == 1)));
        let all = of(1..=1_000);
        assert_eq!((even.count(), even.min(), even.max()), (1_000, all.min(), all.max()));
        assert_eq!(even.curve(5), all.curve(5));
        for (_, quantile) in QUANTILES {
            let (told, exact) = (even.at(quantile), quantile * 1e6);
            assert!((told as f64 / exact - 1.0).abs() < 0.002, "{quantile}: {told}");
        }
    }

    #[test]
    fn quantiles_ascend_to_the_longest_and_what_is_too_long_is_an_hour() {
        let mut latencies = of(1..=50);
        latencies.note(Duration::from_secs(9_999_999));
        let curve = latencies.curve(5);
        assert!(curve.is_sorted() && curve.last() == Some(&(1.0, latencies.max())));
        assert!(latencies.max().abs_diff(LATENCY_MAX_US) < LATENCY_MAX_US / 1_000);
        latencies.clear();
        assert_eq!((latencies.count(), latencies.at(0.5), latencies.curve(5)), (0, 0, Vec::new()));
    }
}
