//! Each kind of expectation can fail: a run of another lesson does not show it.

use super::{CatchUp, Contrast, Expected};
use crate::Weakness;
use crate::config::SimConfig;
use crate::scenarios::{Run, Script, all, named, retries};
use hotstuff_core::{Height, ReplicaId, Span, Time, View};
use std::mem::{Discriminant, discriminant};

const R1: ReplicaId = ReplicaId(1);
const R2: ReplicaId = ReplicaId(2);
const R3: ReplicaId = ReplicaId(3);

/// What is expected, a lesson that does not show it, and what is said of that.
const FAILURES: [(Expected, &str, &str); 32] = [
    (Expected::Safe, "too-many-byzantine", "agreement: "),
    (Expected::Answered { least: 100 }, "happy-path", "8 were sent."),
    (Expected::Answered { least: 1 }, "vote-withholding", "has no answer."),
    (Expected::AnsweredWithin { from: Time(0), span: Span(1) }, "happy-path", " took "),
    (Expected::AnsweredWithin { from: Time(0), span: Span(u64::MAX) }, "vote-withholding", "has no answer."),
    (Expected::AnsweredWithin { from: Time(20_000_000), span: Span(1) }, "happy-path", "None was sent."),
    (Expected::Unanswered { from: Time(0) }, "happy-path", "All of 8 are answered."),
    (Expected::Committed { height: Height(1_000) }, "happy-path", " has committed up to b"),
    (Expected::NoCommit { from: Time(0), to: Time(2_000_000) }, "happy-path", " committed b1@v1"),
    (Expected::GaveUpBy(View(1_000)), "happy-path", "No quorum gave up on any."),
    (Expected::GaveUpBy(View(3)), "leader-crash", "The first was view 9."),
    (Expected::GaveUpAtMost(0), "leader-crash", "They gave up on "),
    (Expected::GaveUpOnly { leader: R1 }, "happy-path", "No quorum gave up on any."),
    (Expected::GaveUpOnly { leader: R2 }, "leader-crash", " was r1's."),
    (Expected::BackedOff { exponent: 1 }, "happy-path", "Nobody gave up on a view."),
    (Expected::BackedOff { exponent: 5 }, "leader-crash", "It did so 0 times."),
    (Expected::Impatient { replica: R1 }, "happy-path", "It never did."),
    (Expected::Impatient { replica: R2 }, "leader-crash", "A quorum gave up on all "),
    (Expected::Equivocated { replica: R1 }, "happy-path", "Nobody reports any."),
    (Expected::Equivocated { replica: R2 }, "equivocating-leader", "Such are r1."),
    (Expected::Abandoned { least: 1 }, "happy-path", "There are none."),
    (Expected::NothingAbandoned, "stale-hidden-lock", "There are 1: b9@v9"),
    (Expected::Left { view: View(9) }, "happy-path", "There are none."),
    (Expected::Left { view: View(9) }, "stale-hidden-lock", " holds no command."),
    (Expected::Kept { view: View(9) }, "stale-hidden-lock", "It is not."),
    (Expected::LetGo { replica: R2 }, "happy-path", "It was locked on none."),
    (Expected::NeverLocked { replica: R2 }, "happy-path", "It had a certificate for none."),
    (Expected::NeverLocked { replica: R2 }, "stale-hidden-lock", "It was locked on b9@v9"),
    (Expected::ExecutedOnce { repeats: 1 }, "happy-path", "0 arrived again."),
    (Expected::Conflict { culprits: &[R2, R3] }, "happy-path", "All committed the same."),
    (Expected::Conflict { culprits: &[R1] }, "too-many-byzantine", "The fault is of: r2 r3."),
    (Expected::CaughtUp { replica: R3, by: CatchUp::Blocks }, "happy-path", "It was never away."),
];

fn played(script: &'static Script) -> Run {
    let mut run = Run::new(script, 1, None);
    run.finish(|_| {});
    run
}

#[test]
fn each_kind_of_expectation_fails_on_a_run_that_does_not_show_it() {
    for (expected, name, why) in FAILURES {
        let run = played(&named(name).unwrap().scripts[0]);
        let unmet = expected.check(&run.told()).expect_err("it shows something else");
        assert!(unmet.why.contains(why), "{expected}: {}", unmet.why);
        assert_eq!(unmet.statement, expected.to_string());
    }
}

#[test]
fn each_kind_is_expected_of_a_lesson_and_seen_to_fail() {
    let kind = |expected: &Expected| discriminant(expected);
    let shown = all().iter().flat_map(|scenario| scenario.scripts).flat_map(|script| script.expected);
    let shown: Vec<Discriminant<Expected>> = shown.map(kind).collect();
    let failed: Vec<Discriminant<Expected>> = FAILURES.iter().map(|(expected, ..)| kind(expected)).collect();
    for (expected, ..) in &FAILURES {
        assert!(shown.contains(&kind(expected)), "{expected} is expected of no lesson");
    }
    for expected in all().iter().flat_map(|scenario| scenario.scripts).flat_map(|script| script.expected) {
        assert!(failed.contains(&kind(expected)), "{expected} has not been seen to fail");
    }
}

/// The client's retries at replicas that execute again what comes again.
static FORGETFUL: Script = Script {
    config: |seed| {
        let config = (retries::SCRIPT.config)(seed);
        SimConfig { weakness: Some(Weakness::ExecuteTwice), ..config }
    },
    ..retries::SCRIPT
};

#[test]
fn a_command_that_executes_twice_is_noticed() {
    let run = played(&FORGETFUL);
    let unmet = Expected::ExecutedOnce { repeats: 1 }.check(&run.told()).unwrap_err();
    assert!(unmet.why.contains(" at heights "), "{}", unmet.why);
}

#[test]
fn what_came_by_a_snapshot_did_not_come_block_by_block() {
    let [blocks, snapshot] = named("lagging-replica").unwrap().scripts else { unreachable!("it has two") };
    let (blocks, snapshot) = (played(blocks), played(snapshot));
    let check = |run: &Run, by| Expected::CaughtUp { replica: R3, by }.check(&run.told()).err();
    assert_eq!(check(&blocks, CatchUp::Blocks), None);
    assert_eq!(check(&snapshot, CatchUp::Snapshot), None);
    assert_eq!(check(&blocks, CatchUp::Snapshot).unwrap().why, "It took over no snapshot.");
    assert_eq!(check(&snapshot, CatchUp::Blocks).unwrap().why, "It took over a snapshot.");
}

#[test]
fn a_contrast_fails_on_runs_that_do_not_differ_so_or_are_not_alike() {
    let [two_chain, three_chain] = named("two-chain-beside-three-chain").unwrap().scripts else {
        unreachable!("it has two")
    };
    let (sooner, later) = (played(two_chain), played(three_chain));
    let other = played(&named("happy-path").unwrap().scripts[0]);
    let check = |one: &Run, two: &Run| Contrast::AnsweredSooner.check(&one.told(), &two.told()).err();
    assert_eq!(check(&sooner, &later), None);
    assert!(check(&later, &sooner).unwrap().why.starts_with("It takes "));
    assert!(check(&sooner, &sooner).unwrap().why.starts_with("It takes "));
    assert_eq!(check(&sooner, &other).unwrap().why, "10 commands are answered, and 8.");
}
