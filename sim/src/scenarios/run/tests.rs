//! Scripts of cues, played in pieces, interrupted and again.

use super::*;
use crate::scenarios::cue::{At, Cue, after_ms, at_ms, in_view};
use crate::scenarios::setting::{cluster, ms};
use crate::scenarios::{Expected, all, named};
use crate::step::Cause;
use hotstuff_core::{Event, Height, ReplicaId};

static SCRIPT: Script = Script {
    label: "",
    config: |seed| cluster(seed, 4, 500),
    rule: None,
    cues: |_| {
        vec![
            Cue { at: At::Committed(Height(1)), what: Intervention::Kill(ReplicaId(1).into()) },
            after_ms(1_000, Intervention::Restart(ReplicaId(1).into())),
            in_view(1, Intervention::Kill(ReplicaId(2).into())),
            at_ms(500, Intervention::Restart(ReplicaId(2).into())),
            at_ms(3_000, Intervention::Kill(ReplicaId(2).into())),
        ]
    },
    until: ms(4_000),
    expected: &[Expected::Safe],
};

fn begun() -> Run {
    Run::new(&SCRIPT, 3, None)
}

/// The steps that are the script's, with the one before each.
fn cued(run: &mut Run) -> Vec<(Step, Step)> {
    let mut steps = Vec::new();
    run.finish(|step| steps.push(step.clone()));
    let is_cue = |step: &Step| matches!(step.cause, Cause::Killed | Cause::Restarted);
    steps.windows(2).filter(|pair| is_cue(&pair[1])).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

#[test]
fn cues_come_in_order_at_their_event_or_time_or_else_at_once() {
    let mut run = begun();
    let cued = cued(&mut run);
    let [(before, kill), (_, restart), (_, second), (_, again), (_, third)] = &cued[..] else {
        panic!("{cued:?}")
    };
    assert!(before.events.iter().any(|event| matches!(event, Event::Committed { .. })));
    assert_eq!((kill.index, kill.time), (before.index + 1, before.time));
    assert_eq!(restart.time, kill.time + hotstuff_core::Span::millis(1_000));
    // View 1 and 500 ms are past by then.
    assert_eq!((second.time, again.time), (restart.time, restart.time));
    assert_eq!(third.time, ms(3_000));
    assert_eq!(run.sim().interventions().len(), 5);
    assert!(run.visits().is_empty() && run.is_over() && run.outcome().is_empty());
}

#[test]
fn a_cue_that_has_become_impossible_is_left_out() {
    let mut run = begun();
    run.intervene(Intervention::Kill(ReplicaId(1).into())).unwrap();
    let cued = cued(&mut run);
    assert_eq!(cued.len(), 4, "r1 was down already");
    assert_eq!(run.visits().len(), 1);
}

#[test]
fn a_visited_run_is_made_again_by_its_visits_and_without_the_script_by_all_that_was_done() {
    let mut run = begun();
    run.run_until(ms(700), |_| {});
    run.intervene(Intervention::FireTimer(ReplicaId(3).into())).unwrap();
    run.run_until(ms(1_234), |_| {});
    run.intervene(Intervention::Kill(ReplicaId(0).into())).unwrap();
    run.finish(|_| {});
    let (steps, hash) = (run.sim().steps(), run.sim().trace_hash());
    let again = Run::rerun(&SCRIPT, 3, None, run.visits(), steps).unwrap();
    assert_eq!((again.sim().trace_hash(), again.visits()), (hash, run.visits()));
    let bare = Sim::rerun(run.sim().config().clone(), run.sim().interventions(), steps).unwrap();
    assert_eq!(bare.trace_hash(), hash);
    let part = Run::rerun(&SCRIPT, 3, None, run.visits(), run.visits()[0].step).unwrap();
    assert!(part.visits().is_empty());
    let mut wrong = run.visits().to_vec();
    wrong[1].time = ms(900_000);
    assert!(matches!(Run::rerun(&SCRIPT, 3, None, &wrong, steps), Err(SimError::OutOfPlace { .. })));
}

#[test]
fn how_a_run_is_cut_into_pieces_changes_nothing() {
    let (mut whole, mut single, mut pieces) = (begun(), begun(), begun());
    whole.finish(|_| {});
    while !single.is_over() {
        single.step();
    }
    for time in (0..4_000_000).step_by(7_919) {
        pieces.run_until(Time(time), |_| {});
    }
    pieces.finish(|_| {});
    assert_eq!(single.sim().trace_hash(), whole.sim().trace_hash());
    assert_eq!(pieces.sim().trace_hash(), whole.sim().trace_hash());
}

#[test]
fn what_comes_after_the_end_changes_no_outcome() {
    let scenario = named("vote-withholding").unwrap();
    let mut run = Run::new(&scenario.scripts[0], 3, None);
    assert!(!run.outcome().is_empty() && !run.is_over(), "nothing is answered yet");
    run.finish(|_| {});
    assert_eq!(run.outcome(), []);
    run.intervene(Intervention::Kill(ReplicaId(0).into())).unwrap();
    run.run_until(ms(60_000), |_| {});
    assert_eq!(run.outcome(), []);
}

#[test]
fn a_rule_is_taken_where_the_script_leaves_it_open() {
    let rule = |name: &str, rule| named(name).unwrap().runs(1, rule)[0].sim().config().rule;
    assert_eq!(rule("happy-path", None), CommitRule::ThreeChain);
    assert_eq!(rule("happy-path", Some(CommitRule::TwoChain)), CommitRule::TwoChain);
    assert_eq!(rule("two-chain-beside-three-chain", Some(CommitRule::ThreeChain)), CommitRule::TwoChain);
    assert_eq!(all().iter().filter(|scenario| !scenario.takes_rule()).count(), 3);
}

#[test]
fn a_violation_ends_a_run_and_its_script() {
    let mut run = Run::new(&named("too-many-byzantine").unwrap().scripts[0], 1, None);
    run.finish(|_| {});
    assert!(run.is_over() && run.sim().violation().is_some());
    assert_eq!((run.step(), run.next_time()), (None, None));
}
