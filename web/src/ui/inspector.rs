//! All that is known of the selected replica or block.

use crate::model::replica::{Fault, key};
use crate::model::{Flight, Node, Replica, Selection, Session, Stage as BlockStage};
use crate::ui::stage::use_stage;
use hotstuff_core::BlockRef;
use hotstuff_sim::timeline::BranchId;
use std::collections::BTreeSet;
use yew::prelude::*;

#[component]
pub fn Inspector() -> Html {
    let stage = use_stage();
    let history = use_mut_ref(History::default);
    let stage = stage.look();
    let session = &stage.session;
    let (title, replica, facts) = match session.selection {
        Selection::Replica(id) => {
            let facts =
                session.cluster.replica(id).map(|replica| of_replica(replica, session)).unwrap_or_default();
            (format!("Replica {id}"), Some(key(id)), facts)
        }
        Selection::Block(id) => {
            let facts =
                session.cluster.tree.node(&id).map(|node| of_block(node, session)).unwrap_or_default();
            (format!("Block {id}"), None, facts)
        }
        Selection::Message(id) => {
            let flight = session.flights.iter().find(|flight| flight.id == id);
            ("Message".into(), None, flight.map(of_message).unwrap_or_default())
        }
        Selection::Nothing => ("Inspector".into(), None, Vec::new()),
    };
    let changed = {
        let moment = (session.timeline.current, session.trace.steps, session.selection);
        history.borrow_mut().changed(moment, &facts)
    };
    html! {
        <section class="panel" data-testid="inspector" data-replica={replica} aria-labelledby="inspector-title">
            <h2 id="inspector-title">{ title }</h2>
            if facts.is_empty() {
                <p class="hint">{ "Choose a replica or a block, on a picture or in the table, to see all that is known of it. Keys 0 to 9 choose replicas." }</p>
            }
            <dl class="inspect">
                { for facts.into_iter().map(|(name, value)| {
                    let has_changed = changed.contains(name);
                    html! {
                        <><dt>{ name }</dt>
                        <dd class={classes!(has_changed.then_some("changed"))} data-changed={has_changed.to_string()}>
                            { value }
                            if has_changed { <span class="sr">{ " (changed)" }</span> }
                        </dd></>
                    }
                }) }
            </dl>
        </section>
    }
}

type Facts = Vec<(&'static str, String)>;

/// On which branch, after how many steps, and what is inspected.
type Moment = (BranchId, u64, Selection);

/// What was shown before: what is different now has changed.
#[derive(Default)]
struct History {
    shown: Option<(Moment, Facts)>,
    before: Facts,
}

impl History {
    /// The names of what has changed since the moment before.
    fn changed(&mut self, moment: Moment, facts: &Facts) -> BTreeSet<&'static str> {
        let is_new = self.shown.as_ref().is_none_or(|(shown, _)| *shown != moment);
        if is_new {
            let last = self.shown.replace((moment, facts.clone()));
            // Of something else nothing can have changed.
            let same = last.filter(|(shown, _)| shown.2 == moment.2);
            self.before = same.map_or_else(|| facts.clone(), |(_, facts)| facts);
        }
        let is_changed = |fact: &&(&'static str, String)| {
            // A timer runs down all the time: that is no news.
            fact.0 != TIMER
                && self.before.iter().find(|(name, _)| *name == fact.0).map(|(_, value)| value)
                    != Some(&fact.1)
        };
        facts.iter().filter(is_changed).map(|(name, _)| *name).collect()
    }
}

const TIMER: &str = "Next timer";

fn of_replica(replica: &Replica, session: &Session) -> Facts {
    let mut facts = vec![("State", replica.reach.word().to_string())];
    match replica.fault {
        Some(Fault::Corrupt(conduct)) => facts.push(("Faulty", conduct.to_string())),
        Some(Fault::Twin) => facts.push(("Faulty", "runs on two hosts with one key".into())),
        Some(Fault::Amnesiac) => facts.push(("Faulty", "came back without its disk".into())),
        None => {}
    }
    let Some(status) = &replica.status else { return facts };
    facts.extend([
        ("View", format!("{}, led by {}", status.view, status.leader)),
        ("Last voted", format!("view {}", status.last_voted)),
        ("High QC", block(status.high_qc)),
        ("Lock", block(status.lock)),
        ("Committed head", block(status.committed_head)),
        ("State root", status.state_root.to_string()),
        ("Waiting commands", status.mempool.to_string()),
        ("Back-off", format!("×{}", 1u64 << status.timeout_exponent.min(32))),
    ]);
    if let Some(deadline) = replica.deadline.filter(|_| replica.is_up()) {
        facts.push((TIMER, format!("in {}", deadline - session.clock)));
    }
    if status.fetching {
        facts.push(("Missing blocks", "being fetched".into()));
    }
    if status.halted {
        facts.push(("Halted", "more than f replicas are faulty".into()));
    }
    if replica.dropped > 0 {
        facts.push(("Events lost", replica.dropped.to_string()));
    }
    facts
}

fn of_message(flight: &Flight) -> Facts {
    vec![
        ("Kind", flight.kind.to_string()),
        ("From, to", format!("{} → {}", flight.from, flight.to)),
        ("View", flight.view.map_or("–".into(), |view| view.to_string())),
        ("Sent", format!("at {}", flight.sent)),
        (if flight.dropped { "Would arrive" } else { "Arrives" }, format!("at {}", flight.arrives)),
    ]
}

fn of_block(node: &Node, session: &Session) -> Facts {
    let summary = &node.block;
    let tree = &session.cluster.tree;
    let stage = match tree.stage(&summary.block.id) {
        _ if tree.is_conflicting(&summary.block) => "committed, and so is another at this height",
        BlockStage::Committed => "committed",
        _ if tree.is_orphan(&summary.block.id) => "orphan: another block is committed instead",
        BlockStage::Locked => "locked",
        BlockStage::Certified => "certified",
        BlockStage::Proposed => "proposed",
    };
    let voters: Vec<String> = node.voters.iter().map(ToString::to_string).collect();
    vec![
        ("Stage", stage.into()),
        ("View", summary.block.view.to_string()),
        ("Height", summary.block.height.to_string()),
        ("Proposer", summary.proposer.to_string()),
        ("Parent", format!("{}, certified in view {}", summary.parent, summary.justify_view)),
        ("Commands", summary.commands.to_string()),
        ("Votes seen", if voters.is_empty() { "none".into() } else { voters.join(" ") }),
        ("State root", summary.state_root.to_string()),
    ]
}

fn block(block: BlockRef) -> String {
    format!("height {}, view {} ({})", block.height, block.view, block.id)
}
