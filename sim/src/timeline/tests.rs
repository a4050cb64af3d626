//! Going back and forth on a run, and on branches of it, shows what was there.

use super::*;
use crate::Conduct;
use crate::config::{Signatures, SimConfig, Workload};
use hotstuff_core::crypto::Digest;
use hotstuff_core::{Event, ReplicaId, Span};

/// All that a fold may depend on.
#[derive(Clone, Default, PartialEq, Debug)]
struct Seen {
    steps: u64,
    committed: Vec<(Time, String)>,
}

impl Fold for Seen {
    type Kept = Self;

    fn keep(&self) -> Self {
        self.clone()
    }

    fn restored(kept: &Self) -> Self {
        kept.clone()
    }

    fn step(&mut self, step: &Step, sim: &Sim) {
        assert_eq!((self.steps, sim.steps()), (step.index, step.index + 1));
        self.steps += 1;
        for event in &step.events {
            if let Event::Committed { block, .. } = event {
                self.committed.push((step.time, block.block.to_string()));
            }
        }
    }
}

fn config(seed: u64) -> SimConfig {
    let workload = Workload { commands: u64::MAX, interval_us: Span::millis(40), ..Workload::default() };
    SimConfig { seed, workload, signatures: Signatures::Tags, ..SimConfig::default() }
}

fn begun(seed: u64) -> Timeline<Seen> {
    Timeline::new(Beginning::Free(Box::new(config(seed))), Seen::default()).unwrap()
}

fn kill(id: u16) -> Intervention {
    Intervention::Kill(ReplicaId(id).into())
}

fn play(timeline: &mut Timeline<Seen>, time_ms: u64) {
    let time = Time(time_ms * 1_000);
    while timeline.step(time).is_some() {}
    timeline.rest(time);
}

fn here(timeline: &Timeline<Seen>) -> (Digest, Seen) {
    (timeline.sim().trace_hash(), timeline.fold().clone())
}

#[test]
fn what_was_at_a_step_or_time_is_there_again() {
    let mut timeline = begun(7);
    let mut seen = Vec::new();
    for time_ms in (100..4_000).step_by(100) {
        if time_ms == 1_500 {
            play(&mut timeline, 1_450);
            timeline.intervene(kill(2)).unwrap();
        }
        play(&mut timeline, time_ms);
        seen.push((timeline.sim().steps(), timeline.sim().now(), here(&timeline)));
    }
    assert_eq!(timeline.branches().count(), 1, "nothing was done in the past");
    let end = timeline.end();
    assert!(end.0 > 4 * 256, "several checkpoints: {}", end.0);
    // In an order that goes both ways, near and far.
    for turn in 0..seen.len() {
        let (steps, time, was) = &seen[turn * 17 % seen.len()];
        timeline.seek(*steps);
        assert!((timeline.sim().steps(), &here(&timeline)) == (*steps, was), "step {steps}");
        let (steps, time_then, was) = &seen[turn * 5 % seen.len()];
        timeline.seek_time(*time_then);
        assert_eq!((timeline.sim().steps(), timeline.sim().now()), (*steps, *time_then));
        assert!(here(&timeline) == *was, "{time_then}");
        assert!(timeline.sim().now() <= end.1 && *time <= end.1);
    }
    timeline.seek(u64::MAX);
    assert_eq!(timeline.sim().steps(), end.0, "no further than it was made");
    assert_eq!(timeline.branches().count(), 1);
}

#[test]
fn what_is_done_in_the_past_is_on_a_branch_and_both_stay() {
    let mut timeline = begun(3);
    play(&mut timeline, 2_000);
    let first = here(&timeline);
    timeline.seek_time(Time(1_000_000));
    let refused = timeline.intervene(Intervention::Restart(ReplicaId(1).into()));
    assert_eq!(
        (refused.is_err(), timeline.branches().count()),
        (true, 1),
        "what cannot be done begins nothing"
    );
    timeline.intervene(kill(1)).unwrap();
    assert_eq!(timeline.current(), BranchId(1));
    play(&mut timeline, 2_000);
    let second = here(&timeline);
    assert_ne!(first, second);
    timeline.intervene(kill(3)).unwrap();
    assert_eq!(timeline.branches().count(), 2, "at its end it goes on");
    play(&mut timeline, 2_500);
    let whole = here(&timeline);

    assert!(timeline.switch(BranchId(0)));
    timeline.seek(u64::MAX);
    assert_eq!(here(&timeline), first);
    assert!(timeline.switch(BranchId(1)));
    timeline.seek_time(Time(2_000_000));
    // The second kill is at that time, too, and a time is gone to with all that is due then.
    assert_eq!(timeline.fold().steps, second.1.steps + 1);
    timeline.seek(second.1.steps);
    assert_eq!(here(&timeline), second);
    timeline.seek(u64::MAX);
    assert_eq!(here(&timeline), whole);
    let views: Vec<BranchView> = timeline.branches().collect();
    assert_eq!(views[1].fork.map(|fork| (fork.branch, fork.time)), Some((BranchId(0), Time(1_000_000))));
    assert_eq!(views[1].first.as_ref().map(|visit| &visit.what), Some(&kill(1)));
    assert!(!timeline.switch(BranchId(2)));
}

