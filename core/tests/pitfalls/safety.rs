//! What whole replicas promise, and keep over restarts.

use crate::support::chaos::{chaos, check};
use crate::support::hostile::{altered, refusal};
use crate::support::{Envelope, RULES, Table, is_kind, qc, spec, tc, without};
use hotstuff_core::event::Event;
use hotstuff_core::message::{MessageKind, Proposal};
use hotstuff_core::*;

fn table(rule: CommitRule) -> Table {
    Table::of(CommitteeSpec { rule, ..spec(4) }, 0)
}

#[test]
fn pitfall_06_a_leader_that_restarts_does_not_propose_in_its_view_again() {
    for rule in RULES {
        let mut table = table(rule);
        table.submit(1, b"x");
        assert!(table.has_event(1, |event| matches!(event, Event::Proposed(_))));
        table.lanes.clear();
        table.crash(1);
        table.start(1);
        assert_eq!(table.replica(1).status().view, View(1), "it leads the view that it is in");
        table.submit(2, b"y");
        assert!(!table.lanes.iter().any(|one| is_kind(MessageKind::Proposal)(one)), "{rule:?}");
    }
}

#[test]
fn pitfall_09_blocks_learnt_by_fetching_raise_the_lock() {
    for rule in RULES {
        let mut table = table(rule);
        table.submit(1, b"x");
        table.run_until_applied(&[0, 1, 2], 1, without(3));
        assert_eq!(table.replica(3).status().lock.view, View(0));
        table.submit(2, b"y");
        table.run_until_applied(&[0, 1, 2], 2, |envelope| {
            envelope.to != 3 || !is_kind(MessageKind::Proposal)(envelope)
        });
        table.run_until_applied(&[3], 1, |envelope| {
            envelope.to != 3 || !is_kind(MessageKind::Proposal)(envelope)
        });
        let lock = table.replica(3).status().lock;
        assert!(lock.view >= table.replica(3).status().committed_head.view, "{rule:?}: {lock}");
        assert!(lock.view > View(2), "{rule:?}: {lock}");
        check(&table);
    }
}

/// r2's block of view 6, on a block of view `justify`, with a TC for view 5 whose highest QC is of
/// view `high_qc`, as r0 receives it under the two-chain rule: what r0 says to it.
fn two_chain_answer(justify: u64, high_qc: u64) -> (View, Option<Refusal>) {
    let mut table = table(CommitRule::TwoChain);
    table.submit(1, b"x");
    // r0 sees views 1 and 2 through and so knows two blocks, of which none is committed.
    let Message::Proposal(first) = table.lanes[0].message.clone() else { panic!("r1 proposes") };
    table.hop(|_| true);
    table.hop(|_| true);
    let second = table.lanes.iter().find_map(|envelope| match &envelope.message {
        Message::Proposal(proposal) if proposal.block.view() == View(2) => Some(proposal.block.clone()),
        _ => None,
    });
    let second = second.expect("r2's");
    table.hop(|envelope| is_kind(MessageKind::Proposal)(envelope) && envelope.to == 0);
    table.lanes.clear();
    let certificate = |view| match view {
        0 => table.committee.genesis_qc().clone(),
        1 => qc(first.block.reference(), &[0, 1, 2]),
        _ => qc(second.reference(), &[0, 1, 2]),
    };
    let (justify, high_qc) = (certificate(justify), certificate(high_qc));
    let block = altered(&first.block, |header| {
        header.view = View(6);
        header.height = justify.block.height.next();
        header.proposer = ReplicaId(2);
        header.justify = justify;
    });
    let tc = Some(tc(5, &high_qc, &[1, 2, 3]));
    let message = Message::Proposal(Proposal { block, tc });
    table.deliver(Envelope { from: 2, to: 0, message });
    let why = refusal(&table, 0);
    (table.replica(0).status().last_voted, why)
}

#[test]
fn pitfall_10_two_chain_a_justify_below_the_highest_qc_of_the_tc_earns_no_vote() {
    let below =
        |justify, high_qc| Some(Refusal::BelowTimeouts { justify: View(justify), high_qc: View(high_qc) });
    assert_eq!(two_chain_answer(1, 1), (View(6), None));
    assert_eq!(two_chain_answer(0, 0), (View(6), None), "whatever this replica's lock is");
    assert_eq!(two_chain_answer(1, 0), (View(6), None), "a newer one than a quorum knew of");
    assert_eq!(two_chain_answer(0, 1), (View(2), below(0, 1)));
}

#[test]
fn pitfalls_06_08_09_10_12_hold_under_loss_reordering_and_restarts() {
    for rule in RULES {
        for seed in 0..3 {
            let table = chaos(rule, seed, 1_000);
            check(&table);
            let timeouts = table.events.iter().filter(|(_, event)| matches!(event, Event::TimedOut { .. }));
            assert!(timeouts.count() > 0, "{rule:?}, seed {seed}: too little went wrong");
            for id in 1..4 {
                assert_eq!(table.applied(id), table.applied(0), "{rule:?}, seed {seed}");
            }
        }
    }
}

/// No two certified views in a row up to view 8, and then all at once; r3 restarts in between.
#[test]
fn pitfall_12_many_ancestors_commit_at_once_oldest_first_over_skipped_views_and_a_restart() {
    for rule in RULES {
        let mut table = table(rule);
        let view_of = |envelope: &Envelope| match &envelope.message {
            Message::Proposal(proposal) => proposal.block.view().0,
            _ => 0,
        };
        let arrives = |envelope: &Envelope| [0, 2, 4, 6, 8].contains(&view_of(envelope));
        for sequence in 1..=4u8 {
            table.submit(sequence.into(), &[sequence]);
        }
        while table.replica(0).status().view < View(9) {
            table.run(arrives);
            table.pass_time();
        }
        assert_eq!(table.committed(0), Height(0), "{rule:?}");
        table.crash(3);
        table.start(3);
        let before = table.events.len();
        table.run_until_applied(&[0, 1, 2, 3], 4, |_| true);
        for id in 0..4 {
            let (mut run, mut longest) = (0, 0);
            for (_, event) in table.events[before..].iter().filter(|(replica, _)| *replica == id) {
                match event {
                    Event::Committed { .. } => run += 1,
                    Event::Executed { .. } => {}
                    _ => run = 0,
                }
                longest = longest.max(run);
            }
            assert!(longest >= 3, "{rule:?}: r{id} committed {longest} at once");
            assert_eq!(table.applied(id), [[1], [2], [3], [4]].map(|one| one.to_vec()));
        }
        check(&table);
    }
}
