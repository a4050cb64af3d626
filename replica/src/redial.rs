//! How long to wait before a lost link is dialled again, for replicas and clients alike.

use hotstuff_core::Span;
use std::time::Duration;

/// Back-off with jitter: the wait doubles while links do not last, and is drawn from its upper half, so
/// that those who lost the same replica do not all come back at once.
#[derive(Clone, Debug)]
pub struct Redial {
    min: Span,
    max: Span,
    lasting: Duration,
    failures: u32,
}

impl Redial {
    /// Waits from half of `min` to `max`. A link that stood for `lasting` had nothing wrong with it: the
    /// next wait is a first one again.
    #[must_use]
    pub fn new(min: Span, max: Span, lasting: Duration) -> Self {
        Self { min, max, lasting, failures: 0 }
    }

    /// How often in a row it did not last.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The wait after a link, or an attempt at one, that lasted for so long; `random` is any number.
    pub fn ended(&mut self, lasted: Duration, random: u32) -> Duration {
        let before = if lasted >= self.lasting { 0 } else { self.failures };
        self.failures = before.saturating_add(1);
        let most = self.min.backed_off(before, self.max).0;
        let half = most / 2;
        Duration::from_micros(most - (half.saturating_mul(random.into()) >> 32).min(half))
    }
}

/// A number for [`Redial::ended`]; the same one where the system has none.
#[must_use]
pub fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;
    const LASTING: Duration = Duration::from_secs(2);

    fn redial() -> Redial {
        Redial::new(Span::millis(50), Span::millis(2_000), LASTING)
    }

    /// Waits in milliseconds after failures in a row, with numbers from a generator with this seed.
    fn waits(seed: u32, count: usize) -> Vec<u128> {
        let mut redial = redial();
        let mut random = seed;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            redial.ended(AT_ONCE, random).as_millis()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn the_waits_of_a_seed() {
        assert_eq!(waits(1, 8), waits(1, 8));
        assert_ne!(waits(1, 8), waits(2, 8));
    }

    #[test]
    fn waits_double_up_to_their_bound_and_are_drawn_from_the_upper_half() {
        let most = [50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000];
        for seed in 0..200 {
            for (wait, most) in waits(seed, most.len()).into_iter().zip(most) {
                assert!(most / 2 <= wait && wait <= most, "{wait} of {most}");
            }
        }
        let mut spread: Vec<u128> = (0..200).map(|seed| waits(seed, 9)[8]).collect();
        spread.sort_unstable();
        assert!(spread[0] < 1_100 && spread[199] > 1_900, "{spread:?}");
    }

    #[test]
    fn the_extremes_stay_within_bounds() {
        for random in [0, u32::MAX] {
            let mut redial = redial();
            for _ in 0..200 {
                let wait = redial.ended(AT_ONCE, random);
                assert!(wait >= Duration::from_millis(25) && wait <= Duration::from_millis(2_000));
            }
        }
    }

    #[test]
    fn a_link_that_lasted_makes_the_next_wait_a_first_one() {
        let mut redial = redial();
        for _ in 0..10 {
            redial.ended(AT_ONCE, 0);
        }
        assert_eq!(redial.ended(LASTING, 0), Duration::from_millis(50));
        assert_eq!(redial.failures(), 1);
        assert_eq!(redial.ended(AT_ONCE, 0), Duration::from_millis(100));
    }
}
