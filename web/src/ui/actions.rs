//! What the visitor can do, whatever with: button, key or pointer.

use crate::draw::camera::Camera;
use crate::model::link::{Piece, Sandbox, Target};
use crate::model::operation::{self, Request};
use crate::model::replica::key;
use crate::model::session::{Ends, Mode};
use crate::model::{Selection, Session};
use crate::source::live::LiveSource;
use crate::source::pacer::Pacer;
use crate::source::question::{Answer, Question};
use crate::source::report::{Place, Way};
use crate::source::worker::WorkerSource;
use crate::source::{Order, StepTo};
use crate::ui::beside::Beside;
use crate::ui::stage::{Backstage, Stage};
use crate::ui::{address, prefs};
use hotstuff_core::Span;
use hotstuff_sim::swarm::Hunt;
use hotstuff_sim::timeline::BranchId;
use hotstuff_sim::{HostId, Intervention, LinkConfig};

/// Links of a sandbox as they are at first: slow enough to watch.
pub const LINKS: LinkConfig = LinkConfig {
    delay_min_us: Span::millis(20),
    delay_max_us: Span::millis(60),
    loss_ppm: 0,
    repeat_ppm: 0,
    late_ppm: 0,
    late_max_us: Span(0),
};

impl Backstage {
    /// Gives the source an order and takes in what has come of it already.
    pub fn order(&mut self, order: Order) {
        self.source.send(order);
        self.collect();
    }

    /// Begins a run of the sandbox.
    fn begin(&mut self, sandbox: Sandbox, links: LinkConfig) {
        self.sandbox = sandbox.clone();
        self.camera = Camera::default();
        self.pacer.set_speed(sandbox.speed);
        self.session.links = links;
        self.session.selection = Selection::Nothing;
        self.searched = None;
        self.session.await_run();
        // Two runs that are told of beside each other are shown so.
        let is_pair = sandbox.lesson().is_some_and(|lesson| lesson.contrast.is_some());
        self.beside = if is_pair { Beside::of(&sandbox, links) } else { None };
        self.order(Order::Begin(Box::new(sandbox), links));
    }
}

impl Stage {
    /// Shows what a link names.
    pub fn go(&self, target: Target, problems: Vec<String>) {
        self.change(|stage| {
            stage.problems = problems;
            stage.camera = Camera::default();
            match target {
                Target::Sandbox(sandbox) => {
                    let is_still = prefs::wants_stillness() || sandbox.event.is_some();
                    let playing = sandbox.play.unwrap_or(!is_still);
                    if stage.session.mode == Mode::Live {
                        stage.session = Session::new(Mode::Sandbox);
                        stage.source = Box::new(WorkerSource::start());
                    }
                    stage.pacer = Pacer::new(playing, sandbox.speed);
                    stage.begin(*sandbox, LINKS);
                }
                Target::Live => {
                    stage.beside = None;
                    stage.session = Session::new(Mode::Live);
                    stage.source = Box::new(LiveSource::connect());
                    stage.collect();
                }
            }
        });
        self.keep_link();
    }

    /// Shows the sandbox, as it was last set, or the live cluster.
    pub fn switch(&self, mode: Mode) {
        if self.look().session.mode == mode {
            return;
        }
        let target = match mode {
            Mode::Sandbox => Target::Sandbox(Box::new(self.look().sandbox.anew())),
            Mode::Live => Target::Live,
        };
        self.go(target, Vec::new());
    }

    /// Begins a run anew, with what `change` makes of its settings; nothing is planned for it.
    pub fn rerun(&self, change: impl FnOnce(&mut Sandbox)) {
        self.change(|stage| {
            let mut sandbox = stage.sandbox.anew();
            change(&mut sandbox);
            let links = stage.session.links;
            stage.reference = None;
            stage.begin(sandbox, links);
        });
        self.keep_link();
    }

    /// Begins a run anew in a new worker, after one that failed.
    pub fn begin_again(&self) {
        self.quietly().source = Box::new(WorkerSource::start());
        self.rerun(|_| {});
    }

    /// Begins a lesson, or with none the cluster that nobody directs.
    pub fn play_lesson(&self, name: Option<&str>) {
        self.rerun(|sandbox| {
            sandbox.piece = name.map_or(Piece::Free, |name| Piece::Lesson(name.into(), 0));
        });
    }

    /// Shows the lesson's other run beside this one, or no longer.
    pub fn toggle_beside(&self) {
        self.in_sandbox(|stage| {
            let links = stage.session.links;
            stage.beside = if stage.beside.is_some() { None } else { Beside::of(&stage.sandbox, links) };
        });
    }

    /// Keeps the address at what is shown: a still run at its step, a moving one at its beginning.
    pub fn keep_link(&self) {
        let stage = self.look();
        address::write(&match stage.session.mode {
            Mode::Sandbox => Target::Sandbox(Box::new(stage.shown())),
            Mode::Live => Target::Live,
        });
    }

    /// Puts the very moment that is shown into the address, and returns the whole link.
    pub fn link_here(&self) -> String {
        {
            let stage = self.look();
            if stage.session.mode == Mode::Sandbox {
                address::write(&Target::Sandbox(Box::new(stage.shown_here())));
            }
        }
        address::whole()
    }

    fn in_sandbox(&self, change: impl FnOnce(&mut Backstage)) {
        if self.look().session.mode == Mode::Sandbox {
            self.change(change);
        }
    }

