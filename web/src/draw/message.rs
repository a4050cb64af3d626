//! Messages: a shape for each kind, a number for the view, a cross for those that get lost.

use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point, Shape};
use crate::model::Flight;
use hotstuff_core::message::MessageKind;
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// Adds `flight` at `at`, in its sender's hue.
pub fn add(scene: &mut Scene, flight: &Flight, at: Point, size: f64, is_labelled: bool) {
    let role = Role::of(flight.from.replica);
    let note = format!("{} from {} to {}", flight.kind, flight.from, flight.to);
    scene
        .add(symbol(flight.kind, at, size))
        .fill(role)
        .stroke(Role::Ink, 1.0)
        .alpha(if flight.dropped { 0.45 } else { 1.0 })
        .tag("message", flight.id, if flight.dropped { format!("{note}, lost") } else { note });
    if flight.dropped {
        cross(scene, at, size);
    } else if is_labelled && let Some(view) = flight.view {
        let label = Point::new(at.x, at.y - size - 7.0);
        scene.text(label, view.to_string(), 10.0, Anchor::Middle, Role::Muted);
    }
}

/// The shape of a kind of message.
#[must_use]
pub fn symbol(kind: MessageKind, at: Point, size: f64) -> Shape {
    match kind {
        MessageKind::Proposal => Shape::Box {
            at: Point::new(at.x - size, at.y - size),
            width: 2.0 * size,
            height: 2.0 * size,
            corner: 1.5,
        },
        MessageKind::Vote => Shape::Circle { at, radius: size * 0.95 },
        MessageKind::NewView => Shape::regular(at, size * 1.35, 4, 0.0),
        MessageKind::Timeout => Shape::regular(at, size * 1.35, 3, -FRAC_PI_2),
        MessageKind::FetchRequest
        | MessageKind::FetchResponse
        | MessageKind::SnapshotRequest
        | MessageKind::SnapshotChunk => Shape::regular(at, size * 1.2, 6, 0.0),
    }
}

/// Adds the cross of what gets lost.
pub fn cross(scene: &mut Scene, at: Point, size: f64) {
    for turn in [FRAC_PI_4, -FRAC_PI_4] {
        let points = vec![at.towards(turn, size * 1.5), at.towards(turn, -size * 1.5)];
        scene.add(Shape::Line { points }).stroke(Role::Bad, 2.0);
    }
}
