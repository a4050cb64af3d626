//! The model itself: that it covers what it says, and misses rules that are missing.

use super::*;
use crate::weakness::Weakness;
use hotstuff_core::CommitRule::{self, ThreeChain, TwoChain};
use std::collections::BTreeSet;
use std::sync::Mutex;

fn bounds(views: u64, rule: CommitRule) -> Bounds {
    Bounds { views, rule, ..Bounds::default() }
}

fn outcome(bounds: Bounds) -> Outcome {
    check(bounds, Effort::default(), |_| {}).unwrap()
}

fn shown(outcome: &Outcome) -> Vec<&'static str> {
    outcome.findings.iter().filter(|one| one.account.is_some()).map(|one| one.property).collect()
}

fn broken(bounds: Bounds) -> Account {
    let outcome = outcome(bounds);
    let Some(finding) = outcome.violation() else { panic!("{bounds}: nothing is found") };
    assert!(!outcome.is_exhaustive);
    finding.account.clone().expect("a violation has an account")
}

#[test]
fn hosts_get_nowhere_else_when_they_act_in_any_order() {
    /// What hosts can remember, and what can be committed at the same time.
    fn reached(bounds: Bounds, is_sorted: bool) -> (BTreeSet<String>, BTreeSet<String>) {
        let world = Arc::new(World::new(bounds).unwrap());
        let space = Space::new(world.clone(), is_sorted).unwrap();
        let chains = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = chains.clone();
        let note = move |path: stateright::Path<space::State, space::Action>| {
            let chain = |local: &Arc<local::Local>| format!("{:?}", local.chain);
            let all: Vec<String> = path.last_state().locals.iter().map(chain).collect();
            seen.lock().unwrap().insert(all.join(", "));
        };
        space.checker().visitor(note).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let chains = chains.lock().unwrap().clone();
        (world.remembered(), chains)
    }
    for (views, is_twinned) in [(1, true), (2, false)] {
        for rule in [ThreeChain, TwoChain] {
            let bounds = Bounds { is_twinned, ..bounds(views, rule) };
            let (sorted, any) = (reached(bounds, true), reached(bounds, false));
            let (hosts, chains) = (any.0.difference(&sorted.0), any.1.difference(&sorted.1));
            assert_eq!(hosts.collect::<Vec<_>>(), Vec::<&String>::new(), "{bounds}");
            assert_eq!(chains.collect::<Vec<_>>(), Vec::<&String>::new(), "{bounds}");
        }
    }
}
