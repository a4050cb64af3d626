//! What is said at telling moments of the lessons' runs.

use super::*;
use crate::play::{Beginning, Play};
use crate::scenarios;
use crate::{Cause, Intervention, Step};
use hotstuff_core::Time;

impl Why {
    /// Takes a step of the simulator in.
    fn step(&mut self, step: &Step) {
        let Some(host) = step.host else { return };
        let at = step.index + 1;
        match step.cause {
            Cause::Killed => self.outage(at, host.replica, Outage::Down),
            Cause::Restarted => self.outage(at, host.replica, Outage::Up),
            Cause::RestartedEmpty => self.outage(at, host.replica, Outage::UpEmpty),
            _ => {}
        }
        step.events.iter().for_each(|event| self.event(at, host.replica, event));
    }
}

struct Watched {
    play: Play,
    why: Why,
    steps: Vec<Step>,
}

fn watched(name: &str, script: u8) -> Watched {
    let beginning = Beginning::Lesson { name: name.into(), script, seed: 7, rule: None };
    let play = Play::new(&beginning).unwrap();
    let why = Why::new(play.sim().committee().into());
    Watched { play, why, steps: Vec::new() }
}

impl Watched {
    fn until(mut self, is_there: impl Fn(&Step, &Why) -> bool) -> Self {
        while let Some(step) = self.play.step(Time(60_000_000)) {
            self.why.step(&step);
            self.steps.push(step);
            if is_there(self.steps.last().unwrap(), &self.why) {
                return self;
            }
        }
        panic!("it never came to that");
    }

    fn through(mut self, name: &str, script: usize) -> Self {
        let until = scenarios::named(name).unwrap().scripts[script].until;
        while let Some(step) = self.play.step(until) {
            self.why.step(&step);
            self.steps.push(step);
        }
        self
    }

    /// Each reason with a place is of a step that there was.
    fn check(&self, answer: &Answer) {
        for reason in &answer.because {
            assert!(reason.at.is_none_or(|at| at >= 1 && at <= self.steps.len() as u64), "{reason:?}");
        }
    }
}

fn has(step: &Step, is_it: impl Fn(&Event) -> bool) -> bool {
    step.events.iter().any(is_it)
}

#[test]
fn who_waits_for_a_leader_that_is_down_says_so() {
    let watched = watched("leader-crash", 0).until(|step, why| {
        let down = why.is_down(ReplicaId(1)).is_some();
        down && has(step, |event| matches!(event, Event::ViewEntered { leader: ReplicaId(1), .. }))
    });
    let who = watched.steps.last().unwrap().host.unwrap().replica;
    let answer = watched.why.replica(who).unwrap();
    assert!(
        answer.headline.contains("waits in view") && answer.headline.ends_with("r1, which is down"),
        "{answer:?}"
    );
    let killed = watched.steps.iter().find(|step| step.cause == Cause::Killed).unwrap();
    assert_eq!(answer.because[0].at, Some(killed.index + 1), "and leads to when it went down");
    watched.check(&answer);
    let down = watched.why.replica(ReplicaId(1)).unwrap();
    assert!(down.headline.starts_with("r1 is down"), "{down:?}");
}

#[test]
fn a_block_whose_votes_nobody_collects_names_its_collector() {
    let mut watched = watched("consecutive-leader-trap", 0).until(|step, why| {
        why.is_down(ReplicaId(1)).is_some()
            && has(step, |event| matches!(event, Event::Voted { collector: ReplicaId(1), .. }))
    });
    let block = watched.steps.last().unwrap().events.iter().find_map(|event| match event {
        Event::Voted { block, .. } => Some(*block),
        _ => None,
    });
    let block = block.unwrap();
    let answer = watched.why.block(&block.id).unwrap();
    assert_eq!(answer.headline, format!("{block} is not certified: r1, who collects its votes, is down"));
    watched.check(&answer);
    watched = watched.until(|_, why| why.blocks.get(&block.id).is_some_and(|told| told.committed.is_some()));
    let answer = watched.why.block(&block.id).unwrap();
    assert!(answer.headline.starts_with(&format!("{block} is committed")), "{answer:?}");
}

#[test]
fn a_commit_names_its_chain_for_either_rule() {
    for (script, word, links) in [(0, "two-chain", 2), (1, "three-chain", 3)] {
        let name = "two-chain-beside-three-chain";
        let scenario = scenarios::named(name).unwrap();
        let script =
            (0u8..).zip(scenario.scripts).find(|(_, found)| found.label == word).map_or(script, |(at, _)| at);
        let watched = watched(name, script)
            .until(|step, _| has(step, |event| matches!(event, Event::Committed { .. })));
        let committed = watched.steps.last().unwrap().events.iter().find_map(|event| match event {
            Event::Committed { block, .. } => Some(block.block),
            _ => None,
        });
        let answer = watched.why.block(&committed.unwrap().id).unwrap();
        assert!(answer.headline.ends_with(&format!("({word})")), "{answer:?}");
        let views = answer.headline.split("views ").nth(1).unwrap().split(" follow").next().unwrap();
        assert_eq!(views.split(", ").count(), links, "{answer:?}");
    }
}

