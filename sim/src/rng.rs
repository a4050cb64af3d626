//! Seeded randomness: whole numbers only, mapped to ranges by our own arithmetic, so that an
//! update of a library cannot change what a seed means.

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;

/// The number of draws out of which [`Rng::happens`] counts.
pub(crate) const MILLION: u32 = 1_000_000;

/// A stream of random numbers.
#[derive(Clone)]
pub(crate) struct Rng(Pcg32);

impl Rng {
    /// The stream of that number under a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(Pcg32::new(seed, stream))
    }

    /// A number from `min` to `max`, both included.
    pub(crate) fn within(&mut self, min: u64, max: u64) -> u64 {
        let choices = u128::from(max.saturating_sub(min)) + 1;
        let draw = u128::from(self.0.next_u32()) << 32 | u128::from(self.0.next_u32());
        let offset = u64::try_from((draw * choices) >> 64).expect("below the number of choices");
        min + offset
    }

    /// Whether something comes about that does `ppm` times in a million.
    pub(crate) fn happens(&mut self, ppm: u32) -> bool {
        self.within(0, u64::from(MILLION) - 1) < u64::from(ppm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If these change, every seed ever noted down has lost its meaning.
    #[test]
    fn the_numbers_of_a_seed_are_fixed() {
        let mut rng = Rng::new(42, 0);
        let drawn: Vec<u64> = (0..6).map(|_| rng.within(0, 999)).collect();
        assert_eq!(drawn, [131, 583, 937, 706, 275, 188]);
        assert_eq!(rng.within(0, u64::MAX), 5_871_919_313_063_738_775);
    }

    #[test]
    fn draws_stay_within_their_range_and_reach_its_ends() {
        let mut rng = Rng::new(1, 1);
        let drawn: Vec<u64> = (0..200).map(|_| rng.within(5, 8)).collect();
        assert!(drawn.iter().all(|number| (5..=8).contains(number)));
        assert!((5..=8).all(|number| drawn.contains(&number)));
        assert_eq!(rng.within(7, 7), 7);
    }

    #[test]
    fn chances_are_met_about_as_often_as_they_say() {
        let mut rng = Rng::new(1, 2);
        let count = |rng: &mut Rng, ppm| (0..10_000).filter(|_| rng.happens(ppm)).count();
        assert_eq!(count(&mut rng, 0), 0);
        assert_eq!(count(&mut rng, MILLION), 10_000);
        assert!((1_800..2_200).contains(&count(&mut rng, 200_000)));
    }
}
