//! Who watches the replica. Observers never slow it: what does not fit into an observer's queue
//! is dropped and counted.

use axum::body::Bytes;
use hotstuff_core::link::{Observation, ObserveFrame};
use hotstuff_core::{Event, Status, Time, wire};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// An observer's end: encoded frames, the first a `Welcome`.
#[derive(Debug)]
pub struct Observer {
    /// The frames to send, in order.
    pub frames: mpsc::Receiver<Bytes>,
}

/// The driver's end: all observers, and the count of events.
pub(super) struct Observers {
    outlets: Vec<Outlet>,
    next_sequence: u64,
    queue_frames: usize,
}

struct Outlet {
    frames: mpsc::Sender<Bytes>,
    dropped: u64,
}

impl Observers {
    /// No observers yet. Each will have room for `queue_frames` frames.
    pub fn new(queue_frames: u32) -> Self {
        // One frame more, so that Welcome always fits.
        Self { outlets: Vec::new(), next_sequence: 0, queue_frames: queue_frames as usize + 1 }
    }

    /// The next observation's sequence number.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Adds an observer, to whom `welcome` is told first.
    pub fn add(&mut self, welcome: &ObserveFrame) -> Observer {
        let (sender, frames) = mpsc::channel(self.queue_frames);
        let mut outlet = Outlet { frames: sender, dropped: 0 };
        outlet.tell(encoded(welcome), 0);
        self.outlets.push(outlet);
        Observer { frames }
    }

    /// Tells all observers of an event.
    pub fn publish(&mut self, time: Time, event: Event) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        if !self.outlets.is_empty() {
            let frame = encoded(&ObserveFrame::Observation(Observation { sequence, time, event }));
            self.outlets.retain_mut(|outlet| outlet.tell(frame.clone(), 1));
        }
    }

    /// Tells all observers where the replica stands.
    pub fn publish_status(&mut self, status: &Status) {
        if !self.outlets.is_empty() {
            let frame = encoded(&ObserveFrame::Status(status.clone()));
            self.outlets.retain_mut(|outlet| outlet.tell(frame.clone(), 0));
        }
    }

    /// Whether anybody watches.
    pub fn is_empty(&self) -> bool {
        self.outlets.is_empty()
    }
}

impl Outlet {
    /// Queues `frame`, which counts as `observations` when it does not fit. What was dropped
    /// before is told first. Returns whether the observer is still there.
    fn tell(&mut self, frame: Bytes, observations: u64) -> bool {
        if self.dropped > 0 {
            match self.frames.try_send(encoded(&ObserveFrame::Dropped { count: self.dropped })) {
                Ok(()) => self.dropped = 0,
                Err(TrySendError::Full(_)) => {
                    self.dropped += observations;
                    return true;
                }
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        match self.frames.try_send(frame) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.dropped += observations;
                true
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

fn encoded(frame: &ObserveFrame) -> Bytes {
    wire::encode(frame).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::{ReplicaId, View};

    fn event(number: u64) -> Event {
        Event::TimeoutCollected { view: View(number), replica: ReplicaId(0) }
    }

    fn drain(observer: &mut Observer) -> Vec<ObserveFrame> {
        std::iter::from_fn(|| observer.frames.try_recv().ok())
            .map(|bytes| wire::decode(&bytes).unwrap())
            .collect()
    }

    fn sequences(frames: &[ObserveFrame]) -> Vec<u64> {
        let sequence = |frame: &ObserveFrame| match frame {
            ObserveFrame::Observation(observation) => Some(observation.sequence),
            _ => None,
        };
        frames.iter().filter_map(sequence).collect()
    }

    #[test]
    fn a_slow_observer_is_told_how_many_it_missed_and_goes_on_from_there() {
        let mut observers = Observers::new(3);
        observers.publish(Time(0), event(0));
        let mut observer = observers.add(&ObserveFrame::Dropped { count: 0 });
        for number in 1..=10 {
            observers.publish(Time(number), event(number));
        }
        let first = drain(&mut observer);
        assert_eq!(sequences(&first), [1, 2, 3]);
        observers.publish(Time(11), event(11));
        let then = drain(&mut observer);
        assert_eq!(then[0], ObserveFrame::Dropped { count: 7 });
        assert_eq!(sequences(&then), [11]);
    }

    #[test]
    fn an_observer_that_left_is_forgotten() {
        let mut observers = Observers::new(3);
        drop(observers.add(&ObserveFrame::Dropped { count: 0 }));
        assert!(!observers.is_empty());
        observers.publish(Time(0), event(0));
        assert!(observers.is_empty());
    }
}