#[test]
fn a_block_left_behind_names_what_was_committed_in_its_place() {
    let watched = watched("tail-fork", 0).through("tail-fork", 0);
    let left: Vec<Answer> = watched
        .why
        .blocks
        .values()
        .filter(|block| block.committed.is_none() && watched.why.passed_by(block).is_some())
        .filter_map(|block| watched.why.block(&block.summary.block.id))
        .collect();
    assert!(!left.is_empty());
    for answer in left {
        assert!(answer.headline.contains("can no longer be committed"), "{answer:?}");
        watched.check(&answer);
    }
}

#[test]
fn a_refused_vote_is_told_with_the_rules_own_words() {
    let watched = watched("equivocating-leader", 0)
        .until(|step, _| has(step, |event| matches!(event, Event::VoteRefused { .. })));
    let step = watched.steps.last().unwrap();
    let refused = step.events.iter().find_map(|event| match event {
        Event::VoteRefused { block, why } => Some((*block, why.to_string())),
        _ => None,
    });
    let (block, why) = refused.unwrap();
    let who = step.host.unwrap().replica;
    let told = watched.why.replica(who).unwrap();
    let text = format!("{told:?}");
    assert!(text.contains(&why), "{text}");
    if watched.why.blocks.get(&block.id).is_some_and(|told| told.certified.is_none()) {
        let answer = watched.why.block(&block.id).unwrap();
        assert!(
            answer.because.iter().any(|reason| reason.text == format!("{who} refused: {why}")),
            "{answer:?}"
        );
    }
}

#[test]
fn a_cluster_without_a_quorum_says_who_is_missing() {
    let mut watched = watched("happy-path", 0).until(|_, why| why.last_commit.is_some());
    assert!(watched.why.progress().headline.starts_with("It goes on"), "{:?}", watched.why.progress());
    for id in [1, 3] {
        let step = watched.play.intervene(Intervention::Kill(ReplicaId(id).into())).unwrap();
        watched.why.step(&step);
        watched.steps.push(step);
    }
    let answer = watched.why.progress();
    assert_eq!(
        answer.headline,
        "No progress: r1 and r3 are down, the others have a power of 2, and a quorum is 3"
    );
    watched.check(&answer);
}

#[test]
fn two_halves_that_do_not_hear_each_other_make_no_progress() {
    let watched = watched("partition-and-heal", 0).until(|step, _| step.time >= Time(5_500_000));
    let answer = watched.why.progress();
    assert!(answer.headline.starts_with("No progress since"), "{answer:?}");
    watched.check(&answer);
}

#[test]
fn memory_is_bounded_in_a_stall_too() {
    let mut watched = watched("vote-withholding", 0).through("vote-withholding", 0);
    for _ in 0..30_000 {
        let Some(step) = watched.play.step(Time(u64::MAX)) else { break };
        watched.why.step(&step);
    }
    assert!(watched.why.blocks.len() <= 1_000, "{}", watched.why.blocks.len());
}

#[test]
fn two_commits_at_one_height_are_named() {
    let name = "too-many-byzantine";
    let scenario = scenarios::named(name).unwrap();
    for script in 0..scenario.scripts.len() {
        let watched = watched(name, u8::try_from(script).unwrap()).through(name, script);
        if watched.play.sim().violation().is_none() {
            continue;
        }
        let broken = watched.why.blocks.keys().filter_map(|id| watched.why.block(id));
        let broken = broken.filter(|answer| answer.headline.ends_with("agreement is broken")).count();
        assert!(broken >= 2, "{script}");
        return;
    }
    panic!("no script breaks agreement");
}

#[test]
fn memory_is_bounded_and_every_question_has_an_answer() {
    let watched = watched("happy-path", 0).through("happy-path", 0);
    let (mut why, mut play) = (watched.why, watched.play);
    for _ in 0..20_000 {
        let Some(step) = play.step(Time(u64::MAX)) else { break };
        why.step(&step);
    }
    assert!(why.blocks.len() as u64 <= HEIGHTS_MAX + 2, "{}", why.blocks.len());
    assert!(why.views.len() as u64 <= VIEWS_MAX + 2);
    assert!(why.blocks.keys().all(|id| why.block(id).is_some()));
    assert!((0..4).all(|id| why.replica(ReplicaId(id)).is_some()));
}
