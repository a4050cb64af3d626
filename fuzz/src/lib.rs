//! What takes bytes from outside, each as one function that panics where a promise is broken, and a
//! driver that makes bytes: at random, or of what a cluster says.
//!
//! The driver is deterministic and needs no more than a stable compiler. Built with the feature
//! `guided`, libFuzzer chooses the bytes by what they reach.

mod decode;
mod driver;
mod verify;

/// The cluster of the core's property tests.
#[path = "../../core/tests/world/mod.rs"]
#[allow(missing_docs, unreachable_pub, reason = "it is a part of the core's tests")]
mod world;

pub use driver::{Driver, samples};

use world::{Corrupt, World};

/// Something that takes bytes.
pub struct Target {
    /// Its name, and that of its folder in the corpus.
    pub name: &'static str,
    /// Takes bytes, and panics where a promise is broken.
    pub run: fn(&[u8]),
    /// Whether bytes that have a form get further than random ones.
    pub has_form: bool,
}

/// All targets.
pub const TARGETS: [Target; 3] = [
    Target { name: "decode", run: decode::run, has_form: true },
    Target { name: "verify", run: verify::run, has_form: true },
    Target { name: "replica", run: replica, has_form: false },
];

/// Runs of a whole cluster against an attacker, as the core's property tests have them.
fn replica(bytes: &[u8]) {
    let corrupt = if bytes.len().is_multiple_of(2) { Corrupt::Tolerable } else { Corrupt::Anything };
    World::play(bytes, corrupt);
}
