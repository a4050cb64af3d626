//! How messages fare: loss and delay of links of the sandbox, of all together or of some.

use crate::model::Session;
use crate::model::replica::{host_of, key};
use crate::model::session::Ends;
use crate::ui::field::Field;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_core::Span;
use hotstuff_sim::{HostId, LinkConfig};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

const DELAY_MAX_MS: u64 = 5_000;
const LOSS_MAX_PERCENT: u64 = 50;
const PPM_PER_PERCENT: u32 = 10_000;

#[component]
pub fn LinksPanel() -> Html {
    let stage = use_stage();
    let ends = use_state(Ends::default);
    let links = settings(&stage.look().session, *ends);
    let hosts: Vec<HostId> = stage.look().session.cluster.replicas.iter().map(|replica| replica.id).collect();
    let choose_from = {
        let ends = ends.clone();
        Callback::from(move |from| ends.set((from, ends.1)))
    };
    let choose_to = {
        let ends = ends.clone();
        Callback::from(move |to| ends.set((ends.0, to)))
    };
    let percent = links.loss_ppm / PPM_PER_PERCENT;
    let on_loss = on(&stage, *ends, |links, percent| {
        links.loss_ppm = u32::try_from(percent).unwrap_or(u32::MAX).saturating_mul(PPM_PER_PERCENT);
    });
    let on_min = on(&stage, *ends, |links, delay_ms| {
        links.delay_min_us = Span::millis(delay_ms);
        links.delay_max_us = links.delay_max_us.max(links.delay_min_us);
    });
    let on_max = on(&stage, *ends, |links, delay_ms| {
        links.delay_max_us = Span::millis(delay_ms);
        links.delay_min_us = links.delay_min_us.min(links.delay_max_us);
    });
    html! {
        <section class="panel" aria-labelledby="links-title">
            <h2 id="links-title">{ "Network conditions" }</h2>
            <div class="fields">
                { end(("links-from", "From"), &hosts, ends.0, choose_from) }
                { end(("links-to", "to"), &hosts, ends.1, choose_to) }
            </div>
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

/// How such links were last set.
fn settings(session: &Session, ends: Ends) -> LinkConfig {
    let own = session.own_links.iter().find(|(of, _)| *of == ends);
    own.map_or(session.links, |(_, links)| *links)
}

/// Chooses one end of the links that are set.
fn end(
    (testid, label): (&'static str, &'static str),
    hosts: &[HostId],
    chosen: Option<HostId>,
    choose: Callback<Option<HostId>>,
) -> Html {
    let onchange = Callback::from(move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        choose.emit(host_of(&select.value()));
    });
    html! {
        <label class="field">{ label }
            <select data-testid={testid} {onchange}>
                <option value="" selected={chosen.is_none()}>{ "all" }</option>
                { for hosts.iter().map(|host| html! {
                    <option value={key(*host)} selected={chosen == Some(*host)}>{ host.to_string() }</option>
                }) }
            </select>
        </label>
    }
}

/// Changes links by what a field holds.
fn on(stage: &Stage, ends: Ends, change: fn(&mut LinkConfig, u64)) -> Callback<u64> {
    let stage = stage.clone();
    Callback::from(move |value| {
        let mut links = settings(&stage.look().session, ends);
        change(&mut links, value);
        stage.set_links(ends, links);
    })
}
