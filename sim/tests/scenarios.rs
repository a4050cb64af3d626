//! The lessons hold: whatever the seed, each run shows what its scenario says.

use hotstuff_core::CommitRule;
use hotstuff_sim::scenarios::{self, CHALLENGE_BY_CHANCE, Run, Unmet};

/// More than any scenario takes: the page plays them all, and tests of determinism many of them.
const STEPS_MAX: u64 = 2_500;

/// Plays a scenario with twenty seeds, and with five of them under the other rule, where it may be
/// any.
fn holds(name: &str) {
    let scenario = scenarios::named(name).unwrap();
    let two_chain = Some(CommitRule::TwoChain).filter(|_| scenario.takes_rule());
    let rules = (0..20).map(|seed| (seed, None)).chain((0..5).map(|seed| (seed, two_chain)));
    for (seed, rule) in rules {
        let runs = scenario.played(seed, rule);
        assert_eq!(scenario.outcome(&runs), [], "{name}, seed {seed}, {rule:?}");
        for run in &runs {
            assert!(run.sim().steps() < STEPS_MAX, "{name}, seed {seed}: {} steps", run.sim().steps());
        }
    }
    for seed in [0, u64::MAX] {
        assert_eq!(scenarios::trace_hash(scenario, seed), scenarios::trace_hash(scenario, seed));
    }
    assert_ne!(scenarios::trace_hash(scenario, 0), scenarios::trace_hash(scenario, 1));
}

macro_rules! holds {
    ($($test:ident: $name:literal;)*) => {
        $(
            #[test]
            fn $test() {
                holds($name);
            }
        )*

        #[test]
        fn every_scenario_is_tested_and_stands_at_its_number() {
            let names = [$($name),*];
            let found: Vec<&str> = scenarios::all().iter().map(|scenario| scenario.name).collect();
            assert_eq!(found, names);
            assert!(scenarios::all().iter().zip(1..).all(|(scenario, number)| scenario.number == number));
        }
    };
}

holds! {
    scenario_01_nothing_goes_wrong: "happy-path";
    scenario_02_a_leader_that_crashes_is_replaced: "leader-crash";
    scenario_03_three_leaders_in_a_row_crash_and_patience_grows: "cascading-leader-failures";
    scenario_04_a_dead_leader_takes_no_view_but_its_own: "consecutive-leader-trap";
    scenario_05_no_half_commits_and_both_go_on_together: "partition-and-heal";
    scenario_06_who_signs_two_blocks_is_found_out: "equivocating-leader";
    scenario_07_one_who_does_not_vote_is_harmless_and_two_stop_all: "vote-withholding";
    scenario_08_a_certified_block_is_left_behind_under_three_chain_alone: "tail-fork";
    scenario_09_a_slow_network_is_safe_and_a_good_one_is_quick: "slow-network";
    scenario_10_a_lock_that_nobody_knows_is_let_go: "stale-hidden-lock";
    scenario_11_two_chain_answers_sooner: "two-chain-beside-three-chain";
    scenario_12_two_faulty_of_four_break_agreement_and_are_named: "too-many-byzantine";
    scenario_13_who_forgets_is_faulty_and_who_remembers_is_not: "amnesia";
    scenario_14_who_was_away_catches_up: "lagging-replica";
    scenario_15_what_is_asked_twice_is_done_once: "client-retries";
    scenario_16_clocks_need_not_agree: "clock-skew";
    scenario_17_nothing_is_scripted: "open-challenge";
}

/// What a visitor may do, done by chance: with one faulty of four nothing breaks agreement, and all
/// goes on when the network is good.
#[test]
fn the_open_challenge_is_not_met_by_chance() {
    for seed in 0..60 {
        let rule = if seed % 2 == 0 { CommitRule::ThreeChain } else { CommitRule::TwoChain };
        let mut run = Run::new(&CHALLENGE_BY_CHANCE, seed, Some(rule));
        run.finish(|_| {});
        assert_eq!(run.outcome(), [], "seed {seed}, {rule:?}");
    }
}

#[test]
fn every_lesson_is_short_and_asks_something() {
    for scenario in scenarios::all() {
        let name = scenario.name;
        assert!(name.chars().all(|letter| letter == '-' || letter.is_ascii_lowercase()), "{name}");
        let sentences =
            scenario.lesson.split_inclusive(['.', ':']).filter(|part| part.ends_with('.')).count();
        assert!((2..=6).contains(&sentences), "{name}: {sentences} sentences");
        assert!(scenario.lesson.len() < 520, "{name}: {} characters", scenario.lesson.len());
        assert!(!scenario.lesson.contains("  ") && !scenario.lesson.contains('\n'), "{name}");
        assert!(scenario.question.ends_with('?') && scenario.question.len() < 120, "{name}");
        assert!(!scenario.title.is_empty() && scenario.title.len() < 40, "{name}");
        let is_labelled = |script: &hotstuff_sim::scenarios::Script| !script.label.is_empty();
        assert!((1..=2).contains(&scenario.scripts.len()), "{name}");
        assert!(scenario.scripts.iter().all(|script| is_labelled(script) == (scenario.scripts.len() == 2)));
    }
}

#[test]
fn what_is_not_shown_is_said_in_words() {
    let scenario = scenarios::named("leader-crash").unwrap();
    let mut runs = scenario.runs(1, None);
    runs[0].run_until(hotstuff_core::Time(1_000_000), |_| {});
    let unmet = scenario.outcome(&runs);
    let said: Vec<String> = unmet.iter().map(Unmet::to_string).collect();
    assert!(
        said[0] == "not so: a quorum gives up on a view by view 9. No quorum gave up on any.",
        "{said:?}"
    );
}
