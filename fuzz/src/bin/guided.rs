//! A target under libFuzzer: `HOTSTUFF_FUZZ_TARGET=replica guided fuzz/corpus/replica`.
#![no_main]

use hotstuff_fuzz::{TARGETS, Target};
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("HOTSTUFF_FUZZ_TARGET").unwrap_or_else(|_| "replica".into());
    TARGETS.iter().find(|target| target.name == name).expect("decode, verify or replica")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
