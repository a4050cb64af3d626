//! Runs the simulator's reference run, whose hash is the same wherever it runs.

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
    let run = shown.reference.as_ref();
    let hash = run.map(|run| format!("{:#}", run.hash)).unwrap_or_default();
    html! {
        <details class="panel">
            <summary>{ "Check determinism" }</summary>
            <p class="hint">{ "A fixed run with this seed. Its hash is the same natively and in every browser." }</p>
            <div class="fields">
                <button data-testid="reference-run" {onclick}>{ "Run" }</button>
                <output class="mono" data-testid="reference-hash" data-hash={hash.clone()}
                    data-steps={run.map(|run| run.steps.to_string())}
                    data-committed={run.map(|run| run.committed.to_string())}>
                    { hash.get(..8).unwrap_or_default() }
                </output>
                if let Some(run) = run { <small>{ format!("{} steps, height {}", run.steps, run.committed) }</small> }
            </div>
        </details>
    }
}
