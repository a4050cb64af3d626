//! How many lines a stranger can have written: of each kind a burst, and then one a second.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many lines of a kind may come at once.
const BURST: u64 = 50;

/// Whether a line of this kind may be written now; if so, with how many were left out since the last one, where
/// there were any.
pub(crate) fn admit(kind: &'static str) -> Option<Option<u64>> {
    static LIMIT: LazyLock<(Instant, Mutex<Limit>)> =
        LazyLock::new(|| (Instant::now(), Mutex::new(Limit::default())));
    let (start, limit) = &*LIMIT;
    let left_out = limit.lock().unwrap_or_else(PoisonError::into_inner).admit(kind, start.elapsed())?;
    Some((left_out > 0).then_some(left_out))
}

/// What was written of late. There are as many kinds as this program has words for.
#[derive(Debug, Default)]
struct Limit {
    kinds: BTreeMap<&'static str, Kind>,
}

#[derive(Debug)]
struct Kind {
    /// How many more may be written.
    left: u64,
    /// The second in which there was last one more.
    second: u64,
    left_out: u64,
}

impl Limit {
    fn admit(&mut self, kind: &'static str, now: Duration) -> Option<u64> {
        let second = now.as_secs();
        let kind = self.kinds.entry(kind).or_insert(Kind { left: BURST, second, left_out: 0 });
        // Whoever waited for this may have looked at the clock before.
        kind.left = BURST.min(kind.left + second.saturating_sub(kind.second));
        kind.second = second.max(kind.second);
        if kind.left == 0 {
            kind.left_out += 1;
            return None;
        }
        kind.left -= 1;
        Some(std::mem::take(&mut kind.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_of_once_a_second_and_what_was_left_out_is_counted() {
        let mut limit = Limit::default();
        let mut told = Vec::new();
        for millisecond in 0..10_000 {
            told.extend(limit.admit("flood", Duration::from_millis(millisecond)));
        }
        assert_eq!(told.len() as u64, BURST + 9);
        assert_eq!(told[..BURST as usize], [0; BURST as usize]);
        // The first one after each second's turn; between two are 999.
        assert_eq!(told[BURST as usize..], [950, 999, 999, 999, 999, 999, 999, 999, 999]);
        assert_eq!(limit.admit("another", Duration::from_secs(10)), Some(0), "each kind by itself");
        let later = Duration::from_secs(10 + BURST);
        let after: Vec<u64> = (0..2 * BURST).filter_map(|_| limit.admit("flood", later)).collect();
        assert_eq!(after.len() as u64, BURST, "a burst again, after quiet");
        assert_eq!(after[0], 999);
    }

    #[test]
    fn who_looked_at_the_clock_too_early_gains_nothing() {
        let mut limit = Limit::default();
        let told =
            (0..3 * BURST).filter(|line| limit.admit("flood", Duration::from_secs(9 - line % 2)).is_some());
        assert_eq!(told.count() as u64, BURST);
    }
}
