//! Some of what `hotstuff-fuzz` does for longer, with a fixed seed, and all that once failed.

use hotstuff_fuzz::{Driver, TARGETS, samples};
use std::path::Path;

fn run(name: &str, count: usize) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let mut driver = Driver::new(1, if target.has_form { samples() } else { Vec::new() });
    for _ in 0..count {
        (target.run)(&driver.bytes(target));
    }
}

#[test]
fn decoders() {
    run("decode", 20_000);
}

#[test]
fn verification() {
    run("verify", 2_000);
}

#[test]
fn replicas() {
    run("replica", 12);
}

#[test]
fn what_once_failed() {
    for target in &TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        for file in std::fs::read_dir(folder).into_iter().flatten() {
            (target.run)(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn samples_are_of_all_kinds() {
    let samples = samples();
    let messages = samples.iter().filter_map(|bytes| hotstuff_core::wire::decode(bytes).ok());
    let kinds: std::collections::BTreeSet<_> =
        messages.map(|message: hotstuff_core::Message| message.kind()).collect();
    assert!(kinds.len() >= 5, "{kinds:?}");
}
