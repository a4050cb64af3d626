//! Which run: its seed and its number of replicas.

use crate::model::link::{REPLICAS_MAX, REPLICAS_MIN};
use crate::ui::field::Field;
use crate::ui::stage::use_stage;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

#[component]
pub fn RunFields() -> Html {
    let stage = use_stage();
    let (seed, replicas) = {
        let stage = stage.look();
        (stage.sandbox.seed, stage.sandbox.replicas)
    };
    let on_seed = {
        let stage = stage.clone();
        Callback::from(move |seed: u64| stage.rerun(|sandbox| sandbox.seed = seed))
    };
    let on_replicas = {
        let stage = stage.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(replicas) = select.value().parse() {
                stage.rerun(|sandbox| sandbox.replicas = replicas);
            }
        })
    };
    html! {
        <div class="fields">
            <label class="field">{ "Seed" }
                <Field kind="text" testid="seed" label="Seed" value={seed} max={u64::MAX} on_value={on_seed} />
            </label>
            <label class="field">{ "Replicas" }
                <select data-testid="replica-count" onchange={on_replicas}>
                    { for (REPLICAS_MIN..=REPLICAS_MAX).map(|count| html! {
                        <option value={count.to_string()} selected={count == replicas}>{ count }</option>
                    }) }
                </select>
            </label>
        </div>
    }
}
