//! How messages fare: loss and delay of all links of the sandbox.

use crate::source::report::Links;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_core::Span;
use web_sys::HtmlInputElement;
use yew::prelude::*;

const DELAY_MAX_MS: u64 = 5_000;
const LOSS_MAX_PERCENT: u32 = 50;
const PPM_PER_PERCENT: u32 = 10_000;

#[component]
pub fn LinksPanel() -> Html {
    let stage = use_stage();
    let links = stage.look().session.links;
    let percent = links.loss_ppm / PPM_PER_PERCENT;
    let on_loss = on(&stage, |links, value| {
        links.loss_ppm = (value.min(LOSS_MAX_PERCENT.into()) as u32) * PPM_PER_PERCENT;
    });
    let on_min = on(&stage, |links, value| {
        links.delay_min_us = Span::millis(value.min(DELAY_MAX_MS));
        links.delay_max_us = links.delay_max_us.max(links.delay_min_us);
    });
    let on_max = on(&stage, |links, value| {
        links.delay_max_us = Span::millis(value.min(DELAY_MAX_MS));
        links.delay_min_us = links.delay_min_us.min(links.delay_max_us);
    });
    let delay = |testid: &'static str, label: &'static str, span: Span, onchange: Callback<Event>| {
        html! {
            <label class="field">{ label }
                <input type="number" min="0" max={DELAY_MAX_MS.to_string()} data-testid={testid} aria-label={format!("{label} delay, milliseconds")}
                    value={(span.0 / 1_000).to_string()} {onchange} />
            </label>
        }
    };
    html! {
        <section class="panel" aria-labelledby="links-title">
            <h2 id="links-title">{ "Network conditions" }</h2>
            <label class="range">
                <span>{ "Messages lost" }</span><output>{ format!("{percent} %") }</output>
                <input type="range" min="0" max={LOSS_MAX_PERCENT.to_string()} data-testid="loss" value={percent.to_string()} onchange={on_loss} />
            </label>
            <div class="fields">
                { delay("delay-min", "From", links.delay_min_us, on_min) }
                { delay("delay-max", "to", links.delay_max_us, on_max) }
                <span class="unit">{ "ms delay" }</span>
            </div>
        </section>
    }
}

/// Changes the links by what an input holds; an input that holds no number is put back.
fn on(stage: &Stage, change: fn(&mut Links, u64)) -> Callback<Event> {
    let stage = stage.clone();
    Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let mut links = stage.look().session.links;
        if let Ok(value) = input.value().trim().parse() {
            change(&mut links, value);
            stage.set_links(links);
        } else {
            stage.wake();
        }
    })
}
