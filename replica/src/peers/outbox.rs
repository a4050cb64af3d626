//! What waits to be sent to one peer: bounded in frames and bytes; the oldest goes first, for the
//! newest says most in this protocol.

use axum::body::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How many frames wait for a peer to which there is no link: enough for a peer that starts at
/// the same time, and not a backlog that nobody needs any more.
const UNLINKED_FRAMES: usize = 64;

/// A queue with one reader, the link, and one writer, the driver.
#[derive(Debug)]
pub struct Outbox {
    queue: Mutex<Queue>,
    pushed: Notify,
    frames_max: usize,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    dropped: u64,
    is_linked: bool,
}

impl Outbox {
    /// An empty outbox for at most so many frames and bytes.
    #[must_use]
    pub fn new(frames_max: usize, bytes_max: usize) -> Self {
        Self { queue: Mutex::default(), pushed: Notify::new(), frames_max, bytes_max }
    }

    /// Adds a frame; drops the oldest ones when it does not fit otherwise.
    pub fn push(&self, frame: Bytes) {
        let mut queue = self.lock();
        queue.bytes += frame.len();
        queue.frames.push_back(frame);
        let frames_max = if queue.is_linked { self.frames_max } else { UNLINKED_FRAMES.min(self.frames_max) };
        while queue.frames.len() > frames_max || queue.bytes > self.bytes_max {
            queue.pop();
            queue.dropped += 1;
        }
        drop(queue);
        self.pushed.notify_one();
    }

    /// The next frame; waits for one. Nothing is lost when the wait is given up.
    pub async fn next(&self) -> Bytes {
        loop {
            if let Some(frame) = self.try_next() {
                return frame;
            }
            self.pushed.notified().await;
        }
    }

    /// The next frame, if there is one.
    pub fn try_next(&self) -> Option<Bytes> {
        self.lock().pop()
    }

    /// Says whether there is a link that takes the frames.
    pub fn set_linked(&self, is_linked: bool) {
        self.lock().is_linked = is_linked;
    }

    /// How many frames wait, and how many were dropped so far.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let queue = self.lock();
        (queue.frames.len() as u64, queue.dropped)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // The queue is whole between any two statements: a panic elsewhere does not spoil it.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(byte: u8, length: usize) -> Bytes {
        vec![byte; length].into()
    }

    fn first_bytes(outbox: &Outbox) -> Vec<u8> {
        std::iter::from_fn(|| outbox.try_next()).map(|frame| frame[0]).collect()
    }

    #[test]
    fn the_oldest_frames_go_when_there_are_too_many() {
        let outbox = Outbox::new(3, 1_000);
        outbox.set_linked(true);
        for byte in 0..5 {
            outbox.push(frame(byte, 1));
        }
        assert_eq!(outbox.counts(), (3, 2));
        assert_eq!(first_bytes(&outbox), [2, 3, 4]);
    }

    #[test]
    fn the_oldest_frames_go_when_they_are_too_large() {
        let outbox = Outbox::new(100, 10);
        outbox.set_linked(true);
        for byte in 0..4 {
            outbox.push(frame(byte, 4));
        }
        assert_eq!(first_bytes(&outbox), [2, 3]);
        outbox.push(frame(9, 11));
        assert_eq!(outbox.counts(), (0, 3));
    }

    #[test]
    fn a_peer_without_a_link_gets_no_backlog() {
        let outbox = Outbox::new(1_000, 1_000);
        for byte in 0..100 {
            outbox.push(frame(byte, 1));
        }
        assert_eq!(outbox.counts(), (UNLINKED_FRAMES as u64, 100 - UNLINKED_FRAMES as u64));
        assert_eq!(first_bytes(&outbox).last(), Some(&99));
    }
}
