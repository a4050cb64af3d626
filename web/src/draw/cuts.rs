//! Cuts: hulls around groups, scissors on edges, an arrow where only one way is cut.

use crate::draw::network::Ring;
use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point, Shape};
use crate::model::replica::key;
use crate::model::{Partition, Replica};
use hotstuff_sim::HostId;
use std::f64::consts::{PI, TAU};

/// From this many replicas on scissors would hide all else; groups still show.
const CROWD: usize = 17;
/// Points on the circle around a replica that a hull goes around.
const CORNERS: usize = 12;

/// Adds the cuts between `replicas`.
pub fn add(scene: &mut Scene, ring: &Ring, replicas: &[Replica], cuts: &[(HostId, HostId)]) {
    if cuts.is_empty() {
        return;
    }
    let hosts: Vec<HostId> = replicas.iter().map(|replica| replica.id).collect();
    let partition = Partition::of(&hosts, cuts);
    let place = |id: HostId| hosts.iter().position(|host| *host == id).map(|at| ring.at(at));
    for group in &partition.groups {
        let around: Vec<Point> = group
            .iter()
            .filter_map(|id| place(*id))
            .flat_map(|at| {
                (0..CORNERS)
                    .map(move |corner| at.towards(TAU * corner as f64 / CORNERS as f64, ring.radius + 16.0))
            })
            .collect();
        let name: Vec<String> = group.iter().map(|id| key(*id)).collect();
        scene.add(Shape::Polygon { points: hull(around) }).stroke(Role::Bad, 1.5).dash(&[7.0, 5.0]).tag(
            "group",
            name.join(" "),
            "",
        );
    }
    if replicas.len() >= CROWD {
        return;
    }
    let ways = |pairs: &[(HostId, HostId)]| -> Vec<(HostId, HostId, Point, Point)> {
        let placed = pairs.iter().filter_map(|(from, to)| Some((*from, *to, place(*from)?, place(*to)?)));
        placed.collect()
    };
    for (from, to, start, end) in ways(&partition.both) {
        scissors(scene, start.between(end, 0.5), format!("{}-{}", key(from), key(to)), "both ways");
    }
    for (from, to, start, end) in ways(&partition.one_way) {
        let at = start.between(end, 0.62);
        let angle = start.angle_to(end);
        let points = vec![at.towards(angle, -34.0), at.towards(angle, -12.0)];
        scene.add(Shape::Line { points }).stroke(Role::Bad, 1.5);
        scene.add(Shape::regular(at.towards(angle, -12.0), 5.0, 3, angle)).fill(Role::Bad);
        scissors(scene, at, format!("{}-{}", key(from), key(to)), "one way");
    }
}

/// Adds scissors.
pub fn scissors(scene: &mut Scene, at: Point, id: String, note: &str) {
    scene
        .add(Shape::Circle { at, radius: 8.0 })
        .fill(Role::Surface)
        .stroke(Role::Bad, 1.5)
        .tag("cut", id, note);
    scene.text(at, "✂", 12.0, Anchor::Middle, Role::Bad);
}

/// The convex hull, clockwise (Andrew's monotone chain, 1979).
fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|one, other| one.x.total_cmp(&other.x).then(one.y.total_cmp(&other.y)));
    let turns_right = |line: &[Point], next: Point| {
        let [.., before, last] = line else { return false };
        let turn = (next.angle_to(*last) - last.angle_to(*before) + 3.0 * PI) % TAU - PI;
        turn <= 0.0
    };
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut line: Vec<Point> = Vec::new();
        for point in points {
            while turns_right(&line, point) {
                line.pop();
            }
            line.push(point);
        }
        line.pop();
        line
    };
    let mut hull = half(&mut points.iter().copied());
    hull.extend(half(&mut points.iter().rev().copied()));
    hull
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hull_goes_around_all_points_and_has_none_within() {
        let corners = [(0.0, 0.0), (10.0, 0.0), (10.0, 8.0), (0.0, 8.0)].map(|(x, y)| Point::new(x, y));
        let mut points = corners.to_vec();
        points.extend([(5.0, 5.0), (2.0, 3.0), (5.0, 0.0)].map(|(x, y)| Point::new(x, y)));
        let hull = hull(points);
        assert_eq!(hull.len(), 4, "{hull:?}");
        assert!(corners.iter().all(|corner| hull.contains(corner)), "{hull:?}");
    }
}
