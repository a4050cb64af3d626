//! The table of replicas: says in words what the network picture shows.

use crate::model::replica::{Fault, key};
use crate::model::session::Mode;
use crate::model::{Reach, Replica, Selection};
use crate::ui::stage::{Stage, use_stage};
use yew::prelude::*;

#[component]
pub fn Replicas() -> Html {
    let stage = use_stage();
    let shown = stage.look();
    let rows = shown.session.cluster.replicas.iter();
    html! {
        <section class="panel" aria-labelledby="replicas-title">
            <h2 id="replicas-title">{ "Replicas" }</h2>
            <table data-testid="replicas" class="replicas">
                <thead><tr>
                    <th scope="col">{ "Replica" }</th>
                    <th scope="col" class="num">{ "View" }</th>
                    <th scope="col" class="num"><abbr title="Height of the committed head">{ "Head" }</abbr></th>
                    <th scope="col" class="num"><abbr title="View of its high QC">{ "QC" }</abbr></th>
                    <th scope="col" class="num"><abbr title="View of the block it is locked on">{ "Lock" }</abbr></th>
                    <th scope="col">{ "State" }</th>
                    if shown.session.mode == Mode::Sandbox {
                        <th scope="col"><span class="sr">{ "Fault" }</span></th>
                    }
                </tr></thead>
                <tbody>{ for rows.map(|replica| row(&stage, replica)) }</tbody>
            </table>
        </section>
    }
}

fn row(stage: &Stage, replica: &Replica) -> Html {
    let shown = stage.look();
    let id = replica.id;
    let is_live = shown.session.mode == Mode::Live;
    let leaders = shown.session.cluster.leaders();
    let role = match leaders {
        Some((leader, _)) if leader == id.replica => "leader",
        Some((_, next)) if next == id.replica => "next leader",
        _ => "",
    };
    let status = replica.status.as_ref();
    let number = |value: Option<u64>| value.map_or("–".to_string(), |value| value.to_string());
    let hex =
        |digest: Option<hotstuff_core::crypto::Digest>| digest.map_or(String::new(), |d| format!("{d:#}"));
    let is_selected = shown.session.selection.replica() == Some(id);
    let select = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.select(Selection::Replica(id)))
    };
    html! {
        <tr
            key={key(id)}
            class={classes!(is_selected.then_some("selected"), (!replica.is_up()).then_some("down"))}
            data-testid={format!("replica-{}", key(id))}
            data-up={(replica.reach == Reach::Up).to_string()}
            data-view={status.map_or(0, |status| status.view.0).to_string()}
            data-height={status.map_or(0, |status| status.committed_head.height.0).to_string()}
            data-leader={replica.leads().to_string()}
            data-link={if is_live { link(replica.reach) } else { "sandbox" }}
            data-head={hex(status.map(|status| status.committed_head.id))}
            data-state-root={hex(status.map(|status| status.state_root))}
            data-dropped={replica.dropped.to_string()}
        >
            <th scope="row">
                <button class="chip" data-testid={format!("select-{}", key(id))} onclick={select} aria-pressed={is_selected.to_string()}>
                    <span class={format!("dot hue-{}", id.replica.0 % crate::draw::role::HUES)} aria-hidden="true"></span>{ id.to_string() }
                </button>
            </th>
            <td class="num">{ number(status.map(|status| status.view.0)) }</td>
            <td class="num">{ number(status.map(|status| status.committed_head.height.0)) }</td>
            <td class="num">{ number(status.map(|status| status.high_qc.view.0)) }</td>
            <td class="num">{ number(status.map(|status| status.lock.view.0)) }</td>
            <td class="state">{ state(replica, role) }</td>
            if !is_live {
                <td class="fault">{ fault(stage, replica) }</td>
            }
        </tr>
    }
}

fn state(replica: &Replica, role: &str) -> String {
    let mut words = Vec::new();
    if replica.reach != Reach::Up {
        words.push(replica.reach.word().to_string());
    } else if replica.status.as_ref().is_some_and(|status| status.halted) {
        words.push("halted".into());
    } else if replica.gave_up {
        words.push("gave up".into());
    } else if replica.status.as_ref().is_some_and(|status| status.fetching) {
        words.push("catching up".into());
    }
    match replica.fault {
        Some(Fault::Corrupt(conduct)) => words.push(format!("Byzantine: {conduct}")),
        Some(Fault::Twin) => words.push("twin".into()),
        Some(Fault::Amnesiac) => words.push("amnesiac".into()),
        None => {}
    }
    if !role.is_empty() {
        words.push(role.into());
    }
    if replica.dropped > 0 {
        words.push(format!("{} events lost", replica.dropped));
    }
    if words.is_empty() { "up".into() } else { words.join(", ") }
}

fn link(reach: Reach) -> &'static str {
    match reach {
        Reach::Up => "live",
        Reach::Connecting => "connecting",
        Reach::Stale => "stale",
        Reach::Down | Reach::Unreachable => "unreachable",
    }
}

fn fault(stage: &Stage, replica: &Replica) -> Html {
    let id = replica.id;
    let (name, label) = if replica.is_up() { ("kill", "Kill") } else { ("restart", "Restart") };
    let onclick = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| stage.kill_or_restart(id))
    };
    html! {
        <button class="small" data-testid={format!("{name}-{}", key(id))} {onclick} aria-label={format!("{label} {id}")}>{ label }</button>
    }
}
