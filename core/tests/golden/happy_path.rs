//! Nothing fails.

use crate::support::Table;
use expect_test::expect_file;

#[test]
fn one_command() {
    let mut table = Table::new(4);
    table.say(
        "Four replicas are at genesis, in view 1. A client's command reaches all of them; r1 leads \
         view 1 and proposes at once.",
    );
    table.submit(1, b"x");
    table.say(
        "Votes go to the next leader, whose block carries the QC that they make. Empty blocks follow \
         until everyone can see the command committed: b1 commits by the QC for b3, as b1, b2 and b3 \
         stand in views 1, 2 and 3. The last QC is sent to all without a block.",
    );
    table.run_all();
    table.say("Now the replicas are idle: no message is on its way.");
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    expect_file!["../scripts/happy_path/one_command.txt"].assert_eq(&table.script);
}

#[test]
fn pipeline() {
    let mut table = Table::new(4);
    table.watch(&[0]);
    table.say(
        "A command a view, as r0 sees it. One proposal and one round of votes serve three blocks at \
         once: the QC in each block is the first phase of its parent, the second of its grandparent, \
         and commits its great-grandparent (HotStuff, section 5).",
    );
    table.submit(1, b"1");
    for sequence in 2..=6 {
        table.hop(|_| true); // the proposal
        table.submit(sequence, &[b'0' + sequence as u8]);
        table.hop(|_| true); // the votes
    }
    table.say("No more commands come: empty blocks flush the last ones.");
    table.run_all();
    assert_eq!(table.applied(0).len(), 6);
    expect_file!["../scripts/happy_path/pipeline.txt"].assert_eq(&table.script);
}

#[test]
fn heartbeats() {
    let mut table = Table::new(4);
    table.watch(&[0]);
    table.say(
        "No commands. A leader with nothing to propose waits for its heartbeat; nobody gives up, as no \
         work waits. Heartbeat blocks commit like others, and show everyone that the leaders live.",
    );
    for _ in 0..5 {
        table.pass_time();
        table.run_all();
    }
    expect_file!["../scripts/happy_path/heartbeats.txt"].assert_eq(&table.script);
}
