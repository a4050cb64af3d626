//! A lesson's other run beside the one that is shown: it follows in time, and is only looked at.

use crate::draw::camera::Camera;
use crate::model::Session;
use crate::model::link::{Piece, Sandbox};
use crate::source::report::Place;
use crate::source::worker::WorkerSource;
use crate::source::{Order, Source};
use hotstuff_core::Time;
use hotstuff_sim::LinkConfig;

/// The other run.
pub struct Beside {
    source: WorkerSource,
    /// What is known of it.
    pub session: Session,
    /// What of its tree is seen.
    pub camera: Camera,
    /// What it is called, and what the one is called that it is beside.
    pub labels: [&'static str; 2],
}

impl Beside {
    /// The other run of the lesson that is played; `None` where there is none.
    pub fn of(sandbox: &Sandbox, links: LinkConfig) -> Option<Self> {
        let Piece::Lesson(name, script) = &sandbox.piece else { return None };
        let scripts = sandbox.lesson()?.scripts;
        let other = u8::from(*script == 0);
        let labels = [scripts.get(usize::from(other))?.label, scripts.get(usize::from(*script))?.label];
        let mut source = WorkerSource::start();
        let sandbox = Sandbox { piece: Piece::Lesson(name.clone(), other), ..sandbox.anew() };
        source.send(Order::Begin(Box::new(sandbox), links));
        Some(Self { source, session: Session::default(), camera: Camera::default(), labels })
    }

    /// Takes in what came, and goes to where the run beside it is.
    pub fn follow(&mut self, now: Time) {
        for report in self.source.reports() {
            self.session.absorb(report);
        }
        if self.source.is_busy() || self.session.violation.is_some() && now > self.session.clock {
            return;
        }
        if now > self.session.clock {
            self.source.send(Order::Advance(now));
        } else if now < self.session.clock {
            self.source.send(Order::Seek(Place::Time(now)));
        }
    }
}