    /// Does something to the cluster. It is told at once if it cannot be done.
    pub fn intervene(&self, what: Intervention) {
        self.in_sandbox(|stage| stage.order(Order::Intervene(what)));
    }

    pub fn toggle_playing(&self) {
        self.in_sandbox(|stage| stage.pacer.playing = !stage.pacer.playing);
        self.keep_link();
    }

    pub fn step(&self, to: StepTo, way: Way) {
        self.in_sandbox(|stage| {
            stage.pacer.playing = false;
            stage.order(Order::Step(to, way));
        });
    }

    pub fn seek(&self, place: Place) {
        self.in_sandbox(|stage| {
            stage.pacer.playing = false;
            stage.order(Order::Seek(place));
        });
    }

    pub fn fork(&self) {
        self.in_sandbox(|stage| stage.order(Order::Fork));
    }

    pub fn switch_branch(&self, branch: BranchId) {
        self.in_sandbox(|stage| {
            stage.pacer.playing = false;
            stage.order(Order::Switch(branch));
        });
    }

    /// Goes to the next branch, or the one before, in a circle.
    pub fn turn_branch(&self, is_next: bool) {
        let (count, current) = {
            let timeline = &self.look().session.timeline;
            (u32::try_from(timeline.branches.len()).unwrap_or(u32::MAX), timeline.current.0)
        };
        if count > 1 {
            let turned = if is_next { current + 1 } else { current + count - 1 };
            self.switch_branch(BranchId(turned % count));
        }
    }

    pub fn compare(&self, one: BranchId, other: BranchId) {
        self.in_sandbox(|stage| stage.order(Order::Compare(one, other)));
    }

    pub fn set_speed(&self, speed: f64) {
        self.in_sandbox(|stage| {
            stage.pacer.set_speed(speed);
            stage.sandbox.speed = stage.pacer.speed();
        });
        self.keep_link();
    }

    /// Kills the replica if it is up, restarts it if it is not.
    pub fn kill_or_restart(&self, id: HostId) {
        let is_up = self.look().session.cluster.replica(id).is_some_and(|replica| replica.is_up());
        self.intervene(if is_up { Intervention::Kill(id) } else { Intervention::Restart(id) });
    }

    /// Sets how messages fare on some links: all that are not set by themselves, or those of the hosts that
    /// `ends` names, where none stands for each of them.
    pub fn set_links(&self, ends: Ends, links: LinkConfig) {
        if ends == (None, None) {
            self.in_sandbox(|stage| stage.session.links = links);
            return self.intervene(Intervention::SetLinks(links));
        }
        let mut hosts = Vec::new();
        self.in_sandbox(|stage| {
            stage.session.own_links.retain(|(of, _)| *of != ends);
            stage.session.own_links.push((ends, links));
            hosts.extend(stage.session.cluster.replicas.iter().map(|replica| replica.id));
        });
        let is_meant = |from: HostId, to: HostId| {
            from != to && ends.0.is_none_or(|end| end == from) && ends.1.is_none_or(|end| end == to)
        };
        for from in &hosts {
            for to in hosts.iter().filter(|to| is_meant(*from, **to)) {
                self.intervene(Intervention::SetLink { from: *from, to: *to, link: links });
            }
        }
    }

    pub fn select(&self, selection: Selection) {
        self.change(|stage| stage.session.selection = selection);
    }

    /// Sends what was typed as a command.
    pub fn submit(&self, text: &str) {
        self.change(|stage| match operation::parse(text) {
            Ok(operation) => {
                // At once: what became of the command before is not what became of this one.
                let text: String = text.trim().into();
                stage.session.request = Request::Waiting { text: text.clone() };
                stage.order(Order::Submit(operation, text));
            }
            Err(why) => stage.session.request = Request::Failed { why },
        });
    }

    pub fn hunt(&self, hunt: Hunt) {
        self.change(|stage| stage.hunter.begin(hunt));
    }

    /// Has the violated run made small.
    pub fn explain(&self) {
        self.in_sandbox(|stage| stage.order(Order::Explain));
    }

    pub fn run_reference(&self) {
        let (stage, seed) = (self.clone(), self.look().sandbox.seed);
        let answer = self.quietly().asker.ask(Question::ReferenceRun(seed));
        wasm_bindgen_futures::spawn_local(async move {
            let answer = answer.await.unwrap_or(Answer::Refused("no answer came".into()));
            stage.change(|stage| stage.reference = Some(answer));
        });
    }
}

impl Backstage {
    /// The link to what is shown, from its beginning, with what was done to it.
    fn shown(&self) -> Sandbox {
        let visits = self.session.timeline.visits.clone().or(self.sandbox.visits.clone());
        Sandbox { visits, ..self.sandbox.clone() }
    }

    /// The link to what is shown at this very step.
    fn shown_here(&self) -> Sandbox {
        let trace = &self.session.trace;
        let selection = match self.session.selection {
            Selection::Replica(id) => Some(format!("r{}", key(id))),
            Selection::Block(id) => Some(format!("b{id:#}")),
            Selection::Message(_) | Selection::Nothing => None,
        };
        Sandbox {
            visits: self.session.timeline.visits.clone(),
            event: Some(trace.steps),
            hash: Some(trace.hash.chars().take(16).collect()),
            selection,
            play: Some(false),
            ..self.sandbox.clone()
        }
    }
}
