//! What a visitor draws on the network with a finger or a mouse, and what it does: a message along its lane, to the
//! bin or once more, and a line around replicas. Pure: the picture's size and the session decide.

use crate::draw::network::{Ring, lane};
use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point, Shape};
use crate::model::{Flight, Selection, Session};
use hotstuff_core::{Span, Time};
use hotstuff_sim::{HostId, Intervention};

/// A press that moves less than this is a press alone.
const STILL: f64 = 6.0;
/// How far from a message's middle it can be gripped.
const REACH: f64 = 11.0;
/// The bin's size and its distance from the corner.
const BIN: f64 = 44.0;
/// The longest that a message is held up by being pulled back to its sender.
const HELD_UP_MAX: Span = Span(5_000_000);

/// A gesture under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Gesture {
    grip: Grip,
    path: Vec<Point>,
}

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grip {
    Message(u64),
    Replica(HostId),
    Nothing,
}

/// What comes of a gesture.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Something is looked at.
    Select(Selection),
    /// Something is done.
    Intervene(Intervention),
}

impl Gesture {
    /// A gesture that begins with a press at `at`, in the picture `scene` of `session`.
    #[must_use]
    pub fn begin(session: &Session, scene: &Scene, at: Point) -> Self {
        let grip = if let Some(flight) = gripped(session, scene, at) {
            Grip::Message(flight.id)
        } else {
            let tag = scene.hit(at, &["replica"]);
            tag.and_then(|tag| crate::model::replica::host_of(&tag.id)).map_or(Grip::Nothing, Grip::Replica)
        };
        Self { grip, path: vec![at] }
    }

    /// It goes on to `at`.
    pub fn go(&mut self, at: Point) {
        self.path.push(at);
    }

    /// Whether it is more than a press.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        let start = self.path[0];
        self.path.iter().any(|at| at.distance(start) > STILL)
    }

    /// What comes of it when it ends; `again` where what is held is to be doubled.
    #[must_use]
    pub fn end(&self, session: &Session, width: f64, height: f64, again: bool) -> Option<Outcome> {
        let at = *self.path.last()?;
        match self.grip {
            Grip::Message(id) if !self.is_drawn() => Some(Outcome::Select(Selection::Message(id))),
            Grip::Message(id) if is_in_bin(at, height) => {
                Some(Outcome::Intervene(Intervention::DropMessage(id)))
            }
            Grip::Message(id) => {
                let flight = session.flights.iter().find(|flight| flight.id == id)?;
                let arrives = arrival(session, flight, at, width, height)?;
                Some(Outcome::Intervene(if again {
                    Intervention::RepeatMessage { id, arrives }
                } else {
                    Intervention::DelayMessage { id, arrives }
                }))
            }
            Grip::Replica(id) if !self.is_drawn() => Some(Outcome::Select(Selection::Replica(id))),
            Grip::Replica(_) => None,
            Grip::Nothing if !self.is_drawn() => Some(Outcome::Select(Selection::Nothing)),
            Grip::Nothing => self.partition(session, width, height).map(Outcome::Intervene),
        }
    }

    /// The replicas within the line, and the others.
    fn partition(&self, session: &Session, width: f64, height: f64) -> Option<Intervention> {
        let replicas = &session.cluster.replicas;
        let ring = Ring::new(width, height, replicas.len());
        let (within, without): (Vec<_>, Vec<_>) =
            (0..).zip(replicas).partition(|(position, _)| is_within(&self.path, ring.at(*position)));
        let ids = |group: Vec<(usize, &crate::model::Replica)>| -> Vec<HostId> {
            group.into_iter().map(|(_, replica)| replica.id).collect()
        };
        let (within, without) = (ids(within), ids(without));
        (!within.is_empty() && !without.is_empty()).then(|| Intervention::Partition(vec![within, without]))
    }

    /// Adds what is seen of it.
    pub fn draw(&self, scene: &mut Scene) {
        match self.grip {
            Grip::Message(_) => {
                let over = self.path.last().is_some_and(|at| is_in_bin(*at, scene.height));
                bin(scene, over);
                if let Some(at) = self.path.last() {
                    scene.add(Shape::Circle { at: *at, radius: 11.0 }).stroke(Role::Accent, 2.0);
                }
            }
            Grip::Nothing if self.is_drawn() => {
                let points = self.path.clone();
                scene.add(Shape::Polygon { points: points.clone() }).fill(Role::Accent).alpha(0.12);
                scene
                    .add(Shape::Line { points })
                    .stroke(Role::Accent, 2.0)
                    .dash(&[5.0, 4.0])
                    .tag("lasso", 0, "");
            }
            _ => {}
        }
    }
}

/// The message nearest to `at`, if one is within reach.
fn gripped<'a>(session: &'a Session, scene: &Scene, at: Point) -> Option<&'a Flight> {
    let messages = scene.items.iter().filter_map(|item| {
        let tag = item.tag.as_ref().filter(|tag| tag.kind == "message")?;
        Some((item.shape.centre()?.distance(at), tag))
    });
    let near = messages.filter(|(distance, _)| *distance <= REACH);
    let (_, tag) = near.min_by(|one, other| one.0.total_cmp(&other.0))?;
    session.flights.iter().find(|flight| flight.id.to_string() == tag.id)
}

