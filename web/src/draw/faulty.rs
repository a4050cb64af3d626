//! How a faulty replica looks: horns where it does not keep to the protocol, a torn disk where it has lost its own.

use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Point, Shape};
use crate::model::Replica;
use crate::model::replica::{Fault, key};
use std::f64::consts::{FRAC_PI_2, PI};

/// Adds what shows that `replica` is faulty.
pub fn add(scene: &mut Scene, replica: &Replica, at: Point, radius: f64) {
    match replica.fault {
        Some(Fault::Corrupt(conduct)) => {
            horns(scene, at, radius);
            tag(scene, replica, &conduct.to_string());
        }
        Some(Fault::Amnesiac) => {
            torn_disk(scene, Point::new(at.x + radius * 0.86, at.y + radius * 0.8));
            tag(scene, replica, "amnesiac");
        }
        Some(Fault::Twin) => tag(scene, replica, "twin"),
        None => {}
    }
}

/// How the line around a twin is broken: each of the two in its way.
#[must_use]
pub fn twin_dash(replica: &Replica) -> Option<&'static [f64]> {
    let is_twin = replica.fault == Some(Fault::Twin) || replica.id.twin;
    is_twin.then_some(if replica.id.twin { &[2.0, 3.0] } else { &[9.0, 3.0] })
}

fn tag(scene: &mut Scene, replica: &Replica, note: &str) {
    if let Some(last) = scene.items.last_mut().filter(|last| last.tag.is_none()) {
        last.tag("faulty", key(replica.id), note);
    }
}

/// Adds horns on a disk.
pub fn horns(scene: &mut Scene, at: Point, radius: f64) {
    for side in [-1.0, 1.0] {
        let foot = |turn: f64| at.towards(-FRAC_PI_2 + side * turn, radius * 0.96);
        let tip = at.towards(-FRAC_PI_2 + side * 0.72, radius * 1.5);
        scene
            .add(Shape::Polygon { points: vec![foot(0.45), tip, foot(0.95)] })
            .fill(Role::Bad)
            .stroke(Role::Ink, 1.0);
    }
}

/// Adds a disk with a tear through it.
pub fn torn_disk(scene: &mut Scene, at: Point) {
    scene
        .add(Shape::Box { at: Point::new(at.x - 8.0, at.y - 9.0), width: 16.0, height: 18.0, corner: 4.0 })
        .fill(Role::Surface)
        .stroke(Role::Bad, 1.5);
    scene
        .add(Shape::Arc { at: Point::new(at.x, at.y - 8.0), radius: 7.0, from: 0.2 * PI, to: 0.8 * PI })
        .stroke(Role::Bad, 1.2);
    let tear = [(-8.0, 2.0), (-3.0, -1.0), (0.0, 4.0), (4.0, 0.0), (8.0, 3.0)];
    let points = tear.iter().map(|(x, y)| Point::new(at.x + x, at.y + y)).collect();
    scene.add(Shape::Line { points }).stroke(Role::Bad, 1.8);
}