#[test]
fn a_branch_before_another_branch_begins_has_its_past_from_the_first() {
    let mut timeline = begun(5);
    play(&mut timeline, 3_000);
    timeline.seek_time(Time(2_500_000));
    timeline.intervene(kill(0)).unwrap();
    play(&mut timeline, 4_000);
    // Before the fork, on the second branch: a third one.
    timeline.seek_time(Time(500_000));
    let early = here(&timeline);
    timeline.intervene(kill(2)).unwrap();
    play(&mut timeline, 1_000);
    assert_eq!(timeline.current(), BranchId(2));
    timeline.seek(early.1.steps);
    assert_eq!(here(&timeline), early);
    assert!(timeline.switch(BranchId(0)));
    timeline.seek(early.1.steps);
    assert_eq!(here(&timeline), early);
    assert_eq!(timeline.compare(BranchId(1), BranchId(2), 10).unwrap().from, early.1.steps);
}

#[test]
fn a_recorded_run_is_the_same_and_one_that_does_not_fit_is_told() {
    let mut timeline = begun(11);
    play(&mut timeline, 500);
    timeline.intervene(kill(1)).unwrap();
    play(&mut timeline, 1_500);
    timeline.intervene(Intervention::Twin(ReplicaId(3))).unwrap();
    play(&mut timeline, 3_000);
    let visits = timeline.visits().to_vec();
    let beginning = timeline.beginning().clone();
    let mut again = Timeline::recorded(beginning, visits.clone(), Seen::default()).unwrap();
    play(&mut again, 3_000);
    assert_eq!((here(&again), again.has_strayed()), (here(&timeline), false));

    let other = Beginning::Free(Box::new(config(12)));
    let mut other = Timeline::recorded(other, visits, Seen::default()).unwrap();
    play(&mut other, 3_000);
    assert!(other.has_strayed() && other.visits().len() < 2);
}

#[test]
fn lessons_and_their_scripts_are_gone_through_in_both_directions() {
    for scenario in crate::scenarios::all() {
        for (script, number) in scenario.scripts.iter().zip(0..) {
            let beginning =
                Beginning::Lesson { name: scenario.name.into(), script: number, seed: 7, rule: None };
            let mut timeline = Timeline::new(beginning, Seen::default()).unwrap();
            let mut direct = crate::scenarios::Run::new(script, 7, None);
            direct.finish(|_| {});
            while timeline.step(script.until).is_some() {}
            timeline.rest(script.until);
            assert_eq!(timeline.sim().trace_hash(), direct.sim().trace_hash(), "{}", scenario.name);
            let end = here(&timeline);
            timeline.seek(end.1.steps / 2);
            timeline.seek(end.1.steps);
            assert_eq!(here(&timeline), end, "{}", scenario.name);
        }
    }
}

#[test]
fn marks_lead_to_views_commits_and_faults() {
    let mut timeline = begun(7);
    play(&mut timeline, 1_000);
    timeline
        .intervene(Intervention::Corrupt { host: ReplicaId(2).into(), conduct: Conduct::Silent })
        .unwrap();
    play(&mut timeline, 2_000);
    let marks = timeline.marks();
    let fault = marks.next(0, |what| matches!(what, MarkKind::Fault(_))).unwrap();
    assert_eq!(fault.time, Time(1_000_000));
    let next = marks.next(fault.steps, MarkKind::is_view).unwrap();
    let before = marks.previous(fault.steps, MarkKind::is_view).unwrap();
    let (MarkKind::View(next), MarkKind::View(before)) = (&next.what, &before.what) else { panic!() };
    assert_eq!(next.0, before.0 + 1);
    assert_eq!(marks.previous(0, |_| true), None);
    let steps: Vec<u64> = marks.all().iter().map(|mark| mark.steps).collect();
    assert!(steps.is_sorted() && steps.len() > 20);
}

#[test]
fn two_branches_are_compared_event_by_event() {
    let mut timeline = begun(7);
    play(&mut timeline, 1_000);
    timeline.seek_time(Time(500_000));
    timeline.intervene(kill(1)).unwrap();
    play(&mut timeline, 1_000);
    let comparison = timeline.compare(BranchId(0), BranchId(1), 200).unwrap();
    let kill = comparison.rows.iter().find(|row| row.text == "killed").unwrap();
    assert_eq!((kill.side, kill.time, kill.replica), (Side::Right, Time(500_000), Some(ReplicaId(1))));
    for side in [Side::Left, Side::Right, Side::Both] {
        assert!(comparison.rows.iter().any(|row| row.side == side), "{side:?}");
    }
    assert!(comparison.rows.is_sorted_by_key(|row| row.time) && comparison.rows.len() <= 200);
    let same = timeline.compare(BranchId(1), BranchId(1), 50).unwrap();
    assert_eq!((same.rows.len(), same.is_cut), (0, false));
}

#[test]
fn long_branches_share_the_room_for_checkpoints_and_each_step_is_found_again() {
    let config = SimConfig { replicas: 100, ..config(5) };
    let mut timeline = Timeline::new(Beginning::Free(Box::new(config)), Seen::default()).unwrap();
    let most = HOSTS_KEPT_MAX / 100;
    let (mut places, mut made) = (Vec::new(), 0);
    for turn in 0..3 {
        if turn > 0 {
            timeline.seek(2_000);
            timeline.fork();
        }
        while timeline.sim().steps() < 8_000 {
            timeline.step(Time(u64::MAX)).unwrap();
            made += 1;
            let kept: usize = timeline.branches.iter().map(|branch| branch.checkpoints.len()).sum();
            assert!(kept <= most, "{kept} checkpoints on {} branches", timeline.branches.len());
            if timeline.sim().steps() % 1_777 == 100 {
                places.push((timeline.current(), here(&timeline)));
            }
        }
    }
    assert!(made / 256 > most, "with a checkpoint at each 256 steps there would be no more than {most}");
    for (branch, was) in places.iter().rev() {
        timeline.switch(*branch);
        timeline.seek(was.1.steps);
        assert!(here(&timeline) == *was, "step {} of {branch:?}", was.1.steps);
    }
}
