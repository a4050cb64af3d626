//! What is wrong with the link, until it is dismissed, and what has become of a sandbox that failed.

use crate::ui::run_file;
use crate::ui::stage::use_stage;
use yew::prelude::*;

#[component]
pub fn Banners() -> Html {
    html! { <><Failed /><Problems /></> }
}

/// The sandbox stands still for good: what was done can be saved, and a new one begun.
#[component]
fn Failed() -> Html {
    let stage = use_stage();
    let failure = stage.look().session.failure.clone();
    let Some(why) = failure else { return Html::default() };
    let save = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| run_file::save(&stage.link_here()))
    };
    let begin = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.begin_again())
    };
    html! {
        <div class="banner" role="alert" data-testid="sandbox-failed">
            <div>
                <strong>{ "The sandbox has failed and stands still. " }</strong>
                { "Save the run to report it, with this: " }<code>{ why }</code>
            </div>
            <button data-testid="save-failed" onclick={save}>{ "Save the run" }</button>
            <button class="primary" data-testid="begin-again" onclick={begin}>{ "Begin again" }</button>
        </div>
    }
}

#[component]
fn Problems() -> Html {
    let stage = use_stage();
    let problems = stage.look().problems.clone();
    if problems.is_empty() {
        return Html::default();
    }
    let dismiss = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.change(|stage| stage.problems.clear()))
    };
    html! {
        <div class="banner" role="alert" data-testid="link-problems">
            <div>
                <strong>{ "Not all of this link is valid. What is, is shown." }</strong>
                <ul>{ for problems.iter().map(|problem| html! { <li>{ problem }</li> }) }</ul>
            </div>
            <button class="quiet" onclick={dismiss}>{ "Dismiss" }</button>
        </div>
    }
}
