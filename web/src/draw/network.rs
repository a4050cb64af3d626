//! The network: replicas on a ring, messages on the chords between them.

use crate::draw::replica::{self, Stand};
use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point, Shape};
use crate::draw::{crowd, cuts, message};
use crate::model::{Flight, Replica, Session};
use hotstuff_sim::HostId;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

// Messages both ways on one chord keep to their own side of it.
const LANE: f64 = 6.0;
// How much of a message's way a lost one goes before its cross is left behind.
const LOST_AT: f64 = 0.6;
// From this many replicas on, nothing is written beside them.
const CROWD: usize = 7;

/// Where the replicas of a ring stand.
#[derive(Clone, Debug)]
pub struct Ring {
    centre: Point,
    across: f64,
    down: f64,
    count: usize,
    /// The radius of each replica.
    pub radius: f64,
}

impl Ring {
    /// A ring of `count` replicas that fits a picture of this size with all that stands around them.
    #[must_use]
    pub fn new(width: f64, height: f64, count: usize) -> Self {
        let crowding = (count.max(4) as f64).sqrt() / 2.0;
        let least = if count < crowd::FROM { 14.0 } else { 5.0 };
        let around = (width + height) * 1.4 / (count as f64 * 3.2);
        let radius = (width.min(height) / (11.0 * crowding)).min(around.max(least)).clamp(least, 30.0);
        let (above, below, beside) =
            (radius * 2.0 + 14.0, radius + if count < CROWD { 42.0 } else { 14.0 }, radius + 34.0);
        let down = ((height - above - below) / 2.0).max(20.0);
        let across = ((width - 2.0 * beside) / 2.0).clamp(20.0, down * 1.9);
        Self { centre: Point::new(width / 2.0, above + down), across, down, count, radius }
    }

    /// Where the replica at `position` stands; the first is at the top, the others follow clockwise.
    #[must_use]
    pub fn at(&self, position: usize) -> Point {
        let angle = TAU * position as f64 / self.count.max(1) as f64 - FRAC_PI_2;
        Point::new(self.centre.x + self.across * angle.cos(), self.centre.y + self.down * angle.sin())
    }
}

/// The network of `session` in a picture of this size. With `still`, messages stand in the middle
/// of their way instead of moving.
#[must_use]
pub fn scene(session: &Session, width: f64, height: f64, still: bool) -> Scene {
    let mut scene = Scene::new(width, height);
    let replicas = &session.cluster.replicas;
    if replicas.is_empty() {
        let middle = Point::new(width / 2.0, height / 2.0);
        scene.text(middle, "No replica is in sight yet", 13.0, Anchor::Middle, Role::Muted);
        return scene;
    }
    let ring = Ring::new(width, height, replicas.len());
    edges(&mut scene, &ring, replicas);
    cuts::add(&mut scene, &ring, replicas, &session.cuts);
    let leaders = session.cluster.leaders();
    for (position, replica) in replicas.iter().enumerate() {
        let stand = Stand {
            at: ring.at(position),
            radius: ring.radius,
            leads: leaders.is_some_and(|(leader, _)| leader == replica.id.replica),
            leads_next: leaders.is_some_and(|(_, next)| next == replica.id.replica),
            selected: session.selection.replica() == Some(replica.id),
            crowded: replicas.len() >= CROWD,
            tiny: replicas.len() >= crowd::FROM,
        };
        replica::add(&mut scene, replica, stand, session.clock);
    }
    if replicas.len() >= crowd::FROM {
        crowd::add(&mut scene, &ring, session, still);
        return scene;
    }
    let size = if replicas.len() >= CROWD { 5.0 } else { 6.5 };
    let is_labelled = replicas.len() <= 5;
    for flight in &session.flights {
        if let Some(at) = place(&ring, replicas, flight, session, still) {
            message::add(&mut scene, flight, at, size, is_labelled);
        }
    }
    scene
}

fn edges(scene: &mut Scene, ring: &Ring, replicas: &[Replica]) {
    if replicas.len() >= crowd::FROM {
        return;
    }
    for (from, a) in replicas.iter().enumerate() {
        for (to, b) in replicas.iter().enumerate().skip(from + 1) {
            let line = Shape::Line { points: vec![ring.at(from), ring.at(to)] };
            let edge = scene.add(line).stroke(Role::Faint, 1.0);
            if !a.is_up() || !b.is_up() {
                edge.dash(&[2.0, 5.0]);
            }
        }
    }
}

fn place(
    ring: &Ring,
    replicas: &[Replica],
    flight: &Flight,
    session: &Session,
    still: bool,
) -> Option<Point> {
    let (start, end) = lane(ring, replicas, flight)?;
    if flight.sent > session.clock {
        return None;
    }
    let progress = if still { 0.5 } else { flight.progress(session.clock) };
    let progress = if flight.dropped { progress * LOST_AT } else { progress };
    Some(start.between(end, progress))
}

