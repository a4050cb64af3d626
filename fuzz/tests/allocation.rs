//! What a decoder allocates is bounded by what it was given. Alone in its process, as all that is
//! allocated in it counts.

use hotstuff_fuzz::{Driver, TARGETS, samples};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn decoding_allocates_no_more_than_a_small_multiple_of_the_bytes() {
    let target = TARGETS.iter().find(|target| target.name == "decode").expect("a target");
    let mut driver = Driver::new(2, samples());
    let mut worst = (0, 0, 0);
    for _ in 0..20_000 {
        let bytes = driver.bytes(target);
        let region = Region::new(ALLOCATOR);
        (target.run)(&bytes);
        let allocated = region.change().bytes_allocated;
        worst = worst.max((allocated / (bytes.len() + 64), allocated, bytes.len()));
    }
    println!("{worst:?}");
    assert!(worst.0 < 1_000, "{} bytes allocated for {}", worst.1, worst.2);
}
