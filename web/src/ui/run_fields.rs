//! Which run: the lesson or cluster, its seed, its replicas and its rules.

use crate::model::link::{self, JOINERS_MAX, Piece, REPLICAS_MAX, REPLICAS_MIN, rule_word};
use crate::ui::field::Field;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_core::CommitRule;
use hotstuff_sim::{Weakness, scenarios};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

const RULES: [CommitRule; 2] = [CommitRule::ThreeChain, CommitRule::TwoChain];

#[component]
pub fn RunFields() -> Html {
    let stage = use_stage();
    let sandbox = stage.look().sandbox.clone();
    let lesson = sandbox.lesson().map(|lesson| lesson.name);
    let on_piece = chosen(&stage, |stage, value| {
        stage.play_lesson(Some(value).filter(|name| scenarios::named(name).is_some()));
    });
    let on_rule = chosen(&stage, |stage, value| {
        let rule = RULES.into_iter().find(|rule| rule_word(*rule) == value);
        stage.rerun(|sandbox| sandbox.rule = rule);
    });
    let on_seed = {
        let stage = stage.clone();
        Callback::from(move |seed: u64| stage.rerun(|sandbox| sandbox.seed = seed))
    };
    let takes_rule = sandbox.lesson().is_none_or(scenarios::Scenario::takes_rule);
    html! {
        <div class="fields run">
            <label class="field">{ "Scenario" }
                <select data-testid="scenario" onchange={on_piece}>
                    <option value="sandbox" selected={sandbox.piece == Piece::Free}>{ "Free sandbox" }</option>
                    if matches!(sandbox.piece, Piece::Plan(_)) {
                        <option value="run" selected=true>{ "A run that was found" }</option>
                    }
                    { for scenarios::all().iter().map(|scenario| html! {
                        <option value={scenario.name} selected={lesson == Some(scenario.name)}>
                            { format!("{}. {}", scenario.number, scenario.title) }
                        </option>
                    }) }
                </select>
            </label>
            <label class="field">{ "Seed" }
                <Field kind="text" testid="seed" label="Seed" value={sandbox.seed} max={u64::MAX} on_value={on_seed} />
            </label>
            if takes_rule && !matches!(sandbox.piece, Piece::Plan(_)) {
                <label class="field">{ "Rule" }
                    <select data-testid="rule" onchange={on_rule}>
                        { for RULES.into_iter().map(|rule| html! {
                            <option value={rule_word(rule)} selected={sandbox.rule.unwrap_or_default() == rule}>{ rule_word(rule) }</option>
                        }) }
                    </select>
                </label>
            }
            if sandbox.piece == Piece::Free {
                <label class="field">{ "Replicas" }
                    <select data-testid="replica-count" onchange={chosen(&stage, |stage, value| {
                        if let Ok(replicas) = value.parse() {
                            stage.rerun(|sandbox| sandbox.replicas = replicas);
                        }
                    })}>
                        { for (REPLICAS_MIN..=REPLICAS_MAX).map(|count| html! {
                            <option value={count.to_string()} selected={count == sandbox.replicas}>{ count }</option>
                        }) }
                    </select>
                </label>
            }
        </div>
    }
}

/// What of a cluster is seldom set: voting power, replicas that wait, a rule that is left out.
#[component]
pub fn ClusterFields() -> Html {
    let stage = use_stage();
    let sandbox = stage.look().sandbox.clone();
    let wrong = use_state(String::new);
    if sandbox.piece != Piece::Free {
        return Html::default();
    }
    let on_power = {
        let (stage, wrong) = (stage.clone(), wrong.clone());
        Callback::from(move |event: Event| {
            match link::powers(&event.target_unchecked_into::<HtmlInputElement>().value()) {
                Ok(powers) => {
                    wrong.set(String::new());
                    stage.rerun(|sandbox| sandbox.powers = powers);
                }
                Err(why) => wrong.set(why),
            }
        })
    };
    let on_joiners = chosen(&stage, |stage, value| {
        if let Ok(joiners) = value.parse() {
            stage.rerun(|sandbox| sandbox.joiners = joiners);
        }
    });
    let on_weakness = chosen(&stage, |stage, value| {
        stage.rerun(|sandbox| sandbox.weakness = Weakness::named(value));
    });
    html! {
        <details class="panel" data-testid="cluster-fields">
            <summary>{ "The cluster" }</summary>
            <label class="field stacked">{ "Voting power of r0, r1, …" }
                <input data-testid="powers" placeholder="1,1,1,1" value={link::in_text(&sandbox.powers)} onchange={on_power} autocomplete="off" />
            </label>
            if !wrong.is_empty() { <p class="wrong" role="alert" data-testid="powers-wrong">{ (*wrong).clone() }</p> }
            <label class="field">{ "Replicas that wait to be added" }
                <select data-testid="joiners" onchange={on_joiners}>
                    { for (0..=JOINERS_MAX).map(|count| html! {
                        <option value={count.to_string()} selected={count == sandbox.joiners}>{ count }</option>
                    }) }
                </select>
            </label>
            <label class="field stacked">{ "A rule that all replicas do without" }
                <select data-testid="weakness" onchange={on_weakness}>
                    <option value="none" selected={sandbox.weakness.is_none()}>{ "none: the protocol as it is" }</option>
                    { for Weakness::ALL.into_iter().map(|weakness| html! {
                        <option value={weakness.name()} selected={sandbox.weakness == Some(weakness)}>{ weakness.name() }</option>
                    }) }
                </select>
            </label>
        </details>
    }
}

/// Does something with what is chosen.
fn chosen(stage: &Stage, what: fn(&Stage, &str)) -> Callback<Event> {
    let stage = stage.clone();
    Callback::from(move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        what(&stage, &select.value());
    })
}
