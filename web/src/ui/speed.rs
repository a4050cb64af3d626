//! The speed slider, logarithmic.

use crate::model::link::{SPEED_MAX, SPEED_MIN, rounded};
use crate::ui::stage::use_stage;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[component]
pub fn Speed() -> Html {
    let stage = use_stage();
    let speed = stage.look().pacer.speed();
    let oninput = {
        let stage = stage.clone();
        Callback::from(move |event: InputEvent| {
            let value: f64 = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            if value.is_finite() {
                stage.set_speed(rounded(10f64.powf(value)));
            }
        })
    };
    html! {
        <label class="range speed">
            <span>{ "Speed" }</span><output>{ format!("{}×", rounded(speed)) }</output>
            <input type="range" min={SPEED_MIN.log10().to_string()} max={SPEED_MAX.log10().to_string()} step="0.05"
                data-testid="speed" data-speed={rounded(speed).to_string()} value={format!("{:.2}", speed.log10())}
                aria-valuetext={format!("{} simulated seconds per second", rounded(speed))} {oninput} />
        </label>
    }
}
