//! The strip of invariants: always in view.

use crate::model::session::Mode;
use crate::ui::icon::Icon;
use crate::ui::stage::use_stage;
use yew::prelude::*;

#[component]
pub fn Invariants() -> Html {
    let stage = use_stage();
    let stage = stage.look();
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
    html! {
        <p class={classes!("invariants", state)} data-testid="invariants" data-state={state} role="status" id="invariants" tabindex="-1">
            <Icon name={icon} />{ text }
        </p>
    }
}
