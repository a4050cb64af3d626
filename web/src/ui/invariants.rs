//! The strip of invariants: always in view.

use crate::model::Session;
use crate::model::session::Mode;
use crate::ui::icon::Icon;
use crate::ui::stage::use_stage;
use crate::ui::swarm::finding;
use hotstuff_sim::Breach;
use yew::prelude::*;

#[component]
pub fn Invariants() -> Html {
    let handle = use_stage();
    let stage = handle.look();
    let (state, icon, text) = match (&stage.session.mode, &stage.session.violation) {
        (Mode::Live, _) => (
            "unknown",
            "help",
            "Invariants are checked in the sandbox; here is what the replicas tell.".into(),
        ),
        (Mode::Sandbox, None) => ("ok", "check", "Every invariant holds, checked after every step.".into()),
        (Mode::Sandbox, Some(violation)) => {
            ("violated", "alert", format!("Violated: {}. The run is frozen.", violation.text))
        }
    };
    let explain = stage.session.violation.is_some().then(|| {
        let handle = handle.clone();
        let onclick = Callback::from(move |_: MouseEvent| handle.explain());
        html! { <button class="small" data-testid="explain" {onclick}>{ "Make it small, and name who is at fault" }</button> }
    });
    let explained = match &stage.session.explained {
        None => Html::default(),
        Some(None) => {
            html! { <p class="hint" data-testid="explained">{ "By what was done alone, at those times, it does not come about again: the run cannot be made small." }</p> }
        }
        Some(Some(found)) => finding(&handle, found),
    };
    html! {
        <>
        <p class={classes!("invariants", state)} data-testid="invariants" data-state={state} role="status" id="invariants" tabindex="-1">
            <Icon name={icon} />{ text }{ explain.unwrap_or_default() }
        </p>
        { names(&stage.session) }
        { explained }
        </>
    }
}

/// Each invariant by its name, and whether it holds.
fn names(session: &Session) -> Html {
    if session.mode == Mode::Live {
        return Html::default();
    }
    let broken = session.violation.as_ref().map(|violation| violation.property.as_str());
    let one = |name: &'static str| {
        let is_broken = broken == Some(name);
        let sign = if is_broken { "✕" } else { "✓" };
        html! { <li data-broken={is_broken.to_string()}>{ sign }{ " " }{ name }</li> }
    };
    html! { <ul class="names" data-testid="invariant-names" aria-label="Invariants">{ for Breach::PROPERTIES.map(one) }</ul> }
}
