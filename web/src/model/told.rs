//! Messages on their way in a real cluster, as far as their senders tell of them.

use crate::model::flight::NOMINAL_FLIGHT_US;
use crate::model::{Flight, Happening, Record};
use hotstuff_core::message::MessageKind;
use hotstuff_core::{Event, ReplicaId, Span, Time, View};
use hotstuff_sim::HostId;

/// How many are shown at once; beyond it, new ones are not.
const FLIGHTS_MAX: usize = 400;

/// Adds what `record` says was sent, as leaving at `now`.
pub fn add_flights(flights: &mut Vec<Flight>, record: &Record, all: &[HostId], now: Time) {
    let (Some(from), Happening::Event(event)) = (record.host, &record.what) else { return };
    let Some((kind, view, to)) = sent(event) else { return };
    let next = flights.last().map_or(0, |last| last.id + 1);
    let receivers = all.iter().filter(|id| **id != from && to.is_none_or(|only| only == id.replica));
    let room = FLIGHTS_MAX.saturating_sub(flights.len());
    for (id, receiver) in (next..).zip(receivers.take(room)) {
        flights.push(Flight {
            id,
            from,
            to: *receiver,
            kind,
            view,
            sent: now,
            arrives: now + Span(NOMINAL_FLIGHT_US),
            dropped: false,
        });
    }
}

/// What an event says its replica sent: to one, or to all others.
fn sent(event: &Event) -> Option<(MessageKind, Option<View>, Option<ReplicaId>)> {
    Some(match event {
        Event::Proposed(block) => (MessageKind::Proposal, Some(block.block.view), None),
        Event::Voted { block, collector } => (MessageKind::Vote, Some(block.view), Some(*collector)),
        Event::TimedOut { view, .. } => (MessageKind::Timeout, Some(*view), None),
        Event::FetchStarted { peer, .. } => (MessageKind::FetchRequest, None, Some(*peer)),
        Event::FetchServed { peer, .. } => (MessageKind::FetchResponse, None, Some(*peer)),
        Event::SnapshotServed { peer, .. } => (MessageKind::SnapshotChunk, None, Some(*peer)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_goes_to_all_others() {
        let event = Event::TimedOut { view: View(3), high_qc: View(1), exponent: 0, patience: None };
        let record = Record::event(Time(1), ReplicaId(1), event);
        let all: Vec<HostId> = (0..4).map(|id| ReplicaId(id).into()).collect();
        let mut flights = Vec::new();
        add_flights(&mut flights, &record, &all, Time(50));
        let to: Vec<_> = flights.iter().map(|flight| flight.to.replica.0).collect();
        assert_eq!(to, [0, 2, 3]);
        assert!(flights.iter().all(|flight| flight.kind == MessageKind::Timeout && flight.sent == Time(50)));
        for _ in 0..1_000 {
            add_flights(&mut flights, &record, &all, Time(50));
        }
        assert_eq!(flights.len(), FLIGHTS_MAX);
    }
}
