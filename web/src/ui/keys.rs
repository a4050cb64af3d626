//! The keyboard.

use crate::model::Selection;
use crate::model::session::Mode;
use crate::source::StepTo;
use crate::source::report::{Place, Way};
use crate::ui::stage::Stage;
use gloo_events::{EventListener, EventListenerOptions};
use hotstuff_core::ReplicaId;
use hotstuff_sim::{HostId, Intervention};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::Callback;

/// The keys and what they do, for the help.
pub const KEYS: [(&str, &str); 21] = [
    ("Space", "Play or pause"),
    ("← →", "One event back, on"),
    ("Shift ← →", "To the view before, the next view"),
    ("Ctrl ← →", "To the commit or fault before, the next one"),
    ("Home End", "To the beginning, to the end so far"),
    ("↑ ↓", "Faster, slower"),
    ("0 … 9", "Select the replica of that number"),
    ("K", "Kill or restart the selected replica, or else the leader"),
    ("T", "Let its timer fire"),
    ("B", "Make it Byzantine: choose how"),
    ("P", "Partition: choose who is on which side"),
    ("D", "Drop the selected message, or else the next to arrive"),
    ("C", "Type a command"),
    ("F", "Begin a branch here"),
    ("[ ]", "To the branch before, the next branch"),
    ("W", "Why?"),
    ("/", "Search the events"),
    ("I", "Go to the invariants"),
    ("S", "Copy the link to this very moment"),
    ("Esc", "Close what is open"),
    ("?", "This help"),
];

/// Listens to the whole page.
pub fn listen(stage: Stage, help: Callback<bool>) -> Option<EventListener> {
    let document = web_sys::window()?.document()?;
    let options = EventListenerOptions::enable_prevent_default();
    Some(EventListener::new_with_options(&document, "keydown", options, move |event| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        if !is_typing(event) && !event.alt_key() && !event.meta_key() && press(&stage, &help, event) {
            event.prevent_default();
        }
    }))
}

/// Focuses the element with this id.
pub fn focus(id: &str) {
    let element = web_sys::window().and_then(|window| window.document()?.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Focus is refused only by elements that cannot have it.
        let _ = element.focus();
    }
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return false;
    };
    let on_button = matches!(element.tag_name().as_str(), "BUTTON" | "SUMMARY" | "A");
    let is_press = matches!(event.key().as_str(), " " | "Enter");
    let in_dialog = element.closest("dialog").is_ok_and(|dialog| dialog.is_some());
    matches!(element.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA")
        || (on_button && is_press)
        || in_dialog
}

/// Does what a key is for; whether it is for anything.
fn press(stage: &Stage, help: &Callback<bool>, event: &KeyboardEvent) -> bool {
    let control = event.ctrl_key();
    match event.key().as_str() {
        " " => stage.toggle_playing(),
        "ArrowRight" => stage.step(to(event), Way::On),
        "ArrowLeft" => stage.step(to(event), Way::Back),
        "ArrowUp" => faster(stage, 1.25),
        "ArrowDown" => faster(stage, 0.8),
        "Home" => stage.seek(Place::Steps(0)),
        "End" => stage.seek(Place::End),
        _ if control => return false,
        key => {
            let letters = stage.look().prefs.letters;
            return letters && letter(stage, help, key);
        }
    }
    stage.look().session.mode == Mode::Sandbox
}

/// How far an arrow goes.
fn to(event: &KeyboardEvent) -> StepTo {
    match (event.ctrl_key(), event.shift_key()) {
        (true, _) => StepTo::CommitOrFault,
        (_, true) => StepTo::View,
        _ => StepTo::Event,
    }
}

fn letter(stage: &Stage, help: &Callback<bool>, key: &str) -> bool {
    match key.to_lowercase().as_str() {
        "?" => help.emit(true),
        "k" => kill(stage),
        "c" => focus("command-input"),
        "/" => focus("event-search"),
        "i" => focus("invariants"),
        "s" => copy_link(stage),
        "f" => stage.fork(),
        "[" => stage.turn_branch(false),
        "]" => stage.turn_branch(true),
        "t" => on_chosen(stage, Intervention::FireTimer),
        "b" => focus("conduct"),
        "p" => focus("partition"),
        "w" => focus("why"),
        "d" => drop_message(stage),
        digit => {
            let id = digit.parse().map(|id| ReplicaId(id).into());
            let Some(id) = id.ok().filter(|id| stage.look().session.cluster.replica(*id).is_some()) else {
                return false;
            };
            stage.select(Selection::Replica(id));
        }
    }
    true
}

fn faster(stage: &Stage, factor: f64) {
    let speed = stage.look().pacer.speed();
    stage.set_speed(speed * factor);
}

/// The selected replica, or else the leader.
fn chosen(stage: &Stage) -> Option<HostId> {
    let session = &stage.look().session;
    session.selection.replica().or(session.cluster.leaders().map(|(leader, _)| leader.into()))
}

fn on_chosen(stage: &Stage, what: impl FnOnce(HostId) -> Intervention) {
    if let Some(id) = chosen(stage) {
        stage.intervene(what(id));
    }
}

fn kill(stage: &Stage) {
    if let Some(id) = chosen(stage) {
        stage.kill_or_restart(id);
    }
}

/// The selected message, or else the one that arrives next.
fn drop_message(stage: &Stage) {
    let id = {
        let session = &stage.look().session;
        let mut on_their_way = session.flights.iter().filter(|flight| !flight.dropped);
        session.selection.message().or(on_their_way.next().map(|flight| flight.id))
    };
    if let Some(id) = id {
        stage.intervene(Intervention::DropMessage(id));
    }
}

fn copy_link(stage: &Stage) {
    let link = stage.link_here();
    if let Some(window) = web_sys::window() {
        // Without permission the address bar still has the link.
        let copy = window.navigator().clipboard().write_text(&link);
        wasm_bindgen_futures::spawn_local(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(copy).await;
        });
    }
}
