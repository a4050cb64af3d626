//! Swarm, and Break a rule: random faults by the hundred until something breaks.

use crate::model::link::Piece;
use crate::ui::field::Field;
use crate::ui::hunter::Outcome;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_sim::Weakness;
use hotstuff_sim::swarm::{Finding, Hunt};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// How many seeds there are to a hunt at first, and at most.
const SEEDS: u64 = 200;
const SEEDS_MAX: u64 = 100_000;

#[component]
pub fn SwarmPanel() -> Html {
    let stage = use_stage();
    let (seeds, weakness) = (use_state(|| SEEDS), use_state(|| None::<Weakness>));
    let on_weakness = {
        let weakness = weakness.clone();
        Callback::from(move |event: Event| {
            weakness.set(Weakness::named(&event.target_unchecked_into::<HtmlSelectElement>().value()));
        })
    };
    let on_seeds = {
        let seeds = seeds.clone();
        Callback::from(move |value: u64| seeds.set(value.max(1)))
    };
    let begin = {
        let (stage, seeds, weakness) = (stage.clone(), *seeds, *weakness);
        Callback::from(move |_: MouseEvent| {
            let first = stage.look().sandbox.seed;
            stage.hunt(Hunt { replicas: Some(4), rule: None, weakness, first, seeds });
        })
    };
    let stop = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.change(|stage| stage.hunter.stop()))
    };
    let shown = stage.look();
    let hunter = &shown.hunter;
    let (done, of, steps) = hunter.done();
    let state = match &hunter.result {
        _ if hunter.is_under_way() => "searching",
        None => "none",
        Some(Outcome::Found(_)) => "found",
        Some(Outcome::Clean) => "clean",
        Some(Outcome::Stopped) => "stopped",
        Some(Outcome::Failed(_)) => "failed",
    };
    html! {
        <details class="panel swarm" data-testid="swarm" data-state={state}>
            <summary>{ "Swarm: break a rule" }</summary>
            <p class="hint">{ "Random crashes, cuts, clocks and corrupt replicas, seed by seed, until something that must hold does not. With all rules in place nothing is found; take one away." }</p>
            <label class="field stacked">{ "All replicas" }
                <select data-testid="swarm-weakness" onchange={on_weakness}>
                    <option value="none" selected={weakness.is_none()}>{ "keep to the protocol" }</option>
                    { for Weakness::ALL.into_iter().map(|one| html! {
                        <option value={one.name()} selected={*weakness == Some(one)}>{ one.title() }</option>
                    }) }
                </select>
            </label>
            if let Some(weakness) = *weakness { <p>{ weakness.lesson() }</p> }
            <div class="fields">
                <label class="field">{ "Seeds" }
                    <Field kind="number" testid="swarm-seeds" label="How many seeds" value={*seeds} max={SEEDS_MAX} on_value={on_seeds} />
                </label>
                if hunter.is_under_way() {
                    <button data-testid="swarm-stop" onclick={stop}>{ "Stop" }</button>
                } else {
                    <button class="primary" data-testid="swarm-start" onclick={begin}>{ "Hunt" }</button>
                }
            </div>
            if hunter.is_under_way() {
                <progress max={of.to_string()} value={done.to_string()} aria-label="Seeds run"></progress>
                <p class="hint" data-testid="swarm-progress" data-done={done.to_string()}>
                    { format!("{done} of {of} seeds, {steps} steps") }
                    { if hunter.is_shrinking() { "; found one, making it small …" } else { "" } }
                </p>
            }
            { outcome(&stage, hunter.result.as_ref(), of) }
        </details>
    }
}

fn outcome(stage: &Stage, result: Option<&Outcome>, seeds: u64) -> Html {
    match result {
        None => Html::default(),
        Some(Outcome::Clean) => {
            html! { <p role="status">{ format!("Nothing was found in {seeds} seeds: everything held.") }</p> }
        }
        Some(Outcome::Stopped) => html! { <p role="status">{ "Stopped." }</p> },
        Some(Outcome::Failed(why)) => html! { <p role="alert" class="wrong">{ why }</p> },
        Some(Outcome::Found(found)) => finding(stage, found),
    }
}

/// A violated run, made small: what is violated, by what, and whose fault it is.
pub fn finding(stage: &Stage, found: &Finding) -> Html {
    let open = {
        let (stage, code) = (stage.clone(), found.code.clone());
        Callback::from(move |_: MouseEvent| stage.rerun(|sandbox| sandbox.piece = Piece::Plan(code.clone())))
    };
    let culprits: Vec<String> = found.culprits.iter().map(ToString::to_string).collect();
    html! {
        <div class="finding" data-testid="finding" data-culprits={culprits.join(" ")} data-hash={found.trace_hash.clone()}
            data-faults={found.faults.len().to_string()} role="status">
            <p class="wrong">{ found.violation.to_string() }</p>
            <p>
                { match &culprits[..] {
                    [] => "No certificates conflict: nobody need have signed two things.".to_string(),
                    names => format!("By signatures that conflict, {} signed what an honest replica never would.", names.join(" and ")),
                } }
                if let Some(weakness) = found.weakness { { format!(" All replicas {}.", weakness.title()) } }
            </p>
            <p class="hint">{ format!("{} of {} things that were done are enough, found in {} runs:", found.faults.len(), found.faults_before, found.runs) }</p>
            <ol class="rows" tabindex="0" aria-label="What is done in it">
                { for found.faults.iter().map(|(time, what)| html! { <li><span></span><time>{ format!("{:.3}", time.0 as f64 / 1e6) }</time><span>{ what }</span></li> }) }
            </ol>
            <button data-testid="finding-open" onclick={open}>{ "Watch it happen" }</button>
        </div>
    }
}
