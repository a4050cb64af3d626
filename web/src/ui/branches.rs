//! The branches: which there are, where each began and by what, and two of them beside each other.

use crate::source::report::Place;
use crate::ui::run_file::RunFile;
use crate::ui::stage::{Stage, use_stage};
use hotstuff_sim::timeline::{BranchId, BranchView, Comparison, Row, Side};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// How deep branches are shown: the style sheet knows as many.
const DEPTHS: usize = 5;

#[component]
pub fn Branches() -> Html {
    let stage = use_stage();
    let shown = stage.look();
    let timeline = &shown.session.timeline;
    if timeline.branches.len() < 2 {
        return html! {
            <section class="panel" data-testid="branches" data-count={timeline.branches.len().to_string()} aria-labelledby="branches-title">
                <h2 id="branches-title">{ "Branches" }</h2>
                <p class="hint">{ "Go back and do something else: it happens on a branch, and what was stays. F begins one by hand." }</p>
                <RunFile />
            </section>
        };
    }
    let comparison = shown.session.comparison.as_ref();
    html! {
        <section class="panel" data-testid="branches" data-count={timeline.branches.len().to_string()}
            data-current={timeline.current.0.to_string()} aria-labelledby="branches-title">
            <h2 id="branches-title">{ "Branches" }</h2>
            <ul class="branches">
                { for timeline.branches.iter().map(|branch| line(&stage, branch, &timeline.branches, timeline.current)) }
            </ul>
            <Compare count={u32::try_from(timeline.branches.len()).unwrap_or(u32::MAX)} current={timeline.current} />
            if let Some(comparison) = comparison { { beside(&stage, comparison) } }
            <RunFile />
        </section>
    }
}

fn line(stage: &Stage, branch: &BranchView, all: &[BranchView], current: BranchId) -> Html {
    let id = branch.id;
    let onclick = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.switch_branch(id))
    };
    let begun = match (&branch.fork, &branch.first) {
        (None, _) => "as it went at first".to_string(),
        (Some(fork), Some(first)) => format!("from {} at {}: {}", fork.branch.0 + 1, fork.time, first.what),
        (Some(fork), None) => format!("from {} at {}", fork.branch.0 + 1, fork.time),
    };
    html! {
        <li class={format!("depth-{}", depth(branch, all).min(DEPTHS - 1))}>
            <button class="small" data-testid={format!("branch-{}", id.0)} aria-pressed={(id == current).to_string()} {onclick}>{ id.0 + 1 }</button>
            <span>{ begun }{ if branch.violated { " — violated" } else { "" } }</span>
        </li>
    }
}

/// How many forks lie before it.
fn depth(branch: &BranchView, all: &[BranchView]) -> usize {
    let before = |branch: &&BranchView| {
        let fork = branch.fork?;
        all.iter().find(|other| other.id == fork.branch)
    };
    std::iter::successors(Some(branch), before).count() - 1
}

#[derive(PartialEq, Properties)]
struct CompareProps {
    count: u32,
    current: BranchId,
}

#[component]
fn Compare(props: &CompareProps) -> Html {
    let stage = use_stage();
    let other = use_node_ref();
    let onclick = {
        let (other, current) = (other.clone(), props.current);
        Callback::from(move |_: MouseEvent| {
            let chosen = other.cast::<HtmlSelectElement>().and_then(|select| select.value().parse().ok());
            if let Some(chosen) = chosen {
                stage.compare(current, BranchId(chosen));
            }
        })
    };
    html! {
        <div class="fields">
            <label class="field">{ "Compare with" }
                <select ref={other} data-testid="compare-with">
                    { for (0..props.count).filter(|id| *id != props.current.0).map(|id| html! { <option value={id.to_string()}>{ id + 1 }</option> }) }
                </select>
            </label>
            <button data-testid="compare" {onclick}>{ "Compare" }</button>
        </div>
    }
}

fn beside(stage: &Stage, comparison: &Comparison) -> Html {
    let go = {
        let (stage, from) = (stage.clone(), comparison.from);
        Callback::from(move |_: MouseEvent| stage.seek(Place::Steps(from)))
    };
    html! {
        <div class="comparison" data-testid="comparison" data-from={comparison.from.to_string()} data-rows={comparison.rows.len().to_string()}>
            <p class="hint">
                { "They part after step " }<button class="small" onclick={go}>{ comparison.from }</button>
                { ". ◀ here alone, ▶ there alone, = both at the same time." }
            </p>
            <ol class="rows" tabindex="0" aria-label="Events of both branches">
                { for comparison.rows.iter().map(row) }
            </ol>
            if comparison.rows.is_empty() { <p>{ "Neither has gone on from there." }</p> }
            if comparison.is_cut { <p class="hint">{ "More follows." }</p> }
        </div>
    }
}

fn row(row: &Row) -> Html {
    let (class, sign) = match row.side {
        Side::Left => ("left", "◀"),
        Side::Right => ("right", "▶"),
        Side::Both => ("both", "="),
    };
    let who = row.replica.map(|id| format!("{id} ")).unwrap_or_default();
    html! {
        <li class={class}><span aria-hidden="true">{ sign }</span>
            <span class="sr">{ class }</span>
            <time>{ format!("{:.3}", row.time.0 as f64 / 1e6) }</time>
            <span>{ who }{ &row.text }</span>
        </li>
    }
}
