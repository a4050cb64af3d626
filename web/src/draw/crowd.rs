//! Messages of many replicas: those between the same parts of the ring, of one kind and about as far, are one symbol
//! with their number.

use crate::draw::message;
use crate::draw::network::{Ring, lane};
use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point};
use crate::model::{Flight, Session};
use hotstuff_core::message::MessageKind;
use std::collections::BTreeMap;

/// From this many replicas on messages are put together.
pub const FROM: usize = 32;
/// Parts of the ring.
const SECTORS: usize = 10;
/// Parts of a message's way.
const STAGES: f64 = 8.0;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bundle {
    from: usize,
    to: usize,
    kind: MessageKind,
    dropped: bool,
    stage: u32,
}

#[derive(Default)]
struct Sum {
    at: Point,
    count: u32,
}

/// Adds the messages on their way.
pub fn add(scene: &mut Scene, ring: &Ring, session: &Session, still: bool) {
    let replicas = &session.cluster.replicas;
    let places: BTreeMap<_, usize> = replicas.iter().map(|replica| replica.id).zip(0..).collect();
    let sector = |position: usize| position * SECTORS / replicas.len().max(1);
    let mut bundles: BTreeMap<Bundle, Sum> = BTreeMap::new();
    for flight in session.flights.iter().filter(|flight| flight.sent <= session.clock) {
        let (Some(from), Some(to)) = (places.get(&flight.from), places.get(&flight.to)) else { continue };
        let progress = if still { 0.5 } else { flight.progress(session.clock) };
        let Some((start, end)) = lane(ring, replicas, flight) else { continue };
        let at = start.between(end, progress);
        let Flight { kind, dropped, .. } = *flight;
        let stage = (progress * STAGES) as u32;
        let sum =
            bundles.entry(Bundle { from: sector(*from), to: sector(*to), kind, dropped, stage }).or_default();
        sum.at = Point::new(sum.at.x + at.x, sum.at.y + at.y);
        sum.count += 1;
    }
    for (bundle, Sum { at, count }) in bundles {
        let at = Point::new(at.x / f64::from(count), at.y / f64::from(count));
        let size = 3.0 + f64::from(count).sqrt();
        let role = if bundle.dropped { Role::Bad } else { Role::Accent };
        scene.add(message::symbol(bundle.kind, at, size)).fill(role).alpha(0.75).tag(
            "messages",
            count,
            bundle.kind.to_string(),
        );
        if count > 9 {
            scene.text(
                Point::new(at.x, at.y - size - 6.0),
                count.to_string(),
                9.0,
                Anchor::Middle,
                Role::Muted,
            );
        }
    }
}
