//! Branches that come to be, and how the replicas agree on one again.

use crate::support::hostile::{altered, timeout};
use crate::support::{Envelope, Table, vote, within, without};
use expect_test::expect_file;
use hotstuff_core::message::Proposal;
use hotstuff_core::*;

#[test]
fn halves() {
    let mut table = Table::new(4);
    table.watch(&[0, 2]);
    table.say("r0 and r2 are shown. The network falls apart: r0 and r1 here, r2 and r3 there.");
    table.submit(1, b"x");
    table.run_until(Time(1_000_000), within(&[0, 1]));
    table.say(
        "Neither half is a quorum, so nothing is certified, and nobody leaves view 1: two timeouts make \
         no TC. They are said again until somebody hears them. r0 waits in view 1 for the leader of \
         view 2, as it has voted; r2 never saw the block of view 1, and waits for that.",
    );
    table.run_until(Time(3_000_000), within(&[0, 1]));
    table.say(
        "The network heals. The first timeouts that cross are enough: f+1 for view 2 pull r2 and r3 \
         along, a TC forms, and r3 leads view 3. The block of view 1 never had a quorum. The command \
         waits at every replica, and is proposed again.",
    );
    table.run_until_applied(&[0, 1, 2, 3], 1, |_| true);
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    expect_file!["../scripts/fork_and_heal/halves.txt"].assert_eq(&table.script);
}

#[test]
fn leader_with_its_block() {
    let mut table = Table::new(4);
    table.watch(&[0, 1]);
    table.say("r0 and r1 are shown. r1 leads view 1 and is cut off: only r1 itself has its block.");
    table.submit(1, b"x");
    table.say("The others leave view 1 by timeouts, and r2's block of view 2 extends genesis beside r1's.");
    while table.applied(0).is_empty() {
        table.pass_time();
        table.run(without(1));
    }
    table.say(
        "The command is committed without r1. Now r1 hears the others again. They answer its old \
         timeout with their certificates, which take it to their view; it fetches what it missed, and drops its own block: that conflicts \
         with a committed one. Nothing was promised with it, as nobody else voted.",
    );
    table.run_until_applied(&[1], 1, |_| true);
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    expect_file!["../scripts/fork_and_heal/leader_with_its_block.txt"].assert_eq(&table.script);
}

#[test]
fn lock_overridden() {
    let mut table = Table::new(4);
    table.watch(&[1, 3]);
    table.say(
        "r1 and r3 are shown. Views 1 and 2 go well, but r3 alone sees the QC of view 2. So r3 alone \
         locks b1, which has a certified child. b1 is not committed: that takes a grandchild too.",
    );
    table.submit(1, b"x");
    let Message::Proposal(Proposal { block: first, .. }) = table.lanes[0].message.clone() else {
        panic!("r1 proposes")
    };
    (0..4).for_each(|_| table.hop(|_| true));
    assert_eq!(table.replica(3).status().lock.view, View(1));
    table.lanes.clear();

    table.say(
        "r0 turns out to be Byzantine: its timeout of view 3 leaves out its vote of view 2, so that the \
         QC of view 2 does not form again at r1 and r2. r3 hears nothing, and its clock is slow.",
    );
    table.crash(0);
    table.now = Time(1_000_000);
    for id in [1, 2] {
        table.input(id, Input::Tick);
    }
    for to in [1, 2] {
        let message = timeout(0, 3, table.committee.genesis_qc().clone(), None);
        table.deliver(Envelope { from: 0, to, message });
    }
    table.run(without(3));

    table.say(
        "r0 leads view 4 and extends genesis, though the TC names a QC of view 1: the three-chain rule \
         leaves a leader that freedom. r1 and r2 are locked on genesis and may vote. r3 may not: the \
         block does not extend its lock, and its justify, of view 0, is not newer than the lock.",
    );
    let second = altered(&first, |header| {
        header.view = View(4);
        header.proposer = ReplicaId(0);
    });
    let proposal = Proposal { block: second.clone(), tc: table.last_tc(1) };
    for to in [1, 2, 3] {
        table.deliver(Envelope { from: 0, to, message: Message::Proposal(proposal.clone()) });
    }
    table.say(
        "With r0's own vote the block is certified. That proves to r3 that a quorum was not locked on \
         b1@v1, so b1@v1 cannot have been committed: r1's block of view 5, whose justify of view 4 is \
         newer than the lock, earns its vote, and the lock follows to the other branch (HotStuff, \
         section 4.4: liveness, theorem 4, rests on this second clause).",
    );
    table.deliver(Envelope { from: 0, to: 1, message: Message::Vote(vote(0, second.reference())) });
    table.run_until_applied(&[1, 2, 3], 1, |_| true);
    expect_file!["../scripts/fork_and_heal/lock_overridden.txt"].assert_eq(&table.script);
}
