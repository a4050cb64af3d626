//! Whatever arrives, in whatever order, with whatever is forged in it: nothing panics, everything
//! stays within its bounds, and each replica keeps its promises, over crashes at any record too.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` choose longer and other runs.

mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use world::{Corrupt, World};

fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config.failure_persistence = None;
    config
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<[u8; 4]>(), 2..120).prop_map(|steps| steps.concat())
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn with_f_corrupt_all_promises_hold(bytes in bytes()) {
        World::play(&bytes, Corrupt::Tolerable);
    }

    #[test]
    fn with_more_corrupt_a_replica_still_keeps_its_own_promises(bytes in bytes()) {
        World::play(&bytes, Corrupt::Anything);
    }
}
