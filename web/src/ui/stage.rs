//! What all components share: the session, its source, and how the pictures stand.

use crate::draw::Scene;
use crate::draw::camera::Camera;
use crate::model::Session;
use crate::model::link::Sandbox;
use crate::source::Source;
use crate::source::pacer::Pacer;
use crate::source::sandbox::SandboxSource;
use crate::ui::frames::Frames;
use crate::ui::prefs::Prefs;
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
    pub reference: Option<hotstuff_sim::ReferenceRun>,
    pub prefs: Prefs,
    pub camera: Camera,
    pub network: Scene,
    pub tree: Scene,
    pub frames: Frames,
    /// What screen readers are told, now and then.
    pub announcement: String,
    /// Something changed that panels have not shown yet.
    pub stale: bool,
}

impl Backstage {
    /// Takes in what the source has to report.
    pub fn collect(&mut self) {
        for report in self.source.reports() {
            self.session.absorb(report);
            self.stale = true;
        }
        self.compare_with_link();
    }

    /// A run that a link names must end as it did where the link was made; if not, that is said.
    fn compare_with_link(&mut self) {
        let hash = self.sandbox.plan.as_mut().and_then(|planned| planned.hash.as_mut());
        let (Some(hash), Some(_)) = (hash, &self.session.violation) else { return };
        if !self.session.trace.hash.starts_with(hash.as_str()) {
            let own: String = self.session.trace.hash.chars().take(hash.len()).collect();
            self.problems.push(format!(
                "the link is of another build: there the run ended with trace hash {hash}, here with {own}"
            ));
            *hash = own;
        }
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
            source: Box::new(SandboxSource::default()),
            pacer: Pacer::new(false, Sandbox::default().speed),
            sandbox: Sandbox::default(),
            problems: Vec::new(),
            reference: None,
            prefs: Prefs::load(),
            camera: Camera::default(),
            network: Scene::default(),
            tree: Scene::default(),
            frames: Frames::default(),
            announcement: String::new(),
            stale: true,
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
