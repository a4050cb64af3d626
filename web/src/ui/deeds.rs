//! What can be done to the cluster, each with a button: to a replica, to a message, to the links between groups.

use crate::model::replica::{Fault, key};
use crate::model::{Flight, Replica, Selection};
use crate::ui::stage::{Stage, use_stage};
use hotstuff_core::{Power, ReplicaId, Span, Time};
use hotstuff_sim::{Conduct, HostId, Intervention, Reconfiguration};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// How far one press moves a clock or holds a message up.
const NUDGE: Span = Span(200_000);

#[component]
pub fn Deeds() -> Html {
    let stage = use_stage();
    let shown = stage.look();
    let session = &shown.session;
    let replica = session.selection.replica().and_then(|id| session.cluster.replica(id));
    let flight = session
        .selection
        .message()
        .and_then(|id| session.flights.iter().find(|flight| flight.id == id && !flight.dropped));
    html! {
        <section class="panel deeds" data-testid="deeds" aria-labelledby="deeds-title">
            <h2 id="deeds-title">{ "Interfere" }</h2>
            if let Some(replica) = replica {
                { of_replica(&stage, replica) }
            } else if let Some(flight) = flight {
                { of_message(&stage, flight, session.clock) }
            } else {
                <p class="hint">
                    { "Choose a replica or a message. Or draw: pull a message back on its lane to hold it up, ahead to hurry it, to the corner to lose it, " }
                    { "with Alt to double it; draw a line around replicas to cut them off." }
                </p>
            }
            { next_message(&stage, matches!(session.selection, Selection::Message(_))) }
            <Partition hosts={session.cluster.replicas.iter().map(|replica| replica.id).collect::<Vec<_>>()}
                is_cut={!session.cuts.is_empty()} />
        </section>
    }
}

fn of_replica(stage: &Stage, replica: &Replica) -> Html {
    let (id, is_up) = (replica.id, replica.is_up());
    let name = id.to_string();
    let is_member = replica.status.as_ref().is_none_or(|status| status.member);
    html! {
        <>
            <div class="fields" role="group" aria-label={format!("To {name}")}>
                <strong>{ &name }</strong>
                if is_up {
                    { deed(stage, "do-kill", "Kill", Intervention::Kill(id)) }
                    { deed(stage, "do-timer", "Fire timer", Intervention::FireTimer(id)) }
                } else {
                    { deed(stage, "do-restart", "Restart", Intervention::Restart(id)) }
                    { deed(stage, "do-restart-empty", "Restart without disk", Intervention::RestartEmpty(id)) }
                }
                { deed(stage, "do-skew", "Clock +0.2 s", Intervention::SetClock { host: id, jump: NUDGE, drift_ppm: 0 }) }
                { deed(stage, "do-fast", "Clock 10 % fast", Intervention::SetClock { host: id, jump: Span(0), drift_ppm: 100_000 }) }
                if !id.twin && replica.fault != Some(Fault::Twin) {
                    { deed(stage, "do-twin", "Twin", Intervention::Twin(id.replica)) }
                }
            </div>
            <Corrupt {id} conduct={match replica.fault { Some(Fault::Corrupt(conduct)) => Some(conduct), _ => None }} />
            if !id.twin { { of_committee(stage, id.replica, is_member) } }
        </>
    }
}

fn of_committee(stage: &Stage, replica: ReplicaId, is_member: bool) -> Html {
    let change = |testid, label, what| deed(stage, testid, label, Intervention::Reconfigure(what));
    html! {
        <div class="fields" role="group" aria-label="Committee">
            if is_member {
                { change("do-remove", "Remove from the committee", Reconfiguration::Remove(replica)) }
                { change("do-power", "Power 2", Reconfiguration::SetPower { replica, power: Power(2) }) }
            } else {
                { change("do-add", "Add to the committee", Reconfiguration::Add { replica, power: Power(1) }) }
            }
        </div>
    }
}

fn of_message(stage: &Stage, flight: &Flight, now: Time) -> Html {
    let id = flight.id;
    html! {
        <div class="fields" role="group" aria-label="To this message">
            <strong>{ format!("{} {} → {}", flight.kind, flight.from, flight.to) }</strong>
            { deed(stage, "do-drop", "Lose", Intervention::DropMessage(id)) }
            { deed(stage, "do-delay", "Hold up 0.2 s", Intervention::DelayMessage { id, arrives: flight.arrives + NUDGE }) }
            { deed(stage, "do-hurry", "Arrive now", Intervention::DelayMessage { id, arrives: now }) }
            { deed(stage, "do-repeat", "Double", Intervention::RepeatMessage { id, arrives: flight.arrives + NUDGE }) }
        </div>
    }
}

