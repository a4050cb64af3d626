//! What the visitor can do, whatever with: button, key or pointer.

use crate::draw::camera::Camera;
use crate::model::link::{Sandbox, Target};
use crate::model::operation::{self, Request};
use crate::model::session::Mode;
use crate::model::{Selection, Session};
use crate::source::live::LiveSource;
use crate::source::pacer::Pacer;
use crate::source::report::Links;
use crate::source::sandbox::SandboxSource;
use crate::source::{Order, StepTo};
use crate::ui::stage::{Backstage, Stage};
use crate::ui::{address, prefs};
use hotstuff_core::ReplicaId;

impl Backstage {
    /// Gives the source an order and takes in what comes of it.
    fn order(&mut self, order: Order) {
        self.source.send(order);
        self.collect();
    }

    /// Begins a run of the sandbox.
    fn begin(&mut self, sandbox: Sandbox, links: Links) {
        self.sandbox = sandbox.clone();
        self.camera = Camera::default();
        self.pacer.set_speed(sandbox.speed);
        self.session.links = links;
        self.order(Order::Begin(sandbox, links));
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
                    let playing = sandbox.play.unwrap_or(!prefs::wants_stillness());
                    stage.session = Session::new(Mode::Sandbox);
                    stage.source = Box::new(SandboxSource::default());
                    stage.pacer = Pacer::new(playing, sandbox.speed);
                    stage.begin(sandbox, Links::default());
                }
                Target::Live => {
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
            Mode::Sandbox => Target::Sandbox(self.look().sandbox.clone()),
            Mode::Live => Target::Live,
        };
        self.go(target, Vec::new());
    }

    /// Begins a run anew, with what `change` makes of its settings; nothing is planned for it.
    pub fn rerun(&self, change: impl FnOnce(&mut Sandbox)) {
        self.change(|stage| {
            let mut sandbox = Sandbox { plan: None, ..stage.sandbox.clone() };
            change(&mut sandbox);
            let links = stage.session.links;
            stage.reference = None;
            stage.begin(sandbox, links);
        });
        self.keep_link();
    }

    fn keep_link(&self) {
        let stage = self.look();
        address::write(&match stage.session.mode {
            Mode::Sandbox => Target::Sandbox(stage.sandbox.clone()),
            Mode::Live => Target::Live,
        });
    }

    fn in_sandbox(&self, change: impl FnOnce(&mut Backstage)) {
        if self.look().session.mode == Mode::Sandbox {
            self.change(change);
        }
    }

    pub fn toggle_playing(&self) {
        self.in_sandbox(|stage| stage.pacer.playing = !stage.pacer.playing);
    }

    pub fn step(&self, to: StepTo) {
        self.in_sandbox(|stage| {
            stage.pacer.playing = false;
            stage.order(Order::Step(to));
        });
    }

    pub fn set_speed(&self, speed: f64) {
        self.in_sandbox(|stage| {
            stage.pacer.set_speed(speed);
            stage.sandbox.speed = stage.pacer.speed();
        });
        self.keep_link();
    }

    pub fn kill(&self, id: ReplicaId) {
        self.in_sandbox(|stage| stage.order(Order::Kill(id)));
    }

    pub fn restart(&self, id: ReplicaId) {
        self.in_sandbox(|stage| stage.order(Order::Restart(id)));
    }

    /// Kills the replica if it is up, restarts it if it is not.
    pub fn kill_or_restart(&self, id: ReplicaId) {
        let is_up = self.look().session.cluster.replica(id).is_some_and(|replica| replica.is_up());
        if is_up { self.kill(id) } else { self.restart(id) }
    }

    pub fn set_links(&self, links: Links) {
        self.in_sandbox(|stage| {
            stage.session.links = links;
            stage.order(Order::SetLinks(links));
        });
    }

    pub fn select(&self, selection: Selection) {
        self.change(|stage| stage.session.selection = selection);
    }

    /// Sends what was typed as a command.
    pub fn submit(&self, text: &str) {
        self.change(|stage| match operation::parse(text) {
            Ok(operation) => stage.order(Order::Submit(operation, text.trim().into())),
            Err(why) => stage.session.request = Request::Failed { why },
        });
    }

    pub fn run_reference(&self) {
        self.change(|stage| stage.reference = Some(hotstuff_sim::reference_run(stage.sandbox.seed)));
    }
}
