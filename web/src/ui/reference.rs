//! Runs the simulator's reference run, whose hash is the same wherever it runs.

use crate::source::question::Answer;
use crate::ui::stage::use_stage;
use yew::prelude::*;

#[component]
pub fn ReferencePanel() -> Html {
    let stage = use_stage();
    let onclick = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.run_reference())
    };
    let shown = stage.look();
    let (hash, told) = match &shown.reference {
        Some(Answer::ReferenceRun(hash, steps, committed)) => (hash.clone(), Some((*steps, *committed))),
        _ => Default::default(),
    };
    html! {
        <details class="panel">
            <summary>{ "Check determinism" }</summary>
            <p class="hint">{ "A fixed run with this seed. Its hash is the same natively and in every browser." }</p>
            <div class="fields">
                <button data-testid="reference-run" {onclick}>{ "Run" }</button>
                <output class="mono" data-testid="reference-hash" data-hash={hash.clone()}
                    data-steps={told.map(|(steps, _)| steps.to_string())}
                    data-committed={told.map(|(_, committed)| committed.to_string())}>
                    { hash.get(..8).unwrap_or_default() }
                </output>
                if let Some((steps, committed)) = told { <small>{ format!("{steps} steps, height {committed}") }</small> }
            </div>
        </details>
    }
}
