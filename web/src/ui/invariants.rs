//! The strip of invariants: always in view.

use crate::model::session::Mode;
use crate::ui::icon::Icon;
use crate::ui::stage::use_stage;
use crate::ui::swarm::finding;
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
            ("violated", "alert", format!("Violated: {violation}. The run is frozen."))
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
        { explained }
        </>
    }
}
