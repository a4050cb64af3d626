//! The bar at the bottom: transport of the sandbox, and the invariants.

use crate::model::session::Mode;
use crate::source::StepTo;
use crate::ui::icon::Icon;
use crate::ui::invariants::Invariants;
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
                <Transport />
            }
            <Invariants />
        </footer>
    }
}

#[component]
fn Transport() -> Html {
    let stage = use_stage();
    let playing = stage.look().pacer.playing;
    let toggle = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.toggle_playing())
    };
    let reset = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.rerun(|_| {}))
    };
    let (testid, icon, label) = if playing { ("pause", "pause", "Pause") } else { ("play", "play", "Play") };
    html! {
        <div class="transport" data-testid="transport" data-playing={playing.to_string()} role="group" aria-label="Transport">
            <button class="primary play" data-testid={testid} onclick={toggle} title="Play or pause (Space)"><Icon name={icon} />{ label }</button>
            { step(&stage, StepTo::Event, "step", "Step", "Next event (→)") }
            { step(&stage, StepTo::View, "step-view", "View", "To the next view (Shift →)") }
            { step(&stage, StepTo::Commit, "step-commit", "Commit", "To the next commit (Ctrl →)") }
            <button data-testid="reset" onclick={reset} title="Begin this run anew (Home)"><Icon name="reset" /><span class="label">{ "Restart run" }</span></button>
            <Speed />
        </div>
    }
}

fn step(stage: &Stage, to: StepTo, testid: &'static str, label: &'static str, title: &'static str) -> Html {
    let stage = stage.clone();
    let onclick = Callback::from(move |_: MouseEvent| stage.step(to));
    html! { <button data-testid={testid} {onclick} {title}><Icon name="step" />{ label }</button> }
}
