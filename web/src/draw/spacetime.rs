//! The space-time diagram (Lamport, 1978): a line for each replica, time to the right, a stroke for each message from
//! where and when it was sent to where and when it arrived.

use crate::draw::message;
use crate::draw::role::Role;
use crate::draw::scene::Scene;
use crate::draw::shape::{Anchor, Point, Shape};
use crate::model::replica::key;
use crate::model::trail::Sign;
use crate::model::{Flight, Reach, Session};
use hotstuff_core::{Span, Time};
use hotstuff_sim::HostId;
use std::f64::consts::FRAC_PI_2;

const LEFT: f64 = 44.0;
const HEAD: f64 = 24.0;
const FOOT: f64 = 10.0;
/// How much of the width is for what is to come.
const AHEAD: f64 = 0.12;
/// How much of its way a lost message is drawn for.
const LOST_AT: f64 = 0.6;

/// The least and the most time that is shown at once.
pub const SPAN_MIN: Span = Span(100_000);
/// See [`SPAN_MIN`].
pub const SPAN_MAX: Span = Span(20_000_000);

/// The diagram of `session` up to now, over `span`, in a picture of this size.
#[must_use]
pub fn scene(session: &Session, span: Span, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let replicas = &session.cluster.replicas;
    if replicas.is_empty() || width < 2.0 * LEFT {
        return scene;
    }
    let plot = Plot::new(session, span, width, height);
    plot.axis(&mut scene, span);
    for (position, replica) in replicas.iter().enumerate() {
        let y = plot.lane(position);
        let line = Shape::Line { points: vec![Point::new(LEFT, y), Point::new(width, y)] };
        scene.add(line).stroke(Role::Faint, 1.0);
        if replicas.len() <= 40 || position % 5 == 0 {
            let role = if replica.is_up() { Role::Ink } else { Role::Bad };
            scene.title(Point::new(LEFT - 10.0, y), replica.id.to_string(), 11.0, Anchor::End, role);
        }
    }
    for flight in &session.trail.flights {
        plot.flight(&mut scene, flight);
    }
    plot.marks(&mut scene);
    let now = plot.x(session.clock);
    let line = Shape::Line { points: vec![Point::new(now, HEAD - 6.0), Point::new(now, height - FOOT)] };
    scene.add(line).stroke(Role::Accent, 1.5).tag("now", 0, "");
    scene
}

struct Plot<'a> {
    session: &'a Session,
    from: Time,
    per_us: f64,
    width: f64,
    step: f64,
}

impl<'a> Plot<'a> {
    fn new(session: &'a Session, span: Span, width: f64, height: f64) -> Self {
        let from = Time(session.clock.0.saturating_sub((span.0 as f64 * (1.0 - AHEAD)) as u64));
        let per_us = (width - LEFT) / span.0.max(1) as f64;
        let step = (height - HEAD - FOOT) / session.cluster.replicas.len() as f64;
        Self { session, from, per_us, width, step }
    }

    fn x(&self, time: Time) -> f64 {
        LEFT + (time.0 as f64 - self.from.0 as f64) * self.per_us
    }

    fn lane(&self, position: usize) -> f64 {
        HEAD + self.step * (position as f64 + 0.5)
    }

    fn y(&self, host: HostId) -> Option<f64> {
        let position = self.session.cluster.replicas.iter().position(|replica| replica.id == host)?;
        Some(self.lane(position))
    }

    /// Ticks at round times.
    fn axis(&self, scene: &mut Scene, span: Span) {
        let every = [10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000];
        let every = every.into_iter().find(|every| span.0 / every <= 10).unwrap_or(5_000_000);
        let until = self.from.0 + span.0;
        for tick in (self.from.0.div_ceil(every)..=until / every).map(|tick| Time(tick * every)) {
            let x = self.x(tick);
            let line = vec![Point::new(x, HEAD - 4.0), Point::new(x, scene.height - FOOT)];
            scene.add(Shape::Line { points: line }).stroke(Role::Band, 1.0);
            let text = format!("{} s", tick.0 as f64 / 1e6);
            scene.text(Point::new(x, HEAD / 2.0 - 1.0), text, 10.0, Anchor::Middle, Role::Muted);
        }
    }

    fn flight(&self, scene: &mut Scene, flight: &Flight) {
        let (Some(from), Some(to)) = (self.y(flight.from), self.y(flight.to)) else { return };
        let (start, end) = (Point::new(self.x(flight.sent), from), Point::new(self.x(flight.arrives), to));
        if end.x < LEFT || start.x > self.width {
            return;
        }
        let end = if flight.dropped { start.between(end, LOST_AT) } else { end };
        // What sticks out at the left begins there.
        let start = if start.x < LEFT {
            start.between(end, (LEFT - start.x) / (end.x - start.x).max(1.0))
        } else {
            start
        };
        let is_chosen = self.session.selection.message() == Some(flight.id);
        let line = scene.add(Shape::Line { points: vec![start, end] });
        line.stroke(Role::of(flight.from.replica), if is_chosen { 3.0 } else { 1.2 }).alpha(0.8);
        let note = format!("{} from {} to {}", flight.kind, flight.from, flight.to);
        line.tag("crossing", flight.id, if flight.dropped { format!("{note}, lost") } else { note });
        if flight.dropped {
            line.dash(&[3.0, 3.0]);
            message::cross(scene, end, 3.5);
        } else if self.step > 14.0 && end.x >= LEFT {
            scene
                .add(message::symbol(flight.kind, end, 3.2))
                .fill(Role::of(flight.from.replica))
                .stroke(Role::Ink, 0.6);
        }
    }

