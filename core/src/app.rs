//! The replicated application, as the core sees it.

use crate::crypto::Digest;
use alloc::vec::Vec;

/// A deterministic state machine. Same operations in the same order give the same results and the
/// same root on every replica and platform: no clock, no randomness, no hash-map iteration.
pub trait App {
    /// Executes one operation and returns what its client is told. Bytes that are no operation
    /// get an answer too, the same everywhere: execution never fails and never panics (pitfall 29).
    fn execute(&mut self, operation: &[u8]) -> Vec<u8>;

    /// A digest of the whole state.
    fn root(&self) -> Digest;
}
