//! A QC that only its collector has.

use crate::support::{Envelope, Table, is_kind, without};
use expect_test::expect_file;
use hotstuff_core::message::MessageKind;
use hotstuff_core::*;

/// Lets r2 form the QC of view 1 from the votes of `voters`, and nobody hear of it.
fn qc_known_to_r2(table: &mut Table, gets_block: impl Fn(&Envelope) -> bool) {
    table.submit(1, b"x");
    table.hop(gets_block);
    table.hop(|envelope| envelope.to == 2 && is_kind(MessageKind::Vote)(envelope));
    assert_eq!(table.replica(2).status().high_qc.view, View(1));
    table.hop(|_| false);
}

#[test]
fn formed_again() {
    let mut table = Table::new(4);
    table.watch(&[0, 2]);
    table.say(
        "r0 and r2 are shown. r2 collects the votes of view 1, forms the QC, and is cut off: nobody gets \
         its block of view 2 with the QC in it.",
    );
    qc_known_to_r2(&mut table, |_| true);
    table.say(
        "Half-way through their patience with r2 the others send their votes to all. So the QC forms \
         again, and view 2 begins, which r2 leads: it has the other half. Then r3, which leads view 3, \
         extends b1. The command in b1 is not lost, nor is a view more than r2's own.",
    );
    while table.replica(0).status().view < View(3) {
        table.pass_time();
        table.run(without(2));
    }
    table.say(
        "r2 is back, and its commands go through. Its block of view 2 stays without a child: the certified \
         chain is b1@v1, then view 3.",
    );
    table.run_until_applied(&[0, 1, 2, 3], 1, |_| true);
    expect_file!["../scripts/lost_qc/formed_again.txt"].assert_eq(&table.script);
}

fn is_block_of_view_1(envelope: &Envelope) -> bool {
    matches!(&envelope.message, Message::Proposal(proposal) if proposal.block.view() == View(1))
}

#[test]
fn one_vote_short() {
    let mut table = Table::new(4);
    table.watch(&[0, 2, 3]);
    table.say(
        "r3 does not get the block of view 1, neither at once nor when it is sent again: exactly a quorum votes, r0, r1 and r2, and r2 collects. Then \
         r2 is cut off with the QC.",
    );
    qc_known_to_r2(&mut table, |envelope| envelope.to != 3);
    table.say(
        "Two votes are left among the others, which is no quorum: for them b1 has no QC. r3 leads view 3 \
         and extends genesis. Nobody is locked on b1, as a lock takes a certified child.",
    );
    while table.replica(0).status().view < View(4) {
        table.pass_time();
        table.run(|envelope| without(2)(envelope) && !is_block_of_view_1(envelope));
    }
    table.say(
        "r2 is back. Its lock is genesis too, so the other branch is safe to vote for. b1 is abandoned, \
         and its command commits in the block of view 3.",
    );
    table.run_until_applied(&[0, 1, 2, 3], 1, |_| true);
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()], "once");
    }
    expect_file!["../scripts/lost_qc/one_vote_short.txt"].assert_eq(&table.script);
}
