//! The model itself: that it covers what it says, and misses rules that are missing.

use super::*;
use crate::checkers::Breach;
use crate::weakness::Weakness;
use hotstuff_core::CommitRule::{self, ThreeChain, TwoChain};
use hotstuff_core::View;
use stateright::UniformChooser;
use std::collections::BTreeSet;

fn bounds(views: u64, rule: CommitRule) -> Bounds {
    Bounds { views, rule, ..Bounds::default() }
}

fn outcome(bounds: Bounds) -> Outcome {
    check(bounds, Effort::default(), |_| {}).unwrap()
}

fn shown(outcome: &Outcome) -> Vec<&'static str> {
    outcome.findings.iter().filter(|one| one.account.is_some()).map(|one| one.property).collect()
}

/// How a property is broken, by the way that is found soonest.
fn broken(bounds: Bounds) -> Account {
    let effort = Effort { is_deep_first: true, ..Effort::default() };
    let outcome = check(bounds, effort, |_| {}).unwrap();
    let Some(finding) = outcome.violation() else { panic!("{bounds}: nothing is found") };
    assert!(!outcome.is_exhaustive);
    finding.account.clone().expect("a violation has an account")
}

#[test]
fn two_views_are_sound_under_both_rules_and_what_must_show_does() {
    let found = outcome(bounds(2, TwoChain));
    assert!(found.is_exhaustive && found.violation().is_none());
    let all = ["a commit", "a timeout certificate", "a fork", "an equivocation"];
    assert_eq!(shown(&found), all);
    let found = outcome(bounds(2, ThreeChain));
    assert!(found.is_exhaustive && found.violation().is_none());
    assert_eq!(shown(&found), all[1..], "three views commit nothing before their last is over");
}

#[test]
fn the_space_is_as_large_as_it_was() {
    let size = |bounds| {
        let Outcome { progress: Progress { unique, depth, .. }, host_states, .. } = outcome(bounds);
        (unique, depth, host_states)
    };
    assert_eq!(size(bounds(1, ThreeChain)), (54, 4, 27));
    assert_eq!(size(Bounds { is_twinned: false, ..bounds(2, TwoChain) }), (3_081, 16, 170));
    assert_eq!(size(Bounds { has_fixed_leader: true, ..bounds(1, TwoChain) }), (54, 4, 27));
}

#[test]
fn it_is_the_same_space_with_several_threads() {
    let bounds = Bounds { is_twinned: false, ..bounds(2, TwoChain) };
    let alone = outcome(bounds).progress.unique;
    let effort = Effort { jobs: NonZeroUsize::new(3), ..Effort::default() };
    assert_eq!(check(bounds, effort, |_| {}).unwrap().progress.unique, alone);
}

#[test]
fn a_search_that_is_cut_short_says_so() {
    let few = NonZeroUsize::new(5);
    for effort in [Effort { depth: few, ..Effort::default() }, Effort { states: few, ..Effort::default() }] {
        let outcome = check(bounds(2, TwoChain), effort, |_| {}).unwrap();
        assert!(!outcome.is_exhaustive && outcome.violation().is_none());
    }
    let effort = Effort { depth: NonZeroUsize::new(100), ..Effort::default() };
    assert!(check(bounds(1, TwoChain), effort, |_| {}).unwrap().is_exhaustive);
}

#[test]
fn commits_that_come_early_conflict() {
    let weakness = Some(Weakness::CommitEarly);
    let account = broken(Bounds { is_twinned: false, weakness, ..bounds(2, TwoChain) });
    let breach = account.violation.expect("the checker of agreement sees it too").breach;
    assert!(matches!(breach, Breach::Agreement { .. }), "{breach}");
}

#[test]
fn a_quorum_of_two_lets_a_twin_have_both_of_its_blocks_committed() {
    let weakness = Some(Weakness::QuorumMinusOne);
    let twinned = Bounds { has_fixed_leader: true, weakness, ..bounds(2, TwoChain) };
    let alone = outcome(Bounds { is_twinned: false, ..twinned });
    assert!(alone.is_exhaustive && alone.violation().is_none(), "it takes the twin");
    let account = broken(twinned);
    let Breach::Agreement { first, second } = account.violation.expect("the checker sees it too").breach
    else {
        panic!("two blocks are committed at one height");
    };
    assert_eq!((first.1.view, second.1.view), (View(1), View(1)), "both are the leader's");
}

/// What single hosts can have voted for, locked, known to be certified, and committed: in all states of the
/// space, or on random ways on which hosts act in any order and nothing is left out.
fn remembered(bounds: Bounds, ways: Option<usize>) -> BTreeSet<String> {
    let world = Arc::new(World::new(bounds).unwrap());
    let checker = Space::new(world.clone(), ways.is_none()).unwrap().checker();
    match ways {
        None => drop(checker.spawn_bfs().join()),
        Some(states) => drop(checker.target_state_count(states).spawn_simulation(7, UniformChooser).join()),
    }
    world.remembered()
}

#[test]
fn hosts_get_nowhere_else_when_they_act_in_any_order() {
    for (rule, is_twinned) in [(TwoChain, true), (ThreeChain, false)] {
        let bounds = Bounds { is_twinned, ..bounds(2, rule) };
        let (all, some) = (remembered(bounds, None), remembered(bounds, Some(20_000)));
        assert!(some.len() > all.len() / 2, "{bounds}: {} of {} is no test", some.len(), all.len());
        let missed: Vec<&String> = some.difference(&all).collect();
        assert!(missed.is_empty(), "{bounds}: {missed:#?}");
    }
}
