//! The bar at the bottom: transport and scrubber of the sandbox, and the invariants.

use crate::model::session::Mode;
use crate::source::StepTo;
use crate::source::report::Way;
use crate::ui::icon::Icon;
use crate::ui::invariants::Invariants;
use crate::ui::scrubber::Scrubber;
use crate::ui::speed::Speed;
use crate::ui::stage::{Stage, use_stage};
use yew::prelude::*;

#[component]
pub fn Footer() -> Html {
    let stage = use_stage();
    let is_live = stage.look().session.mode == Mode::Live;
    html! {
        <footer class="bottom">
            if !is_live {
                <Scrubber />
                <Transport />
            }
            <Invariants />
        </footer>
    }
}

#[component]
fn Transport() -> Html {
    let stage = use_stage();
    let (playing, busy) = {
        let shown = stage.look();
        (shown.pacer.playing, shown.source.is_busy())
    };
    let toggle = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.toggle_playing())
    };
    let reset = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.rerun(|_| {}))
    };
    let fork = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.fork())
    };
    let (testid, icon, label) = if playing { ("pause", "pause", "Pause") } else { ("play", "play", "Play") };
    html! {
        <div class="transport" data-testid="transport" data-playing={playing.to_string()}
            data-busy={(!playing && busy).to_string()} role="group" aria-label="Transport">
            <button class="primary play" data-testid={testid} onclick={toggle} title="Play or pause (Space)"><Icon name={icon} />{ label }</button>
            { pair(&stage, StepTo::Event, "Event", ("back", "step"), ("Event before (←)", "Next event (→)")) }
            { pair(&stage, StepTo::View, "View", ("back-view", "step-view"), ("To the view before (Shift ←)", "To the next view (Shift →)")) }
            { pair(&stage, StepTo::CommitOrFault, "Commit", ("back-commit", "step-commit"), ("To the commit or fault before (Ctrl ←)", "To the next commit or fault (Ctrl →)")) }
            <button data-testid="fork" onclick={fork} title="Begin a branch here (F)"><Icon name="fork" /><span class="label">{ "Branch" }</span></button>
            <button data-testid="reset" onclick={reset} title="Begin this run anew, without what was done to it"><Icon name="reset" /><span class="label">{ "Restart run" }</span></button>
            <Speed />
        </div>
    }
}

/// A step back and a step on, and how far.
fn pair(
    stage: &Stage,
    to: StepTo,
    label: &'static str,
    (back, on): (&'static str, &'static str),
    (back_title, on_title): (&'static str, &'static str),
) -> Html {
    let step = |way: Way| {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.step(to, way))
    };
    html! {
        <span class="pair">
            <button data-testid={back} onclick={step(Way::Back)} title={back_title} aria-label={back_title}><Icon name="back" /></button>
            <button data-testid={on} onclick={step(Way::On)} title={on_title}>{ label }<Icon name="step" /></button>
        </span>
    }
}
