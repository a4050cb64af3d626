//! The keyboard.

use crate::model::Selection;
use crate::model::session::Mode;
use crate::source::StepTo;
use crate::ui::address;
use crate::ui::stage::Stage;
use gloo_events::{EventListener, EventListenerOptions};
use hotstuff_core::ReplicaId;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};
use yew::Callback;

/// The keys and what they do, for the help.
pub const KEYS: [(&str, &str); 13] = [
    ("Space", "Play or pause"),
    ("→", "One step"),
    ("Shift →", "To the next view"),
    ("Ctrl →", "To the next commit"),
    ("Home", "Begin the run anew"),
    ("↑ ↓", "Faster, slower"),
    ("0 … 9", "Select the replica of that number"),
    ("K", "Kill or restart the selected replica, or else the leader"),
    ("C", "Type a command"),
    ("/", "Search the events"),
    ("I", "Go to the invariants"),
    ("S", "Copy the link"),
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
        "ArrowRight" if control => stage.step(StepTo::Commit),
        "ArrowRight" if event.shift_key() => stage.step(StepTo::View),
        "ArrowRight" => stage.step(StepTo::Event),
        "ArrowUp" => faster(stage, 1.25),
        "ArrowDown" => faster(stage, 0.8),
        "Home" => restart(stage),
        _ if control => return false,
        key => {
            let letters = stage.look().prefs.letters;
            return letters && letter(stage, help, key);
        }
    }
    stage.look().session.mode == Mode::Sandbox
}

fn letter(stage: &Stage, help: &Callback<bool>, key: &str) -> bool {
    match key.to_lowercase().as_str() {
        "?" => help.emit(true),
        "k" => kill(stage),
        "c" => focus("command-input"),
        "/" => focus("event-search"),
        "i" => focus("invariants"),
        "s" => copy_link(),
        digit => {
            let id = digit.parse().map(ReplicaId);
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

fn restart(stage: &Stage) {
    if stage.look().session.mode == Mode::Sandbox {
        stage.rerun(|_| {});
    }
}

fn kill(stage: &Stage) {
    let chosen: Option<ReplicaId> = {
        let session = &stage.look().session;
        session.selection.replica().or(session.cluster.leaders().map(|(leader, _)| leader))
    };
    if let Some(id) = chosen {
        stage.kill_or_restart(id);
    }
}

fn copy_link() {
    if let Some(window) = web_sys::window() {
        // Without permission the address bar still has the link.
        let copy = window.navigator().clipboard().write_text(&address::whole());
        wasm_bindgen_futures::spawn_local(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(copy).await;
        });
    }
}
