//! What floods cannot make grow.

use crate::support::hostile::{altered, proposed, timeout};
use crate::support::{Envelope, qc, unknown, vote};
use hotstuff_core::message::{FetchRequest, NewView, Proposal};
use hotstuff_core::*;

/// Each peer floods r0 with whatever it can sign by itself, for ever new views and blocks.
#[test]
fn pitfall_26_floods_of_views_blocks_and_equivocations_keep_memory_below_a_fixed_bound() {
    let (mut table, block) = proposed();
    table.lanes.clear();
    let genesis = table.committee.genesis_qc().clone();
    let mut after_few = None;
    for view in 1..50u64 {
        for from in 1..4u16 {
            let far = unknown(view, view);
            let mut other = far;
            other.id = block.id();
            // The block's parent is certified, by a quorum that never was; a flood of those takes
            // more than f faulty replicas, and is bounded all the same.
            let orphan = altered(&block, |header| {
                header.view = View(view + 1);
                header.height = Height(view + 1);
                header.proposer = ReplicaId(from);
                header.justify = qc(far, &[1, 2, 3]);
            });
            let second = altered(&block, |header| {
                header.proposer = ReplicaId(from);
                header.state_root = unknown(view, view).id;
            });
            for message in [
                Message::Vote(vote(from, far)),
                Message::Vote(vote(from, other)),
                timeout(from, 2 * view, genesis.clone(), Some(vote(from, far))),
                Message::Proposal(Proposal { block: second, tc: None }),
                Message::Proposal(Proposal { block: orphan, tc: None }),
                Message::NewView(NewView { high_qc: genesis.clone(), tc: None }),
                Message::FetchRequest(FetchRequest {
                    above: Height(view),
                    target: Some(far),
                    epoch: Epoch(0),
                }),
            ] {
                table.deliver(Envelope { from, to: 0, message });
            }
        }
        table.lanes.clear();
        table.events.clear();
        table.script.clear();
        let held = table.replica(0).footprint();
        assert!(held.votes <= 4 && held.timeouts <= 8, "{held:?}");
        assert!(held.waiting_proposals <= 4 && held.equivocators <= 4, "{held:?}");
        if view == 10 {
            after_few = Some(held);
        }
        if view > 10 {
            assert_eq!(Some(held), after_few, "it does not grow any more");
        }
    }
}
