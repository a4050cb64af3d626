//! All that is known of the selected replica or block.

use crate::model::{Node, Replica, Selection, Session, Stage as BlockStage};
use crate::ui::stage::use_stage;
use hotstuff_core::BlockRef;
use yew::prelude::*;

#[component]
pub fn Inspector() -> Html {
    let stage = use_stage();
    let stage = stage.look();
    let session = &stage.session;
    let (title, replica, facts) = match session.selection {
        Selection::Replica(id) => {
            let facts =
                session.cluster.replica(id).map(|replica| of_replica(replica, session)).unwrap_or_default();
            (format!("Replica {id}"), Some(id.0.to_string()), facts)
        }
        Selection::Block(id) => {
            let facts =
                session.cluster.tree.node(&id).map(|node| of_block(node, session)).unwrap_or_default();
            (format!("Block {id}"), None, facts)
        }
        Selection::Nothing => ("Inspector".into(), None, Vec::new()),
    };
    html! {
        <section class="panel" data-testid="inspector" data-replica={replica} aria-labelledby="inspector-title">
            <h2 id="inspector-title">{ title }</h2>
            if facts.is_empty() {
                <p class="hint">{ "Choose a replica or a block, on a picture or in the table, to see all that is known of it. Keys 0 to 9 choose replicas." }</p>
            }
            <dl class="inspect">
                { for facts.into_iter().map(|(name, value)| html! { <><dt>{ name }</dt><dd>{ value }</dd></> }) }
            </dl>
        </section>
    }
}

type Facts = Vec<(&'static str, String)>;

fn of_replica(replica: &Replica, session: &Session) -> Facts {
    let mut facts = vec![("State", replica.reach.word().to_string())];
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
        facts.push(("Next timer", format!("in {}", deadline - session.clock)));
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
