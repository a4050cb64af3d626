//! What the visitor looks at, in a few lines: the lesson that is played, or the cluster.

use crate::model::link::{Piece, Sandbox};
use crate::model::session::Mode;
use crate::source::report::Place;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_sim::scenarios::{self, Scenario};
use yew::prelude::*;

#[component]
pub fn Lesson() -> Html {
    let stage = use_stage();
    let (mode, sandbox) = {
        let shown = stage.look();
        (shown.session.mode, shown.sandbox.clone())
    };
    html! {
        <section class="panel lesson" data-testid="lesson" aria-labelledby="lesson-title">
            if let Some(lesson) = sandbox.lesson().filter(|_| mode == Mode::Sandbox) {
                { scripted(&stage, &sandbox, lesson) }
            } else {
                { free(&stage, mode) }
            }
        </section>
    }
}

fn scripted(stage: &Stage, sandbox: &Sandbox, lesson: &'static Scenario) -> Html {
    let Piece::Lesson(_, script) = sandbox.piece else { return Html::default() };
    let shown = stage.look();
    let script_now = &lesson.scripts[usize::from(script)];
    let is_over = shown.session.clock >= script_now.until;
    let choose = |number: u8| {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| {
            stage.rerun(|sandbox| {
                if let Piece::Lesson(_, script) = &mut sandbox.piece {
                    *script = number;
                }
            });
        })
    };
    let beside = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.toggle_beside())
    };
    let numbers = numbers(stage);
    html! {
        <>
            <h2 id="lesson-title">{ format!("{}. {}", lesson.number, lesson.title) }</h2>
            <p>{ lesson.lesson }</p>
            if lesson.scripts.len() > 1 {
                <div class="switch" role="group" aria-label="Which run">
                    { for (0u8..).zip(lesson.scripts).map(|(number, one)| html! {
                        <button data-testid={format!("script-{number}")} aria-pressed={(number == script).to_string()}
                            onclick={choose(number)}>{ one.label }</button>
                    }) }
                </div>
                <button data-testid="beside" aria-pressed={shown.beside.is_some().to_string()} onclick={beside}>{ "Side by side" }</button>
            }
            <p class="try" data-testid="question" data-over={is_over.to_string()}>
                <strong>{ if is_over { "Now you know enough to say: " } else { "While you watch: " } }</strong>{ lesson.question }
            </p>
            if let Some(numbers) = numbers { <p class="hint">{ numbers }</p> }
            { turn(stage, lesson) }
        </>
    }
}

/// To the lessons before and after.
fn turn(stage: &Stage, lesson: &'static Scenario) -> Html {
    let to = |number: u8, testid: &'static str, label: &'static str| {
        let other = scenarios::all().iter().find(|other| other.number == number)?;
        let stage = stage.clone();
        let onclick = Callback::from(move |_: MouseEvent| stage.play_lesson(Some(other.name)));
        Some(html! { <button data-testid={testid} {onclick} title={other.title}>{ label }</button> })
    };
    let again = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.seek(Place::Steps(0)))
    };
    html! {
        <div class="fields">
            { to(lesson.number - 1, "lesson-before", "◀ Lesson") }
            <button data-testid="lesson-again" onclick={again}>{ "From the start" }</button>
            { to(lesson.number + 1, "lesson-next", "Next lesson ▶") }
        </div>
    }
}

fn free(stage: &Stage, mode: Mode) -> Html {
    let numbers = numbers(stage);
    let first = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| {
            stage.play_lesson(scenarios::all().first().map(|lesson| lesson.name))
        })
    };
    html! {
        <>
            <h2 id="lesson-title">{ "What you are looking at" }</h2>
            if mode == Mode::Live {
                <p>
                    { "The cluster that serves this page, as its replicas tell of it. A message is drawn when its sender tells; " }
                    { "how long it takes is not measured. An idle cluster only beats now and then: send it a command." }
                </p>
            } else {
                <p>
                    { "The project’s real core on a simulated network. Each view has a leader, who proposes a block. The others vote; " }
                    { "the next leader makes a certificate of a quorum of votes, and builds on it. Three certified blocks of consecutive views commit the first." }
                </p>
                <p class="try"><strong>{ "Try it: " }</strong>{ "kill the leader (the filled crown) and watch the others give up on its view and go on." }</p>
                <button data-testid="first-lesson" onclick={first}>{ "Begin with the first of 17 lessons" }</button>
            }
            if let Some(numbers) = numbers { <p class="hint">{ numbers }</p> }
        </>
    }
}

/// Of how many replicas how many may fail.
fn numbers(stage: &Stage) -> Option<String> {
    let shown = stage.look();
    let committee = shown.session.cluster.committee.as_ref()?;
    let (size, faulty, quorum) = (committee.members.len(), committee.faulty_max, committee.quorum);
    Some(if committee.members.iter().all(|(_, power)| power.0 == 1) {
        format!("Of {size} replicas, {faulty} may fail; {quorum} make a quorum.")
    } else {
        format!("Of a voting power of {}, {faulty} may fail; {quorum} make a quorum.", committee.total())
    })
}
