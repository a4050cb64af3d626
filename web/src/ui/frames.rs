//! The loop: each animation frame moves the run on, if it plays, and paints the pictures.

use crate::draw::shape::Anchor;
use crate::draw::{Point, Role, Scene, network, paint, spacetime, tree};
use crate::model::session::Mode;
use crate::source::Order;
use crate::source::live::wall_clock;
use crate::ui::events::SHOWN_MAX;
use crate::ui::prefs;
use crate::ui::stage::{Backstage, Stage};
use gloo_render::{AnimationFrame, request_animation_frame};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use web_sys::HtmlCanvasElement;
use yew::NodeRef;

/// Panels are drawn at most this often while things move.
const PANELS_MS: f64 = 120.0;
/// Screen readers are told how far it has come at most this often.
const ANNOUNCE_MS: f64 = 5_000.0;
/// With reduced motion the pictures change in steps this far apart.
const STILL_MS: f64 = 500.0;
const FRAMES_MAX: usize = 600;
/// Even an unchanged picture is painted this often: fonts may have arrived.
const REPAINT_FRAMES: u64 = 120;

/// What is painted on.
#[derive(Clone, Default, PartialEq)]
pub struct Canvases {
    pub network: NodeRef,
    pub tree: NodeRef,
    pub diagram: NodeRef,
}

/// When frames were, and how long each took.
#[derive(Default)]
pub struct Frames {
    pub at: VecDeque<f64>,
    pub work: VecDeque<f64>,
    /// When the first replicas were painted, since navigation began.
    pub first: Option<f64>,
    count: u64,
    theme: String,
    last: f64,
    panels: f64,
    announced: f64,
    searched: f64,
    /// How long ago the run was asked to go on, beyond a frame.
    behind_ms: f64,
}

type Slot = Rc<RefCell<Option<AnimationFrame>>>;

/// Runs for as long as it is kept.
pub struct Loop(Slot);

impl Drop for Loop {
    fn drop(&mut self) {
        self.0.borrow_mut().take();
    }
}

impl Loop {
    /// Drives `stage` and paints it on its canvases.
    pub fn start(stage: Stage, canvases: Canvases) -> Self {
        let slot = Slot::default();
        request(&slot, stage, canvases);
        Self(slot)
    }
}

fn request(slot: &Slot, stage: Stage, canvases: Canvases) {
    let next = slot.clone();
    let frame = request_animation_frame(move |at| {
        if frame(&mut stage.quietly(), at, &canvases) {
            stage.wake();
        }
        request(&next, stage, canvases);
    });
    *slot.borrow_mut() = Some(frame);
}

