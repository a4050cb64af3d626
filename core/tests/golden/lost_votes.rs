//! Votes that do not reach their collector.

use crate::support::{Table, is_kind};
use expect_test::expect_file;
use hotstuff_core::message::MessageKind;

#[test]
fn sent_again() {
    let mut table = Table::new(4);
    table.watch(&[0, 2]);
    table.say("r0 and r2 are shown. All votes of view 1 are lost on the way to their collector, r2.");
    table.submit(1, b"x");
    table.run(|envelope| !is_kind(MessageKind::Vote)(envelope));
    table.say("Half-way through their patience the voters send again what may have been lost. No view ends.");
    table.pass_time();
    table.run_all();
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    expect_file!["../scripts/lost_votes/sent_again.txt"].assert_eq(&table.script);
}

#[test]
fn in_timeouts() {
    let mut table = Table::new(4);
    table.watch(&[0, 2]);
    table.say(
        "r0 and r2 are shown. All votes of view 1 are lost on the way to their collector, r2, and are \
         lost again when they are sent again.",
    );
    table.submit(1, b"x");
    let is_vote = is_kind(MessageKind::Vote);
    table.run(|envelope| !is_vote(envelope));
    table.pass_time();
    table.run(|envelope| !is_vote(envelope));
    table.say(
        "All give up on view 1. But timeouts carry the last vote, so the QC for b1 forms at every replica \
         before there is a TC, and view 2 begins by it. No block is lost.",
    );
    table.pass_time();
    table.run_all();
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    expect_file!["../scripts/lost_votes/in_timeouts.txt"].assert_eq(&table.script);
}
