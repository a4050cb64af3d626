//! Golden scripts: what four replicas do, event by event, with their reasons. Read them as lessons
//! in `tests/scripts/`. `UPDATE_EXPECT=1 cargo test -p hotstuff-core` writes them anew; review the
//! difference like code.

mod support;

use expect_test::expect_file;
use hotstuff_core::message::MessageKind;
use support::{Table, is_kind};

#[test]
fn happy_path() {
    let mut table = Table::new(4);
    table.say("A client's command reaches all replicas; r1 leads view 1 and proposes at once.");
    table.submit(1, b"x");
    table.say("Votes go to the next leader. Empty blocks follow until the command is committed.");
    table.run_all();
    table.say("Now the replicas are idle: no message is on its way.");
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    expect_file!["scripts/happy_path.txt"].assert_eq(&table.script);
}

#[test]
fn view_change() {
    let mut table = Table::new(4);
    table.say("The leader of view 1 is down when a command arrives.");
    table.crash(1);
    table.submit(1, b"x");
    table.run_all();
    table.say("Patience runs out. Timeouts go to all; three of four make a timeout certificate.");
    table.pass_time();
    table.say("The leader of view 2 proposes with the certificate as its reason.");
    table.run_all();
    table.say("r1 would have collected view 4's votes and led view 5: the votes travel in timeouts.");
    for _ in 0..3 {
        table.pass_time();
        table.run_all();
    }
    expect_file!["scripts/view_change.txt"].assert_eq(&table.script);
    for id in [0, 2, 3] {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
}

#[test]
fn lost_votes() {
    let mut table = Table::new(4);
    table.say("All votes of view 1 are lost on the way to their collector, r2.");
    table.submit(1, b"x");
    table.run(|envelope| !is_kind(MessageKind::Vote)(envelope));
    table.say("The timeouts carry the votes again, and the QC forms at every replica.");
    table.pass_time();
    table.run_all();
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    expect_file!["scripts/lost_votes.txt"].assert_eq(&table.script);
}

#[test]
fn catch_up() {
    let mut table = Table::new(4);
    table.say("r3 hears nothing while three commands commit without it.");
    for sequence in 1..=3 {
        table.submit(sequence, b"x");
        table.run(|envelope| envelope.to != 3);
        while table.applied(0).len() < sequence as usize {
            table.pass_time();
            table.run(|envelope| envelope.to != 3);
        }
    }
    table.script.clear();
    table.say("The next proposals reach r3 again: a QC for a block it does not have.");
    table.submit(4, b"y");
    for _ in 0..8 {
        table.run_all();
        table.pass_time();
    }
    table.run_all();
    assert_eq!(table.applied(3), table.applied(0));
    assert_eq!(table.applied(3).len(), 4);
    expect_file!["scripts/catch_up.txt"].assert_eq(&table.script);
}
