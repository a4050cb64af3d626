//! How messages fare: loss and delay of all links of the sandbox.

use crate::ui::field::Field;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_core::Span;
use hotstuff_sim::LinkConfig;
use yew::prelude::*;

const DELAY_MAX_MS: u64 = 5_000;
const LOSS_MAX_PERCENT: u64 = 50;
const PPM_PER_PERCENT: u32 = 10_000;

#[component]
pub fn LinksPanel() -> Html {
    let stage = use_stage();
    let links = stage.look().session.links;
    let percent = links.loss_ppm / PPM_PER_PERCENT;
    let on_loss = on(&stage, |links, percent| {
        links.loss_ppm = u32::try_from(percent).unwrap_or(u32::MAX).saturating_mul(PPM_PER_PERCENT);
    });
    let on_min = on(&stage, |links, delay_ms| {
        links.delay_min_us = Span::millis(delay_ms);
        links.delay_max_us = links.delay_max_us.max(links.delay_min_us);
    });
    let on_max = on(&stage, |links, delay_ms| {
        links.delay_max_us = Span::millis(delay_ms);
        links.delay_min_us = links.delay_min_us.min(links.delay_max_us);
    });
    html! {
        <section class="panel" aria-labelledby="links-title">
            <h2 id="links-title">{ "Network conditions" }</h2>
            <label class="range">
                <span>{ "Messages lost" }</span><output>{ format!("{percent} %") }</output>
                <Field kind="range" testid="loss" label="Messages lost, percent" value={u64::from(percent)} max={LOSS_MAX_PERCENT} on_value={on_loss} />
            </label>
            <div class="fields">
                <label class="field">{ "Delay" }
                    <Field kind="number" testid="delay-min" label="Shortest delay, milliseconds" value={links.delay_min_us.0 / 1_000} max={DELAY_MAX_MS} on_value={on_min} />
                </label>
                <label class="field">{ "to" }
                    <Field kind="number" testid="delay-max" label="Longest delay, milliseconds" value={links.delay_max_us.0 / 1_000} max={DELAY_MAX_MS} on_value={on_max} />
                </label>
                <span class="unit">{ "ms" }</span>
            </div>
        </section>
    }
}

/// Changes the links by what a field holds.
fn on(stage: &Stage, change: fn(&mut LinkConfig, u64)) -> Callback<u64> {
    let stage = stage.clone();
    Callback::from(move |value| {
        let mut links = stage.look().session.links;
        change(&mut links, value);
        stage.set_links(links);
    })
}
