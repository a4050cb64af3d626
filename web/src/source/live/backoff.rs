//! How long to wait before trying again.

const FIRST_MS: u32 = 500;
const LAST_MS: u32 = 15_000;

/// Waits that double up to a bound.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff(u32);

impl Backoff {
    /// The next wait.
    pub fn next_ms(&mut self) -> u32 {
        let wait = FIRST_MS.saturating_mul(1 << self.0.min(16)).min(LAST_MS);
        self.0 = self.0.saturating_add(1);
        wait
    }

    /// It worked: the next wait is short again.
    pub fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_begin_anew() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..7).map(|_| backoff.next_ms()).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, LAST_MS, LAST_MS]);
        backoff.reset();
        assert_eq!(backoff.next_ms(), FIRST_MS);
        assert!((0..100).map(|_| backoff.next_ms()).all(|wait| wait <= LAST_MS));
    }
}