/// When a message arrives that is put to `at` on its lane now: it goes on from there as fast as it then is.
fn arrival(session: &Session, flight: &Flight, at: Point, width: f64, height: f64) -> Option<Time> {
    let replicas = &session.cluster.replicas;
    let ring = Ring::new(width, height, replicas.len());
    let (start, end) = lane(&ring, replicas, flight)?;
    let (across, down) = (end.x - start.x, end.y - start.y);
    let length = (across * across + down * down).max(1.0);
    let share = ((at.x - start.x) * across + (at.y - start.y) * down) / length;
    if share >= 1.0 {
        return Some(session.clock);
    }
    let gone = (session.clock - flight.sent).0 as f64;
    let whole = gone / share.max(1e-3);
    let longest = (session.clock + HELD_UP_MAX).0;
    Some(Time((flight.sent.0 + whole as u64).clamp(session.clock.0, longest)))
}

fn is_in_bin(at: Point, height: f64) -> bool {
    at.x <= BIN + 12.0 && at.y >= height - BIN - 12.0
}

fn bin(scene: &mut Scene, is_over: bool) {
    let (at, role) =
        (Point::new(10.0, scene.height - BIN - 10.0), if is_over { Role::Bad } else { Role::Muted });
    scene
        .add(Shape::Box { at, width: BIN, height: BIN, corner: 8.0 })
        .fill(Role::Surface)
        .stroke(role, 2.0)
        .dash(&[4.0, 3.0])
        .tag("bin", 0, if is_over { "open" } else { "" });
    scene.text(Point::new(at.x + BIN / 2.0, at.y + BIN / 2.0), "lose", 11.0, Anchor::Middle, role);
}

/// Whether a closed line goes around a point (even-odd rule).
fn is_within(line: &[Point], at: Point) -> bool {
    let mut within = false;
    let mut last = line.last().copied().unwrap_or(at);
    for point in line {
        let crosses = (point.y > at.y) != (last.y > at.y);
        if crosses && at.x < (last.x - point.x) * (at.y - point.y) / (last.y - point.y) + point.x {
            within = !within;
        }
        last = *point;
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::network;
    use crate::sandbox::tests::{begun, drive};
    use hotstuff_core::ReplicaId;

    const SIZE: (f64, f64) = (700.0, 400.0);

    fn shown() -> (Session, Scene) {
        let session = drive(&mut begun(7), 800);
        let scene = network::scene(&session, SIZE.0, SIZE.1, false);
        (session, scene)
    }

    fn drawn(session: &Session, scene: &Scene, path: &[Point], again: bool) -> Option<Outcome> {
        let mut gesture = Gesture::begin(session, scene, path[0]);
        path[1..].iter().for_each(|at| gesture.go(*at));
        gesture.end(session, SIZE.0, SIZE.1, again)
    }

    fn message(session: &Session, scene: &Scene) -> (Flight, Point) {
        let places = scene.items.iter().filter_map(|item| {
            let tag = item.tag.as_ref().filter(|tag| tag.kind == "message")?;
            Some((tag.id.clone(), item.shape.centre()?))
        });
        let (id, at) = places.into_iter().next().expect("messages are on their way");
        let flight = session.flights.iter().find(|flight| flight.id.to_string() == id).unwrap();
        (flight.clone(), at)
    }

    #[test]
    fn a_message_is_held_up_hurried_lost_and_doubled_by_where_it_is_put() {
        let (session, scene) = shown();
        let (flight, at) = message(&session, &scene);
        let ring = Ring::new(SIZE.0, SIZE.1, 4);
        let (start, end) = lane(&ring, &session.cluster.replicas, &flight).unwrap();
        let arrives = |outcome: Option<Outcome>| match outcome {
            Some(Outcome::Intervene(Intervention::DelayMessage { id, arrives })) if id == flight.id => {
                arrives
            }
            other => panic!("{other:?}"),
        };
        let back = start.between(at, 0.5);
        if at.distance(back) > STILL {
            assert!(arrives(drawn(&session, &scene, &[at, back], false)) > flight.arrives);
        }
        let beyond = start.between(end, 1.5);
        assert_eq!(arrives(drawn(&session, &scene, &[at, beyond], false)), session.clock);
        let again = drawn(&session, &scene, &[at, beyond], true);
        assert_eq!(
            again,
            Some(Outcome::Intervene(Intervention::RepeatMessage { id: flight.id, arrives: session.clock }))
        );
        let to_bin = [at, Point::new(20.0, SIZE.1 - 20.0)];
        let lost = Outcome::Intervene(Intervention::DropMessage(flight.id));
        assert_eq!(drawn(&session, &scene, &to_bin, false), Some(lost));
        let pressed = drawn(&session, &scene, &[at], false);
        assert_eq!(pressed, Some(Outcome::Select(Selection::Message(flight.id))));
    }

    #[test]
    fn a_line_around_replicas_parts_them_from_the_others() {
        let (session, scene) = shown();
        let ring = Ring::new(SIZE.0, SIZE.1, 4);
        let at = ring.at(1);
        let around = [(-50.0, -50.0), (50.0, -50.0), (50.0, 50.0), (-50.0, 50.0)];
        let around: Vec<Point> = around.iter().map(|(x, y)| Point::new(at.x + x, at.y + y)).collect();
        let host = |id| HostId::from(ReplicaId(id));
        let groups = vec![vec![host(1)], vec![host(0), host(2), host(3)]];
        let parted = Outcome::Intervene(Intervention::Partition(groups));
        assert_eq!(drawn(&session, &scene, &around, false), Some(parted));
        let all = [(1.0, 1.0), (699.0, 1.0), (699.0, 399.0), (1.0, 399.0)].map(|(x, y)| Point::new(x, y));
        assert_eq!(drawn(&session, &scene, &all, false), None, "there is no other side");
        let chosen = Outcome::Select(Selection::Replica(host(1)));
        assert_eq!(drawn(&session, &scene, &[at], false), Some(chosen));
        let nothing = Outcome::Select(Selection::Nothing);
        assert_eq!(drawn(&session, &scene, &[Point::new(3.0, 3.0)], false), Some(nothing));
    }
}
