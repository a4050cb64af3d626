//! The run as a line to go along: commits, faults, when the network was stable, and where one is.

use crate::model::Timeline;
use crate::source::report::Place;
use crate::ui::stage::use_stage;
use hotstuff_core::Time;
use hotstuff_sim::timeline::MarkKind;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// How many places along it can be told apart.
const CELLS: usize = 400;

#[component]
pub fn Scrubber() -> Html {
    let stage = use_stage();
    let oninput = {
        let stage = stage.clone();
        Callback::from(move |event: InputEvent| {
            let value = event.target_unchecked_into::<HtmlInputElement>().value_as_number();
            if value.is_finite() && value >= 0.0 {
                stage.seek(Place::Time(Time((value * 1_000.0) as u64)));
            }
        })
    };
    let shown = stage.look();
    let (timeline, now) = (&shown.session.timeline, shown.session.clock);
    let end = timeline.end.1.max(now);
    let seconds = |time: Time| format!("{:.3} s", time.0 as f64 / 1e6);
    html! {
        <div class="scrubber" data-testid="scrubber" data-end-us={end.0.to_string()} data-now-us={now.0.to_string()}
            data-steps={timeline.end.0.to_string()}>
            <svg viewBox={format!("0 0 {CELLS} 18")} preserveAspectRatio="none" aria-hidden="true">
                { marks(timeline) }
            </svg>
            <input type="range" min="0" max={end.0.div_ceil(1_000).to_string()} step="1" data-testid="scrub"
                value={(now.0 / 1_000).to_string()} aria-label="Simulated time" {oninput}
                aria-valuetext={format!("{} of {}", seconds(now), seconds(end))} />
        </div>
    }
}

fn marks(timeline: &Timeline) -> Html {
    let whole = timeline.end.1.0.max(1);
    let stable = timeline.stable_since().map(|time| time.0 as f64 * CELLS as f64 / whole as f64);
    let commits = timeline.thinned(CELLS, |what| matches!(what, MarkKind::Commit(_)));
    let faults = timeline.thinned(CELLS, |what| matches!(what, MarkKind::Fault(_)));
    let violated = timeline.thinned(CELLS, |what| *what == MarkKind::Violation);
    html! {
        <>
            if let Some(from) = stable {
                <rect class="stable" x={format!("{from:.1}")} y="0" width={format!("{:.1}", CELLS as f64 - from)} height="18" />
            }
            { for commits.iter().map(|(cell, _)| html! { <rect class="commit" x={cell.to_string()} y="11" width="1" height="7" /> }) }
            { for faults.iter().map(|(cell, _)| html! { <path class="fault" d={format!("M{cell} 0h3l-1.5 8z")} /> }) }
            { for violated.iter().map(|(cell, _)| html! { <rect class="violation" x={cell.to_string()} y="0" width="2" height="18" /> }) }
        </>
    }
}
