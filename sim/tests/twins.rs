//! Twins: what is scripted happens, the protocol bears it, and weaker rules do not.

use hotstuff_core::message::MessageKind::{Proposal, Timeout, Vote};
use hotstuff_core::{CommitRule, Event, ReplicaId, View};
use hotstuff_sim::explore::{Plan, Sight};
use hotstuff_sim::twins::{Enumeration, Part, Scenario, Setting, Verdict};
use hotstuff_sim::{Cause, Weakness};
use std::collections::BTreeSet;

const RULES: [CommitRule; 2] = [CommitRule::TwoChain, CommitRule::ThreeChain];

fn setting(rule: CommitRule, weakness: Option<Weakness>) -> Setting {
    Setting { rule, weakness, by_outcome: false, seed: 1 }
}

fn scenario(code: &str) -> Scenario {
    code.parse().unwrap()
}

fn verdict(scenario: &Scenario, setting: &Setting) -> Verdict {
    scenario.run(setting).unwrap().verdict()
}

fn assert_clean(rule: CommitRule, scenarios: impl Iterator<Item = Scenario>) -> u128 {
    let setting = setting(rule, None);
    let clean = |scenario| assert_eq!(verdict(&scenario, &setting), Verdict::Clean, "{rule:?} {scenario}");
    scenarios.map(clean).count() as u128
}

#[test]
fn all_scenarios_of_two_views_are_clean_under_two_chain() {
    let all = Enumeration::new(2, Part(2));
    assert_eq!(assert_clean(CommitRule::TwoChain, all.scenarios()), all.distinct());
}

#[test]
fn all_scenarios_of_two_views_are_clean_under_three_chain() {
    let all = Enumeration::new(2, Part(2));
    assert_eq!(assert_clean(CommitRule::ThreeChain, all.scenarios()), all.distinct());
}

#[test]
fn a_sample_of_longer_ones_with_more_parts_is_clean() {
    for rule in RULES {
        assert_eq!(assert_clean(rule, Enumeration::new(5, Part(3)).sample(60, 9)), 60);
    }
}

#[test]
fn views_have_the_leaders_and_the_parts_that_are_scripted() {
    let scenario = scenario("3:00001,0:01101,0:00110,2:01011");
    let plan = scenario.plan(&setting(CommitRule::ThreeChain, None));
    let of = |view: View| scenario.0.get(usize::try_from(view.0).unwrap() - 1);
    let (mut entered, mut delivered, mut dropped) = (0, 0, 0);
    let report = plan.run_with(|step| {
        for event in &step.events {
            if let Event::ViewEntered { view, leader, .. } = event
                && let Some(choice) = of(*view)
            {
                assert_eq!(*leader, choice.leader, "{step}");
                entered += 1;
            }
        }
        let (Cause::Delivered { from, kind: Proposal | Vote | Timeout, view: Some(view), .. }
        | Cause::Dropped { from, kind: Proposal | Vote | Timeout, view: Some(view), .. }) = step.cause
        else {
            return;
        };
        let Some(choice) = of(view).filter(|_| step.time < plan.faults_until) else { return };
        let groups = choice.partition.groups();
        let hear = groups.iter().any(|group| group.contains(&from) && group.contains(&step.host.unwrap()));
        assert_eq!(hear, matches!(step.cause, Cause::Delivered { .. }), "{step}");
        if hear { delivered += 1 } else { dropped += 1 }
    });
    assert_eq!(report.unwrap().violation, None);
    assert!(entered > 10 && delivered > 20 && dropped > 10, "{entered}, {delivered}, {dropped}");
}

