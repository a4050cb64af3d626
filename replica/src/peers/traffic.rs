//! How much goes to and comes from one peer.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of protocol frames on all links with a peer, without handshakes and pings.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    frames_in: AtomicU64,
    bytes_in: AtomicU64,
    frames_out: AtomicU64,
    bytes_out: AtomicU64,
}

/// Those counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficCounts {
    /// Frames received.
    pub frames_in: u64,
    /// Bytes in them, as decrypted.
    pub bytes_in: u64,
    /// Frames handed to the link.
    pub frames_out: u64,
    /// Bytes in them, before encryption.
    pub bytes_out: u64,
}

impl Traffic {
    /// A frame of so many bytes came.
    pub(super) fn received(&self, bytes: usize) {
        self.frames_in.fetch_add(1, Ordering::Relaxed);
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A frame of so many bytes went.
    pub(super) fn sent(&self, bytes: usize) {
        self.frames_out.fetch_add(1, Ordering::Relaxed);
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> TrafficCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TrafficCounts {
            frames_in: count(&self.frames_in),
            bytes_in: count(&self.bytes_in),
            frames_out: count(&self.frames_out),
            bytes_out: count(&self.bytes_out),
        }
    }
}
