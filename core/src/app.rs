//! The replicated application, as the core sees it.

use crate::crypto::Digest;
use alloc::vec::Vec;

/// Most bytes of a result. Replicas remember some for each client, and snapshots carry these.
pub const RESULT_BYTES_MAX: u32 = 1 << 16;

/// A deterministic state machine. Same operations in the same order give the same results and the
/// same root on every replica and platform: no clock, no randomness, no hash-map iteration.
pub trait App {
    /// Executes one operation and returns what its client is told. Bytes that are no operation
    /// get an answer too, the same everywhere: execution never fails and never panics (pitfall 29). No
    /// result is longer than [`RESULT_BYTES_MAX`]: one that is stops the replica, for frames and snapshots
    /// have bounds that it would break.
    fn execute(&mut self, operation: &[u8]) -> Vec<u8>;

    /// A digest of the whole state.
    fn root(&self) -> Digest;

    /// The whole state in bytes, for [`restore`](Self::restore).
    fn snapshot(&self) -> Vec<u8>;

    /// Takes the state over that `snapshot` tells of; from then on it behaves, and its root is, as
    /// if it had executed the same operations as the application that made the snapshot. The bytes
    /// may come from a peer that lies: the caller compares roots.
    ///
    /// # Errors
    /// When the bytes are no snapshot; then nothing has changed.
    fn restore(&mut self, snapshot: &[u8]) -> Result<(), NoSnapshot>;
}

/// Bytes that are no snapshot of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no snapshot of this application")]
pub struct NoSnapshot;
