//! Leaders that are down.

use crate::support::{Table, spec};
use expect_test::expect_file;
use hotstuff_core::*;

#[test]
fn leader_down() {
    let mut table = Table::new(4);
    table.say("The leader of view 1 is down when a command arrives.");
    table.crash(1);
    table.submit(1, b"x");
    table.run_all();
    table.say(
        "Patience runs out. Timeouts go to all; three of four make a timeout certificate. The leader of \
         view 2 proposes with the certificate as its reason.",
    );
    table.run_until(Time(1_000_000), |_| true);
    table.say(
        "r1 should collect the votes of view 4 and lead view 5. Half-way through the patience the votes \
         are sent again, now to all: the QC forms at everyone, and b1 commits by it.",
    );
    table.pass_time();
    table.run_all();
    table.say(
        "Another command comes. r1 was waited for as collector, so as the leader of view 5 it has the \
         other half of the patience. The dead leader costs one patience in all, and no view but its own.",
    );
    table.submit(2, b"y");
    table.run_until(Time(2_000_000), |_| true);
    assert!(table.has_event(0, |event| matches!(event, Event::ViewEntered { view: View(6), .. })));
    for id in [0, 2, 3] {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    expect_file!["../scripts/view_change/leader_down.txt"].assert_eq(&table.script);
}

#[test]
fn pulled_along() {
    let mut table = Table::new(4);
    table.say(
        "r1, which leads view 1, is down. The command reaches only r0 and r2: r3 knows of no work, so \
         its clock does not run.",
    );
    table.crash(1);
    table.submit_to(1, b"x", |id| [0, 2].contains(&id));
    table.say(
        "Two timeouts are no quorum. But they are f+1, so one of them is honest: r3 gives up as well, \
         and with its timeout there is a TC.",
    );
    table.pass_time();
    table.pass_time();
    table.run_all();
    table.watch(&[3]);
    table.quietly(|table| table.run_until_applied(&[0, 2, 3], 1, |_| true));
    expect_file!["../scripts/view_change/pulled_along.txt"].assert_eq(&table.script);
}

#[test]
fn back_off() {
    let mut table = Table::of(spec(7), 0);
    table.watch(&[0]);
    table.say(
        "Seven replicas, of which two may fail: r1 and r2 are down, and lead views 1 and 2. This is what \
         r0 does. One failed view says nothing of the network, so view 2 gets no more patience than view \
         1; from the second on, each that fails doubles it (HotStuff, section 4.4).",
    );
    table.crash(1);
    table.crash(2);
    table.submit(1, b"x");
    table.run_until_applied(&[0], 1, |_| true);
    table.say("A block was committed: back-off is forgotten, and view 7 gets the least patience again.");
    table.submit(2, b"y");
    while !table.has_event(0, |event| matches!(event, Event::TimedOut { view: View(8), .. })) {
        table.pass_time();
        table.run_all();
    }
    expect_file!["../scripts/view_change/back_off.txt"].assert_eq(&table.script);
}
