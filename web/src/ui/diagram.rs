//! The drawer of the space-time diagram.

use crate::draw::spacetime::{SPAN_MAX, SPAN_MIN};
use crate::model::Selection;
use crate::model::session::Mode;
use crate::source::report::Place;
use crate::ui::pictures::at;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_core::Span;
use web_sys::HtmlElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct DiagramProps {
    pub canvas: NodeRef,
}

#[component]
pub fn Diagram(props: &DiagramProps) -> Html {
    let stage = use_stage();
    let is_open = use_state(|| false);
    let ontoggle = {
        let is_open = is_open.clone();
        Callback::from(move |event: Event| {
            let details: HtmlElement = event.target_unchecked_into();
            is_open.set(details.has_attribute("open"));
        })
    };
    let zoom = |factor: f64| {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| {
            stage.change(|stage| {
                let span = (stage.span.0 as f64 * factor) as u64;
                stage.span = Span(span.clamp(SPAN_MIN.0, SPAN_MAX.0));
            });
        })
    };
    let onclick = {
        let stage = stage.clone();
        Callback::from(move |event: MouseEvent| press(&stage, &event))
    };
    let span_s = stage.look().span.0 as f64 / 1e6;
    html! {
        <details class="panel diagram" data-testid="diagram-drawer" {ontoggle}>
            <summary>{ "Space-time diagram" }</summary>
            if *is_open {
                <div class="fields">
                    <button class="small" data-testid="diagram-in" onclick={zoom(0.5)} title="Less time, larger">{ "+" }</button>
                    <button class="small" data-testid="diagram-out" onclick={zoom(2.0)} title="More time, smaller">{ "−" }</button>
                    <small data-testid="diagram-span">{ format!("{span_s:.2} s") }</small>
                    <small>{ "Press a mark to go there, a stroke to choose the message." }</small>
                </div>
                <canvas ref={props.canvas.clone()} data-testid="diagram" {onclick} role="img"
                    aria-label="Time to the right, a line for each replica, a stroke for each message. The list of events says the same." />
            }
        </details>
    }
}

fn press(stage: &Stage, event: &MouseEvent) {
    let (moment, crossing) = {
        let shown = stage.look();
        if shown.session.mode == Mode::Live {
            return;
        }
        let tag = |kind: &'static str| shown.diagram.hit(at(event), &[kind]).map(|tag| tag.id.clone());
        let moment = tag("moment").and_then(|id| id.split('@').next()?.parse::<u64>().ok());
        (moment, tag("crossing").and_then(|id| id.parse().ok()))
    };
    if let Some(steps) = moment {
        stage.seek(Place::Steps(steps));
    } else if let Some(id) = crossing {
        stage.select(Selection::Message(id));
    }
}