fn now_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// One frame; whether the panels are to be drawn.
fn frame(stage: &mut Backstage, at: f64, canvases: &Canvases) -> bool {
    let network: Option<HtmlCanvasElement> = canvases.network.cast();
    let begun = now_ms();
    let still = prefs::wants_stillness();
    let elapsed = at - stage.frames.last;
    if still && elapsed < STILL_MS {
        return false;
    }
    stage.frames.last = at;
    advance(stage, elapsed);
    let theme = network.as_ref().map(paint::theme).unwrap_or_default();
    let repaint = stage.frames.count.is_multiple_of(REPAINT_FRAMES) || theme != stage.frames.theme;
    stage.frames.theme = theme;
    if let Some(canvas) = network {
        let (width, height) = paint::size(&canvas);
        let own = stage.own_width(width);
        let mut scene = network::scene(&stage.session, own, height, still);
        if let Some(gesture) = &stage.gesture {
            gesture.draw(&mut scene);
        }
        if let Some(beside) = &stage.beside {
            label(&mut scene, beside.labels[1]);
            let mut other = network::scene(&beside.session, width - own, height, still);
            label(&mut other, beside.labels[0]);
            scene.width = width;
            scene.put_beside(other, own);
        }
        show(&canvas, scene, &mut stage.network, repaint);
    }
    if let Some(canvas) = canvases.tree.cast::<HtmlCanvasElement>() {
        let (width, height) = paint::size(&canvas);
        stage.camera.advance(
            stage.session.cluster.tree.top(),
            stage.own_width(width),
            elapsed.clamp(0.0, 100.0),
            still,
        );
        let own = stage.own_width(width);
        let mut scene = tree::scene(&stage.session, &stage.camera, own, height);
        if let Some(beside) = &mut stage.beside {
            let top = beside.session.cluster.tree.top();
            beside.camera.advance(top, width - own, elapsed.clamp(0.0, 100.0), still);
            let other = tree::scene(&beside.session, &beside.camera, width - own, height);
            scene.width = width;
            scene.put_beside(other, own);
        }
        show(&canvas, scene, &mut stage.tree, repaint);
    }
    if let Some(canvas) = canvases.diagram.cast::<HtmlCanvasElement>() {
        let (width, height) = paint::size(&canvas);
        let scene = spacetime::scene(&stage.session, stage.span, width, height);
        show(&canvas, scene, &mut stage.diagram, repaint);
    }
    let has_replicas = !stage.session.cluster.replicas.is_empty();
    let frames = &mut stage.frames;
    if frames.first.is_none() && has_replicas {
        frames.first = Some(now_ms());
    }
    frames.count += 1;
    frames.at.push_back(at);
    frames.work.push_back(now_ms() - begun);
    if frames.at.len() > FRAMES_MAX {
        frames.at.pop_front();
        frames.work.pop_front();
    }
    let is_due = stage.stale && at - frames.panels >= PANELS_MS;
    if is_due {
        frames.panels = at;
        if at - frames.announced >= ANNOUNCE_MS {
            frames.announced = at;
            let cluster = &stage.session.cluster;
            stage.announcement =
                format!("View {}, committed height {}", cluster.view(), cluster.committed_height());
        }
    }
    if at - stage.frames.searched >= PANELS_MS {
        stage.frames.searched = at;
        search(stage);
    }
    is_due
}

/// Says which of two runs it is.
fn label(scene: &mut Scene, label: &str) {
    scene.title(Point::new(6.0, 10.0), label, 12.0, Anchor::Start, Role::Accent);
}

/// Has the events looked for again, if there may be others.
fn search(stage: &mut Backstage) {
    let wanted = (stage.session.changes, stage.session.filter.clone());
    if stage.session.mode == Mode::Sandbox && stage.searched.as_ref() != Some(&wanted) {
        let order = Order::Search(wanted.1.clone(), SHOWN_MAX);
        stage.searched = Some(wanted);
        stage.source.send(order);
    }
}

/// Moves the run on, in the sandbox by as much simulated time as the speed makes of `elapsed_ms`.
fn advance(stage: &mut Backstage, elapsed_ms: f64) {
    stage.collect();
    match stage.session.mode {
        Mode::Sandbox => {
            let bound = stage.sandbox.event.filter(|event| stage.session.trace.steps < *event);
            let moves = stage.pacer.playing && stage.session.violation.is_none();
            // One order at a time: a worker that is slower than the screen is not asked for more.
            if (moves || bound.is_some() && stage.session.failure.is_none()) && !stage.source.is_busy() {
                let target = stage.pacer.target(stage.session.clock, elapsed_ms + stage.frames.behind_ms);
                stage.source.send(Order::Advance(target));
                stage.frames.behind_ms = 0.0;
            } else if moves {
                stage.frames.behind_ms += elapsed_ms;
            }
        }
        Mode::Live => stage.session.tick(wall_clock()),
    }
    let now = stage.session.clock;
    if let Some(beside) = &mut stage.beside {
        beside.follow(now);
    }
    stage.asker.collect();
    stage.stale |= stage.hunter.collect();
}

fn show(canvas: &HtmlCanvasElement, scene: Scene, last: &mut Scene, repaint: bool) {
    if (repaint || scene != *last) && scene.width > 0.0 && scene.height > 0.0 {
        paint::paint(canvas, &scene);
    }
    *last = scene;
}
