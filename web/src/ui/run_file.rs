//! Runs as files: for links that are too long to pass on, and to keep.

use crate::model::link;
use crate::ui::stage::{Stage, use_stage};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

/// Longer links are cut by some of what they are passed on with.
pub const LINK_MAX: usize = 8_000;
/// Longer files are of no run.
const FILE_BYTES_MAX: f64 = 1e7;

/// Hands a file to the visitor that holds `link`.
pub fn save(link: &str) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let Ok(anchor) = document.create_element("a") else { return };
    let anchor: HtmlElement = anchor.unchecked_into();
    let content = String::from(js_sys::encode_uri_component(link));
    // The names are valid, and nothing else can be wrong with an attribute.
    let _ = anchor.set_attribute("download", "hotstuff-run.txt");
    let _ = anchor.set_attribute("href", &format!("data:text/plain;charset=utf-8,{content}"));
    anchor.click();
}

/// Shows the run that a file's text names.
fn open(stage: &Stage, text: &str) {
    match text.trim().split_once("#/") {
        Some((_, fragment)) => {
            let (target, problems) = link::parse(&format!("/{fragment}"));
            stage.go(target, problems);
        }
        None => refuse(stage, "the file holds no run: a saved run begins with its link"),
    }
}

fn refuse(stage: &Stage, why: &str) {
    stage.change(|stage| stage.problems = vec![why.into()]);
}

/// Saves the moment that is shown, and opens what was saved.
#[component]
pub fn RunFile() -> Html {
    let stage = use_stage();
    let input = use_node_ref();
    let on_save = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| save(&stage.link_here()))
    };
    let on_open = {
        let input = input.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(input) = input.cast::<HtmlInputElement>() {
                input.click();
            }
        })
    };
    let onchange = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        // The same file may be opened again.
        input.set_value("");
        if file.size() > FILE_BYTES_MAX {
            return refuse(&stage, "the file is too large to hold a run");
        }
        let stage = stage.clone();
        spawn_local(async move {
            match JsFuture::from(file.text()).await {
                Ok(text) => open(&stage, &text.as_string().unwrap_or_default()),
                Err(_) => refuse(&stage, "the file cannot be read"),
            }
        });
    });
    html! {
        <div class="fields">
            <button data-testid="save-run" onclick={on_save} title="The link to this very moment, as a file">{ "Save run" }</button>
            <button data-testid="open-run" onclick={on_open}>{ "Open run" }</button>
            <input type="file" hidden=true accept=".txt,text/plain" data-testid="run-file" ref={input} {onchange} aria-label="A saved run" />
        </div>
    }
}
