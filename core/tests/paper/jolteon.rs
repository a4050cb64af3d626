//! Jolteon: two-chain commit, and what timeouts and TCs carry.

use crate::support::{Table, is_kind, spec, without};
use hotstuff_core::message::MessageKind;
use hotstuff_core::*;

fn table(rule: CommitRule) -> Table {
    Table::of(CommitteeSpec { rule, ..spec(4) }, 0)
}

/// How many message delays it takes from a proposal until all have committed its block.
fn delays(rule: CommitRule) -> u32 {
    let mut table = table(rule);
    table.submit(1, b"x");
    let mut delays = 0;
    while (0..4).any(|id| table.committed(id) == Height(0)) {
        table.hop(|_| true);
        delays += 1;
    }
    delays
}

/// Section 1: two-chain commit takes one round trip less than HotStuff's three-chain: five message
/// delays instead of seven until the last replica has committed.
#[test]
fn jolteon_section_1_two_chain_commits_in_five_message_delays_and_three_chain_in_seven() {
    assert_eq!(delays(CommitRule::TwoChain), 5);
    assert_eq!(delays(CommitRule::ThreeChain), 7);
}

/// Figure 2, timeouts: a replica that gives up on a round signs the round and its `qc_high`, and
/// never votes in the round again. Cut off with the newest QC, r3 tells of it in its timeout.
#[test]
fn jolteon_figure_2_timeouts_carry_the_senders_high_qc() {
    let mut table = table(CommitRule::TwoChain);
    table.submit(1, b"x");
    (0..4).for_each(|_| table.hop(|_| true));
    table.lanes.clear();
    let high: Vec<View> = (0..4).map(|id| table.replica(id).status().high_qc.view).collect();
    assert_eq!(high, [1, 1, 1, 2].map(View));
    let mut told = Vec::new();
    while told.len() < 12 {
        table.pass_time();
        for envelope in std::mem::take(&mut table.lanes) {
            if let Message::Timeout(timeout) = envelope.message {
                assert_eq!(timeout.high_qc.view(), high[usize::from(envelope.from)]);
                told.push(envelope.from);
            }
        }
    }
}

/// Figure 2, timeout certificates: a TC names the round of each signer's `qc_high`, and holds the
/// highest QC; who gets the TC has that QC. r0 learns of r3's QC of view 2 by the TC alone.
#[test]
fn jolteon_figure_2_a_tc_carries_the_highest_qc_of_its_signers() {
    let mut table = table(CommitRule::TwoChain);
    table.submit(1, b"x");
    (0..4).for_each(|_| table.hop(|_| true));
    table.lanes.clear();
    while table.last_tc(1).is_none() {
        table.pass_time();
        table.run(|envelope| without(0)(envelope) && is_kind(MessageKind::Timeout)(envelope));
    }
    let tc = table.last_tc(1).expect("r1 formed it");
    let named: Vec<View> = tc.signatures.iter().map(|part| part.high_qc_view).collect();
    assert_eq!(Some(tc.high_qc.view()), named.iter().copied().max());
    assert_eq!(table.replica(0).status().high_qc.view, View(1));
    let message = Message::NewView(hotstuff_core::message::NewView {
        high_qc: table.committee.genesis_qc().clone(),
        tc: Some(tc.clone()),
    });
    table.deliver(crate::support::Envelope { from: 1, to: 0, message });
    let after = table.replica(0).status();
    assert_eq!((after.high_qc, after.view), (tc.high_qc.block, tc.view.next()));
    assert_eq!(tc.high_qc.view(), View(2));
}

/// Safety (the proof of the commit rule): once a block is committed, every TC of a later round
/// holds a QC of its round or a later one, so no leader can go around it. r3 alone has committed,
/// and then hears and says nothing; the others form TC after TC.
#[test]
fn jolteon_safety_every_later_tc_is_above_what_is_committed() {
    let mut table = table(CommitRule::TwoChain);
    table.submit(1, b"x");
    (0..4).for_each(|_| table.hop(|_| true));
    table.lanes.clear();
    let head = table.replica(3).status().committed_head;
    assert_eq!(head.view, View(1));
    let mut seen = 0;
    for _ in 0..20 {
        table.pass_time();
        table.run(|envelope| without(3)(envelope) && !is_kind(MessageKind::Proposal)(envelope));
        if let Some(tc) = table.last_tc(0) {
            assert!(tc.high_qc.view() >= head.view, "{tc:?}");
            seen += 1;
        }
    }
    assert!(seen >= 3);
}
