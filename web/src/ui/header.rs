//! The top bar: source, run, theme, share, help.

use crate::model::session::Mode;
use crate::ui::icon::Icon;
use crate::ui::run_fields::RunFields;
use crate::ui::run_file::{self, LINK_MAX};
use crate::ui::stage::{Stage, use_stage};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct HeaderProps {
    pub help: Callback<bool>,
}

#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let stage = use_stage();
    let mode = stage.look().session.mode;
    let theme = stage.look().prefs.theme.word();
    let on_theme = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| next_theme(&stage))
    };
    let open = props.help.reform(|_| true);
    html! {
        <header class="top">
            <h1><Icon name="logo" /><span class="name">{ "HotStuff" }</span></h1>
            <div class="switch" role="group" aria-label="Source">
                { source(&stage, Mode::Sandbox, mode) }
                { source(&stage, Mode::Live, mode) }
            </div>
            if mode == Mode::Sandbox {
                <RunFields />
            }
            <span class="grow"></span>
            if mode == Mode::Sandbox {
                <Share />
            }
            <button class="quiet" data-testid="theme" onclick={on_theme} title="Theme: as the system, light, dark">
                <Icon name="theme" /><span class="label">{ theme }</span>
                <span class="sr">{ " theme" }</span>
            </button>
            <button class="quiet" data-testid="help" onclick={open} title="Help and keys (?)">
                <Icon name="help" /><span class="label">{ "Help" }</span><span class="sr">{ " and keys" }</span>
            </button>
        </header>
    }
}

fn source(stage: &Stage, mode: Mode, shown: Mode) -> Html {
    let (testid, label) = match mode {
        Mode::Sandbox => ("source-sandbox", "Sandbox"),
        Mode::Live => ("source-live", "Live"),
    };
    let stage = stage.clone();
    let onclick = Callback::from(move |_: MouseEvent| stage.switch(mode));
    html! { <button data-testid={testid} aria-pressed={(mode == shown).to_string()} {onclick}>{ label }</button> }
}

fn next_theme(stage: &Stage) {
    stage.change(|stage| {
        stage.prefs.theme = stage.prefs.theme.next();
        stage.prefs.keep();
    });
}

/// Copies the link to the clipboard, or makes a file of one that is too long, and says so.
#[component]
fn Share() -> Html {
    let stage = use_stage();
    let told = use_state(|| "Share");
    let onclick = {
        let told = told.clone();
        Callback::from(move |_: MouseEvent| {
            let link = stage.link_here();
            if link.len() > LINK_MAX {
                run_file::save(&link);
                told.set("Saved as a file");
                return;
            }
            if let Some(window) = web_sys::window() {
                // Without permission the address bar still has the link.
                let copy = window.navigator().clipboard().write_text(&link);
                let told = told.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    let is_copied = wasm_bindgen_futures::JsFuture::from(copy).await.is_ok();
                    told.set(if is_copied { "Link copied" } else { "Share" });
                });
            }
        })
    };
    html! {
        <button class="quiet" data-testid="share" {onclick} title="Copy the link to this very moment of this run (S)">
            <Icon name="share" /><span class="label">{ *told }</span>
        </button>
    }
}
