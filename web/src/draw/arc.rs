//! The arc around a replica that drains until its timer fires, and the mark once it gave up.

use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point, Shape};
use crate::model::Replica;
use crate::model::replica::key;
use hotstuff_core::Time;
use std::f64::consts::{FRAC_PI_2, TAU};

/// Adds the arc of `replica`, which stands at `at` with `radius`.
pub fn add(scene: &mut Scene, replica: &Replica, at: Point, radius: f64, now: Time) {
    if !replica.is_up() {
        return;
    }
    if let Some(left) = left(replica, now) {
        scene.add(Shape::Circle { at, radius }).stroke(Role::Faint, 3.0);
        let arc = Shape::Arc { at, radius, from: -FRAC_PI_2, to: -FRAC_PI_2 + TAU * left };
        let role = if replica.gave_up { Role::Bad } else { Role::Accent };
        scene.add(arc).stroke(role, 3.0).tag("timer", key(replica.id), format!("{left:.3}"));
    }
    if replica.gave_up {
        let exponent = replica.status.as_ref().map_or(0, |status| status.timeout_exponent);
        let mark = at.towards(-FRAC_PI_2 / 2.0, radius + 9.0);
        scene.add(Shape::regular(mark, 8.0, 3, -FRAC_PI_2)).fill(Role::Bad).tag(
            "gave-up",
            key(replica.id),
            format!("back-off {exponent}"),
        );
        if exponent > 0 {
            let label = Point::new(mark.x + 10.0, mark.y);
            scene.title(label, format!("×{}", 1u64 << exponent.min(32)), 11.0, Anchor::Start, Role::Bad);
        }
    }
}

/// Which part of the time to the next timer is left.
fn left(replica: &Replica, now: Time) -> Option<f64> {
    let deadline = replica.deadline?;
    let whole = (deadline - replica.view_since).0;
    (whole > 0).then(|| ((deadline - now).0 as f64 / whole as f64).clamp(0.0, 1.0))
}