    fn marks(&self, scene: &mut Scene) {
        for mark in &self.session.trail.marks {
            let (x, Some(y)) = (self.x(mark.time), self.y(mark.host)) else { continue };
            if x < LEFT || x > self.width {
                continue;
            }
            let at = Point::new(x, y);
            let id = format!("{}@{}", mark.at, key(mark.host));
            match &mark.what {
                Sign::View(view) => {
                    let line = vec![Point::new(x, y - 5.0), Point::new(x, y + 5.0)];
                    scene.add(Shape::Line { points: line }).stroke(Role::Ink, 1.5).tag(
                        "moment",
                        id,
                        format!("view {view}"),
                    );
                    if self.step > 22.0 {
                        scene.text(
                            Point::new(x + 2.0, y - 9.0),
                            format!("v{view}"),
                            9.0,
                            Anchor::Start,
                            Role::Muted,
                        );
                    }
                }
                Sign::Proposed(view) => {
                    let shape = message::symbol(hotstuff_core::message::MessageKind::Proposal, at, 4.5);
                    scene.add(shape).fill(Role::Surface).stroke(Role::Ink, 1.5).tag(
                        "moment",
                        id,
                        format!("proposed {view}"),
                    );
                }
                Sign::Certified(view) => {
                    scene.add(Shape::regular(at, 5.5, 6, 0.0)).fill(Role::Accent).tag(
                        "moment",
                        id,
                        format!("certified {view}"),
                    );
                }
                Sign::Committed(height) => {
                    let tick = [(-4.0, 8.0), (-1.0, 11.0), (5.0, 4.0)];
                    let points = tick.iter().map(|(dx, dy)| Point::new(x + dx, y + dy)).collect();
                    scene.add(Shape::Line { points }).stroke(Role::Good, 2.0).tag(
                        "moment",
                        id,
                        format!("committed {height}"),
                    );
                }
                Sign::TimedOut(view) => {
                    scene.add(Shape::regular(at, 6.0, 3, -FRAC_PI_2)).fill(Role::Bad).tag(
                        "moment",
                        id,
                        format!("timed out {view}"),
                    );
                }
                Sign::Refused(view) => {
                    message::cross(scene, Point::new(x, y + 8.0), 3.0);
                    let dot = Shape::Circle { at: Point::new(x, y + 8.0), radius: 1.0 };
                    scene.add(dot).fill(Role::Bad).tag("moment", id, format!("refused {view}"));
                }
                Sign::Reach(reach) => {
                    let role = if *reach == Reach::Up { Role::Good } else { Role::Bad };
                    scene.add(Shape::Circle { at, radius: 6.0 }).fill(Role::Surface).stroke(role, 2.5).tag(
                        "moment",
                        id,
                        reach.word(),
                    );
                }
                Sign::Fault => {
                    scene.add(Shape::regular(at, 5.0, 4, 0.0)).fill(Role::Bad).tag("moment", id, "fault");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::tests::{begun, drive, order};
    use crate::source::Order;
    use hotstuff_core::ReplicaId;
    use hotstuff_sim::Intervention;

    #[test]
    fn every_message_of_the_span_is_a_stroke_and_what_happened_is_marked() {
        let mut source = begun(7);
        let mut session = drive(&mut source, 1_500);
        order(&mut source, &mut session, Order::Intervene(Intervention::Kill(ReplicaId(2).into())));
        order(&mut source, &mut session, Order::Advance(Time(3_000_000)));
        let span = Span(1_000_000);
        let scene = scene(&session, span, 900.0, 200.0);
        let tags = |kind: &str| {
            scene.items.iter().filter_map(|item| item.tag.as_ref()).filter(|tag| tag.kind == kind).count()
        };
        let from = Time(session.clock.0 - 880_000);
        let within = session.trail.flights.iter().filter(|flight| flight.arrives >= from).count();
        assert!(within > 10);
        assert_eq!(tags("crossing"), within);
        assert_eq!(tags("now"), 1);
        let whole = super::scene(&session, Span(3_000_000), 900.0, 200.0);
        let notes: Vec<&str> =
            whole.items.iter().filter_map(|item| item.tag.as_ref()).map(|tag| tag.note.as_str()).collect();
        for note in ["crashed", "timed out", "committed", "certified", "view", "proposed"] {
            assert!(notes.iter().any(|found| found.starts_with(note)), "{note}");
        }
        let xs = scene.items.iter().filter_map(|item| item.shape.centre()).map(|at| at.x);
        assert!(xs.into_iter().all(|x| x > 0.0 && x < 1_400.0));
    }
}
