//! How fast one connection may send: an average rate, and a burst that it may be ahead of it.

use tokio::time::Instant;

/// Counts one connection's frames against its rate.
///
/// Frames are paid with what time brings, at the rate, up to a burst; those that find nothing go on
/// credit of another burst.
#[derive(Debug)]
pub(super) struct Allowance {
    /// What there is to spend, in millionths of a frame: below zero is credit.
    left: i128,
    most: i128,
    per_us: i128,
    seen: Instant,
}

/// What a frame is, by the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    /// Within the rate.
    InTime,
    /// Above it.
    TooFast,
    /// So far above it that nobody who listens to answers would be there.
    FarTooFast,
}

const FRAME: i128 = 1_000_000;

impl Allowance {
    /// So many frames per second, and so many ahead of that.
    pub(super) fn new(frames_per_s: u32, burst: u32, now: Instant) -> Self {
        // Frames per second are millionths of a frame per microsecond.
        let most = i128::from(burst) * FRAME;
        Self { left: most, most, per_us: frames_per_s.into(), seen: now }
    }

    /// Counts a frame that came at `now`.
    pub(super) fn spend(&mut self, now: Instant) -> Spent {
        let passed_us =
            i128::try_from(now.saturating_duration_since(self.seen).as_micros()).unwrap_or(i128::MAX);
        self.seen = now;
        self.left = self.left.saturating_add(passed_us.saturating_mul(self.per_us)).min(self.most) - FRAME;
        match self.left {
            0.. => Spent::InTime,
            left if left >= -self.most => Spent::TooFast,
            _ => Spent::FarTooFast,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn verdicts(allowance: &mut Allowance, now: Instant, count: usize) -> [usize; 3] {
        let mut counts = [0; 3];
        for _ in 0..count {
            counts[allowance.spend(now) as usize] += 1;
        }
        counts
    }

    #[test]
    fn a_burst_passes_another_is_told_off_and_the_rest_is_too_much() {
        let start = Instant::now();
        let mut allowance = Allowance::new(10, 5, start);
        assert_eq!(verdicts(&mut allowance, start, 20), [5, 5, 10]);
    }

    #[test]
    fn time_brings_the_rate_and_no_more_than_a_burst() {
        let start = Instant::now();
        let mut allowance = Allowance::new(10, 5, start);
        assert_eq!(verdicts(&mut allowance, start, 5), [5, 0, 0]);
        assert_eq!(verdicts(&mut allowance, start + Duration::from_millis(200), 3), [2, 1, 0]);
        assert_eq!(verdicts(&mut allowance, start + Duration::from_secs(3_600), 6), [5, 1, 0]);
    }
}