/// Chooses the message that arrives after the chosen one: without a pointer, too, each can be had.
fn next_message(stage: &Stage, has_one: bool) -> Html {
    let onclick = {
        let stage = stage.clone();
        Callback::from(move |_: MouseEvent| {
            let next = {
                let session = &stage.look().session;
                let chosen = session.selection.message();
                let at = session.flights.iter().position(|flight| Some(flight.id) == chosen);
                let after = at.map_or(0, |at| at + 1);
                session.flights.get(after).or(session.flights.first()).map(|flight| flight.id)
            };
            if let Some(id) = next {
                stage.select(Selection::Message(id));
            }
        })
    };
    html! { <button data-testid="next-message" {onclick}>{ if has_one { "Next message" } else { "Choose a message" } }</button> }
}

fn deed(stage: &Stage, testid: &'static str, label: &'static str, what: Intervention) -> Html {
    let stage = stage.clone();
    let onclick = Callback::from(move |_: MouseEvent| stage.intervene(what.clone()));
    html! { <button class="small" data-testid={testid} {onclick}>{ label }</button> }
}

#[derive(PartialEq, Properties)]
struct CorruptProps {
    id: HostId,
    conduct: Option<Conduct>,
}

#[component]
fn Corrupt(props: &CorruptProps) -> Html {
    let stage = use_stage();
    let chosen = use_node_ref();
    let onclick = {
        let (chosen, host) = (chosen.clone(), props.id);
        Callback::from(move |_: MouseEvent| {
            let name = chosen.cast::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default();
            if let Some(conduct) = Conduct::named(&name) {
                stage.intervene(Intervention::Corrupt { host, conduct });
            }
        })
    };
    html! {
        <div class="fields">
            <label class="field">{ "Byzantine" }
                <select ref={chosen} id="conduct" data-testid="conduct">
                    { for Conduct::ALL.into_iter().map(|conduct| html! {
                        <option value={conduct.name()} selected={props.conduct == Some(conduct)}>{ conduct.name() }</option>
                    }) }
                </select>
            </label>
            <button class="small" data-testid="do-corrupt" {onclick}>{ "Corrupt" }</button>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct PartitionProps {
    hosts: Vec<HostId>,
    is_cut: bool,
}

#[component]
fn Partition(props: &PartitionProps) -> Html {
    let stage = use_stage();
    let group = use_node_ref();
    let cut = {
        let (stage, group, hosts) = (stage.clone(), group.clone(), props.hosts.clone());
        Callback::from(move |_: MouseEvent| {
            let Some(group) = group.cast::<web_sys::Element>() else { return };
            let is_in = |id: &HostId| {
                let found = group.query_selector(&format!("input[name='side-{}']", key(*id))).ok().flatten();
                found.is_some_and(|input| {
                    web_sys::wasm_bindgen::JsCast::unchecked_into::<HtmlInputElement>(input).checked()
                })
            };
            let (one, other): (Vec<HostId>, Vec<HostId>) = hosts.iter().copied().partition(is_in);
            if !one.is_empty() && !other.is_empty() {
                stage.intervene(Intervention::Partition(vec![one, other]));
            }
        })
    };
    html! {
        <details open={props.is_cut}>
            <summary id="partition" data-testid="partition">{ "Partition" }</summary>
            <div class="fields" ref={group} role="group" aria-label="One side">
                { for props.hosts.iter().map(|id| html! {
                    <label class="check"><input type="checkbox" name={format!("side-{}", key(*id))} data-testid={format!("side-{}", key(*id))} />{ id.to_string() }</label>
                }) }
            </div>
            <div class="fields">
                <button class="small" data-testid="do-partition" onclick={cut}>{ "Cut off from the others" }</button>
                { deed(&stage, "do-heal", "End all cuts", Intervention::Partition(Vec::new())) }
                { deed(&stage, "do-stabilize", "Stable from now on (GST)", Intervention::Stabilize) }
            </div>
        </details>
    }
}
