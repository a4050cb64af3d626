//! Counts by reason, where all reasons are known beforehand: each is shown from the start, so that a rate
//! can be made of the first one too.

use std::sync::atomic::{AtomicU64, Ordering};

/// A count for each of some names.
#[derive(Debug)]
pub struct Tally {
    names: &'static [&'static str],
    counts: Box<[AtomicU64]>,
}

impl Tally {
    /// None of each yet.
    #[must_use]
    pub fn new(names: &'static [&'static str]) -> Self {
        Self { names, counts: names.iter().map(|_| AtomicU64::default()).collect() }
    }

    /// One more of `name`, which is one of the names.
    pub fn add(&self, name: &str) {
        let place = self.names.iter().position(|known| *known == name);
        debug_assert!(place.is_some(), "{name} is counted nowhere");
        if let Some(place) = place {
            self.counts[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All names with their counts.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.names.iter().zip(&self.counts).map(|(name, count)| (*name, count.load(Ordering::Relaxed)))
    }

    /// How many there are of all names.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.counts().map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_count_of_its_own_from_the_start() {
        let tally = Tally::new(&["a", "b"]);
        tally.add("b");
        tally.add("b");
        assert_eq!(tally.counts().collect::<Vec<_>>(), [("a", 0), ("b", 2)]);
        assert_eq!(tally.sum(), 2);
    }
}
