//! The trace hash: one digest for all that happened in a run.

use crate::step::Step;
use hotstuff_core::crypto::Digest;
use hotstuff_core::wire;
use sha2::{Digest as _, Sha256};

/// A running hash over all steps, in the core's encoding.
pub(crate) struct Trace(Sha256);

impl Trace {
    pub(crate) fn new() -> Self {
        Self(Sha256::new_with_prefix(b"hotstuff/1/trace\0"))
    }

    pub(crate) fn add(&mut self, step: &Step) {
        let bytes = wire::encode(step);
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest(self.0.clone().finalize().into())
    }
}
