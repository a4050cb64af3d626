//! Whatever arrives, in whatever order, with whatever is forged in it: nothing panics, everything
//! stays within its bounds, and each replica keeps its promises, over crashes at any record too.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` choose longer and other runs.

mod world;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use std::collections::BTreeMap;
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
    #![proptest_config(config(50))]

    #[test]
    fn with_f_corrupt_all_promises_hold(bytes in bytes()) {
        World::play(&bytes, Corrupt::Tolerable);
    }

    #[test]
    fn with_more_corrupt_a_replica_still_keeps_its_own_promises(bytes in bytes()) {
        World::play(&bytes, Corrupt::Anything);
    }
}

/// Otherwise the runs above would show little.
#[test]
fn the_runs_get_far() {
    let mut runner = TestRunner::new(config(0));
    let mut seen = BTreeMap::new();
    for _ in 0..20 {
        let bytes = bytes().new_tree(&mut runner).expect("bytes can be had").current();
        for corrupt in [Corrupt::Tolerable, Corrupt::Anything] {
            for (name, count) in World::play(&bytes, corrupt).seen {
                *seen.entry(name).or_insert(0) += count;
            }
        }
    }
    for name in [
        "committed",
        "timeout certificate",
        "member added",
        "committee changed",
        "epoch",
        "two proposals",
        "two votes",
        "fetch completed",
        "bad certificate",
        "below a quorum",
        "old epoch",
        "unknown epoch",
        "timed out",
        "snapshot taken",
        "snapshot installed",
    ] {
        assert!(seen.contains_key(name), "no run came across: {name}: {seen:#?}");
    }
}
