//! What came of commands in each second.

use crate::client::random::latencies::Latencies;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What ended in one second, whenever it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Second {
    /// Which, from the end of the warm-up on: seconds of the warm-up are below 0.
    pub second: i64,
    /// Commands done.
    pub done: u64,
    /// Commands that failed.
    pub failed: u64,
    /// The median of the latencies of those done, in microseconds.
    pub p50_us: Option<u64>,
    /// What 99 of 100 of them do not exceed.
    pub p99_us: Option<u64>,
}

/// One [`Second`] after the other, those without any commands too.
#[derive(Debug)]
pub(super) struct Timeline {
    warm_up: Duration,
    past: Vec<Second>,
    now: Option<i64>,
    latencies: Latencies,
    failed: u64,
}

impl Timeline {
    /// One whose second 0 begins after `warm_up`.
    pub(super) fn new(warm_up: Duration) -> Self {
        Self { warm_up, past: Vec::new(), now: None, latencies: Latencies::default(), failed: 0 }
    }

    /// Takes in that a command was done at `at`.
    pub(super) fn done(&mut self, at: Duration, latency: Duration) {
        self.pass(at);
        self.latencies.note(latency);
    }

    /// Takes in that a command failed at `at`.
    pub(super) fn failed(&mut self, at: Duration) {
        self.pass(at);
        self.failed += 1;
    }

    /// Lets time pass until `at`. A moment before that counts as in the second of the latest.
    pub(super) fn pass(&mut self, at: Duration) {
        let second = self.second(at);
        let mut now = self.now.unwrap_or_else(|| self.second(Duration::ZERO));
        while now < second {
            self.past.push(self.close(now));
            (self.failed, now) = (0, now + 1);
            self.latencies.clear();
        }
        self.now = Some(now);
    }

    /// The last second that is over.
    pub(super) fn last(&self) -> Option<&Second> {
        self.past.last()
    }

    /// All seconds, the one that is not over too.
    pub(super) fn seconds(&self) -> Vec<Second> {
        let open = self.now.map(|now| self.close(now)).filter(|second| second.done + second.failed > 0);
        self.past.iter().copied().chain(open).collect()
    }

    fn second(&self, at: Duration) -> i64 {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        (micros(at) - micros(self.warm_up)).div_euclid(1_000_000)
    }

    fn close(&self, second: i64) -> Second {
        let done = self.latencies.count();
        let quantile = |quantile| (done > 0).then(|| self.latencies.at(quantile));
        Second { second, done, failed: self.failed, p50_us: quantile(0.5), p99_us: quantile(0.99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_count_from_the_end_of_the_warm_up_and_none_is_left_out() {
        let mut timeline = Timeline::new(Duration::from_millis(1_500));
        let ms = Duration::from_millis;
        timeline.done(ms(100), ms(10));
        timeline.done(ms(1_499), ms(20));
        timeline.done(ms(1_500), ms(30));
        timeline.failed(ms(4_600));
        timeline.done(ms(4_500), ms(40)); // late, and not lost
        let seconds = timeline.seconds();
        let told: Vec<_> = seconds.iter().map(|row| (row.second, row.done, row.failed)).collect();
        assert_eq!(told, [(-2, 1, 0), (-1, 1, 0), (0, 1, 0), (1, 0, 0), (2, 0, 0), (3, 1, 1)]);
        assert_eq!(seconds[3].p50_us, None);
        assert!(seconds[2].p99_us.unwrap().abs_diff(30_000) < 40, "{seconds:?}");
        assert_eq!(timeline.last().map(|row| row.second), Some(2));
    }
}
