//! What all components share: the session, its source, and how the pictures stand.

use crate::draw::Scene;
use crate::draw::camera::Camera;
use crate::draw::gesture::Gesture;
use crate::model::link::Sandbox;
use crate::model::log::Filter;
use crate::model::replica::host_of;
use crate::model::{Selection, Session};
use crate::source::Source;
use crate::source::pacer::Pacer;
use crate::source::question::Answer;
use crate::source::worker::WorkerSource;
use crate::ui::asker::Asker;
use crate::ui::beside::Beside;
use crate::ui::frames::Frames;
use crate::ui::hunter::Hunter;
use crate::ui::prefs::Prefs;
use hotstuff_core::{Height, Span};
use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;
use yew::prelude::*;

/// What is behind the page.
pub struct Backstage {
    pub session: Session,
    pub source: Box<dyn Source>,
    pub pacer: Pacer,
    pub sandbox: Sandbox,
    pub problems: Vec<String>,
    pub asker: Asker,
    pub hunter: Hunter,
    /// The lesson's other run, while it is looked at.
    pub beside: Option<Beside>,
    pub reference: Option<Answer>,
    pub prefs: Prefs,
    pub camera: Camera,
    pub network: Scene,
    pub tree: Scene,
    pub diagram: Scene,
    /// How much time the diagram shows.
    pub span: Span,
    pub frames: Frames,
    /// What screen readers are told, now and then.
    pub announcement: String,
    /// Something changed that panels have not shown yet.
    pub stale: bool,
    /// For which state of the session, and what, events were looked for last.
    pub searched: Option<(u64, Filter)>,
    /// What is being drawn on the network.
    pub gesture: Option<Gesture>,
}

impl Backstage {
    /// Takes in what the source has to report.
    pub fn collect(&mut self) {
        for report in self.source.reports() {
            // What was found changes nothing that is to be found.
            self.stale = true;
            self.session.absorb(report);
        }
        self.problems.append(&mut self.session.problems);
        self.compare_with_link();
        self.select_by_link();
    }

    /// What a link has selected is selected once it is there.
    fn select_by_link(&mut self) {
        let Some(wanted) = self.sandbox.selection.as_deref() else { return };
        if self.sandbox.event.is_some_and(|event| self.session.trace.steps < event) {
            return;
        }
        let found = match wanted.split_at_checked(1) {
            Some(("r", id)) => {
                host_of(id).filter(|id| self.session.cluster.replica(*id).is_some()).map(Selection::Replica)
            }
            Some(("b", id)) => {
                let nodes = self.session.cluster.tree.from_height(Height::GENESIS);
                let ids = nodes.map(|node| node.block.block.id);
                ids.into_iter().find(|found| format!("{found:#}") == id).map(Selection::Block)
            }
            _ => None,
        };
        if self.session.trace.hash.is_empty() {
            return;
        }
        match found {
            Some(selection) => self.session.selection = selection,
            None => self.problems.push(format!("sel={wanted}: there is nothing of this name")),
        }
        self.sandbox.selection = None;
    }

    /// How much of the network's picture is the run's own.
    pub fn own_width(&self, width: f64) -> f64 {
        if self.beside.is_some() { width / 2.0 } else { width }
    }

    /// A run that a link names must be as it was where the link was made; if not, that is said.
    fn compare_with_link(&mut self) {
        let trace = &self.session.trace;
        let is_there = match self.sandbox.event {
            Some(event) => trace.steps == event,
            None => self.session.violation.is_some(),
        };
        let Some(hash) = self.sandbox.hash.as_mut().filter(|_| is_there && !trace.hash.is_empty()) else {
            return;
        };
        if !trace.hash.starts_with(hash.as_str()) {
            let own: String = trace.hash.chars().take(hash.len()).collect();
            self.problems.push(format!(
                "the link is of another build: there the trace hash was {hash}, here it is {own}"
            ));
        }
        self.sandbox.hash = None;
    }
}

/// A handle on [`Backstage`] for components; a new one for each time the panels are to be drawn.
#[derive(Clone)]
pub struct Stage {
    backstage: Rc<RefCell<Backstage>>,
    wake: Callback<()>,
    revision: u32,
}

impl PartialEq for Stage {
    fn eq(&self, other: &Self) -> bool {
        self.revision == other.revision && Rc::ptr_eq(&self.backstage, &other.backstage)
    }
}

impl Stage {
    /// A stage with nothing on it; `wake` asks for the panels to be drawn.
    pub fn new(wake: Callback<()>) -> Self {
        let backstage = Backstage {
            session: Session::default(),
            source: Box::new(WorkerSource::start()),
            pacer: Pacer::new(false, Sandbox::default().speed),
            sandbox: Sandbox::default(),
            problems: Vec::new(),
            asker: Asker::default(),
            hunter: Hunter::default(),
            beside: None,
            reference: None,
            prefs: Prefs::load(),
            camera: Camera::default(),
            network: Scene::default(),
            tree: Scene::default(),
            diagram: Scene::default(),
            span: Span(1_500_000),
            frames: Frames::default(),
            announcement: String::new(),
            stale: true,
            searched: None,
            gesture: None,
        };
        Self { backstage: Rc::new(RefCell::new(backstage)), wake, revision: 0 }
    }

    /// The same stage, unequal to all handles before.
    pub fn renewed(&self) -> Self {
        Self { revision: self.revision.wrapping_add(1), ..self.clone() }
    }

    /// Looks. Components draw from this.
    pub fn look(&self) -> Ref<'_, Backstage> {
        self.backstage.borrow()
    }

    /// Changes something, without drawing the panels at once.
    pub fn quietly(&self) -> RefMut<'_, Backstage> {
        self.backstage.borrow_mut()
    }

    /// Changes something and draws the panels.
    pub fn change(&self, change: impl FnOnce(&mut Backstage)) {
        change(&mut self.backstage.borrow_mut());
        self.wake();
    }

    /// Draws the panels.
    pub fn wake(&self) {
        self.backstage.borrow_mut().stale = false;
        self.wake.emit(());
    }
}

/// The stage that the component is on.
#[hook]
pub fn use_stage() -> Stage {
    use_context::<Stage>().expect("every component is below App, which provides the stage")
}