/// Both hosts of r0 lead, each with commands that the other does not hear of.
#[test]
fn twins_that_lead_propose_different_blocks_and_are_caught() {
    let proposed = |code: &str| {
        let mut blocks = vec![BTreeSet::new(); 3];
        let plan = scenario(code).plan(&setting(CommitRule::ThreeChain, None));
        let report = plan.run_with(|step| {
            for event in &step.events {
                if let Event::Proposed(summary) = event
                    && let Some(of_view) = blocks.get_mut(usize::try_from(summary.block.view.0).unwrap())
                {
                    of_view.insert(summary.block.id);
                }
            }
        });
        (blocks.iter().map(BTreeSet::len).collect::<Vec<_>>(), report.unwrap())
    };
    let (blocks, report) = proposed("0:00000,1:00000");
    assert_eq!(blocks, [0, 2, 1]);
    assert!(report.coverage.seen().any(|sight| sight == Sight::Equivocation));
    assert_eq!(proposed("1:00000,0:01011").0, [0, 1, 2]);
    assert_eq!(proposed("1:00000,2:01011").0, [0, 1, 1]);
}

/// Those whose lack shows without forged messages and lost disks, which unmodified cores do not have.
#[test]
fn weaker_rules_are_unsafe_in_some_scenarios() {
    use Weakness::{CommitEarly, IgnoreConsecutiveViews, QuorumMinusOne, VoteAfterTimeout};
    for weakness in [QuorumMinusOne, CommitEarly, IgnoreConsecutiveViews, VoteAfterTimeout] {
        for rule in RULES {
            let setting = setting(rule, Some(weakness));
            let all = Enumeration::new(3, Part(2));
            let is_unsafe = |scenario: &Scenario| matches!(verdict(scenario, &setting), Verdict::Unsafe(_));
            let found = all.sample(100, 1).position(|scenario| is_unsafe(&scenario));
            println!("{rule:?} without {weakness}: scenario {found:?} of the sample");
            assert!(found.is_some(), "{rule:?} without {weakness}");
        }
    }
}

/// Not only is a rule broken: there are two histories, or a command is executed twice. The same scenarios
/// do the sound rules no harm.
#[test]
fn what_comes_of_weaker_rules_is_seen_in_the_outcome() {
    use CommitRule::{ThreeChain, TwoChain};
    for (weakness, rule, code, property) in [
        (Weakness::QuorumMinusOne, TwoChain, "0:01001,0:00010,0:00000", "agreement"),
        (Weakness::QuorumMinusOne, ThreeChain, "0:01001,0:00010,0:00000", "agreement"),
        (Weakness::CommitEarly, TwoChain, "0:00000,1:00111,2:00011", "agreement"),
        (Weakness::ExecuteTwice, TwoChain, "0:00001,0:01010,0:00101", "exactly once"),
    ] {
        let sound = Setting { by_outcome: true, ..setting(rule, None) };
        assert_eq!(verdict(&scenario(code), &sound), Verdict::Clean, "{rule:?} {code}");
        let weak = Setting { weakness: Some(weakness), ..sound };
        let found = match verdict(&scenario(code), &weak) {
            Verdict::Unsafe(violation) => Some(violation.breach.property()),
            Verdict::Clean | Verdict::Stuck(_) => None,
        };
        assert_eq!(found, Some(property), "{rule:?} without {weakness}: {code}");
    }
}

#[test]
fn a_scenario_is_one_run_and_its_code_makes_it_again() {
    let setting = setting(CommitRule::TwoChain, None);
    let scenario = scenario("0:01101,0:01011,1:00000");
    let plan = scenario.plan(&setting);
    let (one, again) = (plan.run().unwrap(), scenario.run(&setting).unwrap().report);
    assert_eq!(one.trace_hash, again.trace_hash);
    let linked = Plan::from_code(&plan.to_code()).unwrap();
    assert_eq!(linked, plan);
    assert_eq!(linked.run().unwrap().trace_hash, one.trace_hash);
    let other = "0:01101,0:01011,2:00000".parse::<Scenario>().unwrap().run(&setting).unwrap().report;
    assert_ne!(other.trace_hash, one.trace_hash);
    assert_eq!(scenario.0[2].leader, ReplicaId(1));
}
