//! How often peers are served what they ask for: each once in a while, so that none can keep this
//! replica reading its disk and filling its links.

use crate::ids::{ReplicaId, Span, Time};
use crate::message::FetchRequest;
use crate::snapshot::SnapshotRequest;
use alloc::collections::BTreeMap;

/// What a peer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Blocks(FetchRequest),
    Snapshot(SnapshotRequest),
}

/// The latest request of each peer that waits for its turn: one for each peer that there is a link to.
#[derive(Clone, Default)]
pub(crate) struct Serving {
    peers: BTreeMap<ReplicaId, Peer>,
}

#[derive(Clone)]
struct Peer {
    /// Not served again before.
    due: Time,
    /// Not told again before.
    tell_due: Time,
    waiting: Option<Request>,
}

const NEW: Peer = Peer { due: Time(0), tell_due: Time(0), waiting: None };

impl Serving {
    /// Takes a request in, in place of one of the same peer that waits.
    pub(crate) fn ask(&mut self, peer: ReplicaId, request: Request) {
        self.peers.entry(peer).or_insert(NEW).waiting = Some(request);
    }

    /// Whether a peer that is seen to be behind is told so at `now`; then it is not told again for `interval`.
    pub(crate) fn tell(&mut self, peer: ReplicaId, now: Time, interval: Span) -> bool {
        let peer = self.peers.entry(peer).or_insert(NEW);
        let is_due = peer.tell_due <= now;
        if is_due {
            peer.tell_due = now + interval;
        }
        is_due
    }

    /// The next request to serve at `now`; its peer is not served again for `interval`.
    pub(crate) fn next(&mut self, now: Time, interval: Span) -> Option<(ReplicaId, Request)> {
        self.peers.retain(|_, peer| peer.waiting.is_some() || peer.due.max(peer.tell_due) > now);
        let (id, peer) = self.peers.iter_mut().find(|(_, peer)| peer.waiting.is_some() && peer.due <= now)?;
        peer.due = now + interval;
        Some((*id, peer.waiting.take()?))
    }

    /// When the next waiting request is due.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.peers.values().filter(|peer| peer.waiting.is_some()).map(|peer| peer.due).min()
    }

    /// How many peers are held.
    pub(crate) fn len(&self) -> usize {
        self.peers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Epoch, Height};

    const INTERVAL: Span = Span(10);

    fn blocks(above: u64) -> Request {
        Request::Blocks(FetchRequest { above: Height(above), target: None, epoch: Epoch(0) })
    }

    #[test]
    fn a_flood_of_requests_is_served_once_in_a_while_and_the_latest_counts() {
        let mut serving = Serving::default();
        let mut served = 0;
        for time in 0..100 {
            serving.ask(ReplicaId(1), blocks(time));
            while let Some((peer, request)) = serving.next(Time(time), INTERVAL) {
                assert_eq!((peer, request), (ReplicaId(1), blocks(time)));
                served += 1;
            }
        }
        assert_eq!((served, serving.len()), (10, 1));
        assert_eq!(serving.deadline(), Some(Time(100)));
        assert_eq!(serving.next(Time(100), INTERVAL), Some((ReplicaId(1), blocks(99))));
        assert_eq!((serving.deadline(), serving.next(Time(110), INTERVAL)), (None, None));
        assert_eq!(serving.len(), 0, "who asks no more is forgotten");
    }

    #[test]
    fn one_who_is_behind_is_told_once_in_a_while() {
        let mut serving = Serving::default();
        let told = (0..100).filter(|time| serving.tell(ReplicaId(1), Time(*time), INTERVAL)).count();
        assert_eq!((told, serving.len()), (10, 1));
        assert!(serving.tell(ReplicaId(2), Time(99), INTERVAL), "each by itself");
        serving.ask(ReplicaId(1), blocks(1));
        assert!(serving.next(Time(99), INTERVAL).is_some(), "what is asked for has its own turn");
        assert_eq!((serving.next(Time(109), INTERVAL), serving.len()), (None, 0));
    }

    #[test]
    fn one_who_floods_does_not_keep_another_waiting() {
        let mut serving = Serving::default();
        serving.ask(ReplicaId(1), blocks(1));
        assert!(serving.next(Time(5), INTERVAL).is_some());
        serving.ask(ReplicaId(1), blocks(2));
        serving.ask(ReplicaId(2), blocks(3));
        assert_eq!(serving.next(Time(6), INTERVAL), Some((ReplicaId(2), blocks(3))));
        assert_eq!(serving.next(Time(6), INTERVAL), None);
        assert_eq!(serving.deadline(), Some(Time(15)));
    }
}
