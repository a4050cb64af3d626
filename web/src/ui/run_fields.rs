//! Which run: its seed and its number of replicas.

use crate::model::link::{REPLICAS_MAX, REPLICAS_MIN};
use crate::ui::stage::use_stage;
use web_sys::{HtmlInputElement, HtmlSelectElement};
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
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            match input.value().trim().parse() {
                Ok(seed) => stage.rerun(|sandbox| sandbox.seed = seed),
                Err(_) => input.set_value(&stage.look().sandbox.seed.to_string()),
            }
        })
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
                <input data-testid="seed" inputmode="numeric" size="6" value={seed.to_string()} onchange={on_seed} />
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
