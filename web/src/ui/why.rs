//! Why? What is selected is as it is, or the cluster goes on or not; each reason leads to what caused it.

use crate::model::session::Mode;
use crate::model::{Selection, Session};
use crate::source::report::Place;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_sim::why::{Answer, Reason};
use yew::prelude::*;

#[component]
pub fn WhyPanel() -> Html {
    let stage = use_stage();
    let shown = stage.look();
    let answer = answer(&shown.session);
    let can_go = shown.session.mode == Mode::Sandbox;
    html! {
        <section class="panel why" id="why" tabindex="-1" data-testid="why" aria-labelledby="why-title">
            <h2 id="why-title">{ "Why?" }</h2>
            <p data-testid="why-headline">{ answer.headline }</p>
            <ul>
                { for answer.because.iter().map(|reason| line(&stage, reason, can_go)) }
            </ul>
        </section>
    }
}

fn answer(session: &Session) -> Answer {
    let why = &session.cluster.why;
    let answer = match session.selection {
        Selection::Replica(id) => why.replica(id.replica),
        Selection::Block(id) => why.block(&id),
        Selection::Message(_) | Selection::Nothing => None,
    };
    answer.unwrap_or_else(|| why.progress())
}

fn line(stage: &Stage, reason: &Reason, can_go: bool) -> Html {
    let go = reason.at.filter(|_| can_go).map(|at| {
        let stage = stage.clone();
        let onclick = Callback::from(move |_: MouseEvent| stage.seek(Place::Steps(at)));
        html! { <button class="small" data-testid="why-go" {onclick} title="Go to where it happened">{ format!("#{at}") }</button> }
    });
    html! { <li><span>{ &reason.text }</span>{ go.unwrap_or_default() }</li> }
}
