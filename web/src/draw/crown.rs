//! The crown: filled for the leader, outlined for the next one.

use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Point, Shape};
use hotstuff_core::ReplicaId;

/// Adds a crown whose foot's middle is at `at`.
pub fn add(scene: &mut Scene, at: Point, width: f64, id: ReplicaId, is_next: bool) {
    let (half, height) = (width / 2.0, width * 0.72);
    let corners =
        [(-1.0, 0.0), (-1.0, -0.9), (-0.48, -0.42), (0.0, -1.0), (0.48, -0.42), (1.0, -0.9), (1.0, 0.0)];
    let points = corners.iter().map(|(x, y)| Point::new(at.x + x * half, at.y + y * height)).collect();
    let crown = scene.add(Shape::Polygon { points });
    if is_next {
        crown.fill(Role::Surface).stroke(Role::Accent, 1.5).tag("crown", id.0, "next leader");
    } else {
        crown.fill(Role::Accent).stroke(Role::Accent, 1.5).tag("crown", id.0, "leader");
    }
}
