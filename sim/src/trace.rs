//! The trace hash: one digest for all that happened in a run.

use crate::step::Step;
use hotstuff_core::crypto::Digest;
use hotstuff_core::wire;
use sha2::{Digest as _, Sha256};

/// A running hash over all steps, in the core's encoding.
#[derive(Clone)]
pub(crate) struct Trace {
    hasher: Sha256,
    /// Room for one step.
    bytes: Vec<u8>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { hasher: Sha256::new_with_prefix(b"hotstuff/1/trace\0"), bytes: Vec::new() }
    }

    pub(crate) fn add(&mut self, step: &Step) {
        self.bytes.clear();
        wire::encode_onto(step, &mut self.bytes);
        self.hasher.update((self.bytes.len() as u64).to_le_bytes());
        self.hasher.update(&self.bytes);
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest(self.hasher.clone().finalize().into())
    }
}
