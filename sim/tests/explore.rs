//! The search for violations: it finds what a missing rule leads to, and makes it small.

use hotstuff_sim::explore::{Plan, Space, shrink};
use hotstuff_sim::{Signatures, Weakness};

/// Within how many seeds each missing rule must be missed. The largest that any takes is 60.
const BUDGET: u64 = 100;

fn space(weakness: Option<Weakness>) -> Space {
    Space { weakness, signatures: Signatures::Tags, ..Space::default() }
}

#[test]
fn each_rule_that_is_missing_is_missed_within_the_budget() {
    for weakness in Weakness::ALL {
        let is_found = |seed: &u64| space(Some(weakness)).plan(*seed).run().unwrap().violation.is_some();
        let seed = (0..BUDGET).find(is_found);
        println!("{weakness}: seed {seed:?}");
        assert!(seed.is_some(), "{weakness} was not missed in {BUDGET} seeds");
    }
}

#[test]
fn the_same_seeds_find_nothing_where_no_rule_is_missing() {
    for seed in 0..40 {
        let report = space(None).plan(seed).run().unwrap();
        assert_eq!(report.violation, None, "seed {seed}");
    }
}

#[test]
fn a_seed_makes_one_plan_and_a_plan_one_run() {
    let plan = space(None).plan(17);
    assert_eq!(plan, space(None).plan(17));
    assert_ne!(plan, space(None).plan(18));
    assert_eq!(plan.run().unwrap().trace_hash, plan.run().unwrap().trace_hash);
}

#[test]
fn a_plan_that_finds_something_is_shrunk_to_one_that_still_does() {
    let space = space(Some(Weakness::ExecuteTwice));
    let found = |seed| {
        let plan = space.plan(seed);
        let report = plan.run().unwrap();
        (report.violation.is_some() && plan.faults.len() > 3).then_some((plan, report))
    };
    let (plan, report) = (0..BUDGET).find_map(found).unwrap();
    let shrunk = shrink(&plan, &report, 60).unwrap();
    assert!(shrunk.plan.faults.len() < plan.faults.len(), "{:?}", shrunk.plan.faults);
    assert!(shrunk.runs <= 60);
    let again = Plan::from_code(&shrunk.plan.to_code()).unwrap().run().unwrap();
    assert_eq!(again.violation, shrunk.report.violation);
    assert!(again.violation.is_some());
    let clean = space.plan(0);
    let clean = Plan { config: hotstuff_sim::SimConfig { weakness: None, ..clean.config.clone() }, ..clean };
    assert!(shrink(&clean, &clean.run().unwrap(), 9).is_none(), "there is nothing to shrink");
}