/// Where a message leaves its sender, and where it reaches its receiver.
#[must_use]
pub fn lane(ring: &Ring, replicas: &[Replica], flight: &Flight) -> Option<(Point, Point)> {
    let position = |id: HostId| replicas.iter().position(|replica| replica.id == id);
    let (from, to) = (ring.at(position(flight.from)?), ring.at(position(flight.to)?));
    let angle = from.angle_to(to);
    // Clear of the disk and its timer's arc, and on its own side of the chord.
    let edge = ring.radius + 14.0;
    let (start, end) = (from.towards(angle, edge), to.towards(angle + PI, edge));
    Some((start.towards(angle + FRAC_PI_2, LANE), end.towards(angle + FRAC_PI_2, LANE)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::role::Role;
    use crate::draw::scene::{Fill, Tag};
    use crate::sandbox::tests::{begun, drive};
    use crate::source::{Order, Source};
    use hotstuff_core::ReplicaId;
    use hotstuff_sim::Intervention;

    fn tags<'a>(scene: &'a Scene, kind: &str) -> Vec<&'a Tag> {
        let tags = scene.items.iter().filter_map(|item| item.tag.as_ref());
        tags.filter(|tag| tag.kind == kind).collect()
    }

    #[test]
    fn the_picture_shows_the_leaders_and_every_message_under_way() {
        let session = drive(&mut begun(7), 800);
        let scene = scene(&session, 700.0, 400.0, false);
        let (leader, next) = session.cluster.leaders().unwrap();
        let crowns: Vec<_> =
            tags(&scene, "crown").iter().map(|tag| (tag.id.clone(), tag.note.clone())).collect();
        assert_eq!(crowns.len(), 2);
        assert!(crowns.contains(&(leader.0.to_string(), "leader".into())), "{crowns:?}");
        assert!(crowns.contains(&(next.0.to_string(), "next leader".into())), "{crowns:?}");
        assert!(!session.flights.is_empty());
        assert_eq!(tags(&scene, "message").len(), session.flights.len());
        assert_eq!(tags(&scene, "timer").len(), 4);
    }

    #[test]
    fn a_crashed_replica_is_hollow() {
        let mut source = begun(7);
        source.send(Order::Intervene(Intervention::Kill(ReplicaId(2).into())));
        let scene = scene(&drive(&mut source, 300), 700.0, 400.0, false);
        let disk = |id: &str| {
            let is_it = |tag: &Tag| tag.kind == "replica" && tag.id == id;
            scene.items.iter().find(|item| item.tag.as_ref().is_some_and(is_it)).unwrap()
        };
        assert_eq!(disk("1").fill, Some(Fill::Solid(Role::Hue(1))));
        assert_eq!(disk("2").fill, Some(Fill::Solid(Role::Surface)));
        assert!(!disk("2").stroke.as_ref().unwrap().dash.is_empty());
        assert_eq!(disk("2").tag.as_ref().unwrap().note.split(',').next(), Some("crashed"));
    }

    #[test]
    fn drawing_with_less_motion_keeps_messages_in_the_middle_of_their_way() {
        let mut session = drive(&mut begun(7), 800);
        let early = scene(&session, 700.0, 400.0, true);
        session.clock = session.clock + hotstuff_core::Span(1);
        let late = scene(&session, 700.0, 400.0, true);
        let places = |scene: &Scene| -> Vec<Shape> {
            let is_message =
                |item: &&crate::draw::Item| item.tag.as_ref().is_some_and(|tag| tag.kind == "message");
            scene.items.iter().filter(is_message).map(|item| item.shape.clone()).collect()
        };
        assert_eq!(places(&early), places(&late));
    }

    #[test]
    fn replicas_of_a_ring_fit_and_do_not_touch() {
        for (width, height) in [(340.0, 300.0), (700.0, 400.0), (1_000.0, 500.0)] {
            for count in 4..=10 {
                let ring = Ring::new(width, height, count);
                let room = if count < CROWD { 35.0 } else { 8.0 };
                for one in 0..count {
                    let at = ring.at(one);
                    assert!(at.x > ring.radius && at.x < width - ring.radius, "{width} {count} {at:?}");
                    assert!(
                        at.y > ring.radius && at.y < height - ring.radius - room,
                        "{height} {count} {at:?}"
                    );
                    for other in 0..one {
                        let apart = at.distance(ring.at(other));
                        assert!(apart > 2.0 * ring.radius + 16.0, "{width} {count}: {apart}");
                    }
                }
            }
        }
    }
}
