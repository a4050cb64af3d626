//! What a dead leader costs.

use crate::support::{Table, spec};
use hotstuff_core::committee::Limits;
use hotstuff_core::event::Event;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::*;

/// How long `count` commands take, a command a block, all there from the start, with r1 down, and
/// how many views r0 gave up. Messages take no time on the table, so all time is patience.
fn with_r1_down(rule: CommitRule, leaders: LeaderRule, count: u64) -> (Span, u64) {
    let limits = Limits { block_commands: 1, ..Limits::default() };
    let mut table = Table::of(CommitteeSpec { rule, leaders, limits, ..spec(4) }, 0);
    table.crash(1);
    for sequence in 1..=count {
        table.submit(sequence, &[sequence as u8]);
    }
    table.run_until_applied(&[0, 2, 3], count as usize, |_| true);
    let given_up = |event: &Event| matches!(event, Event::TimedOut { patience: Some(_), .. });
    let timeouts = table.events.iter().filter(|(id, event)| *id == 0 && given_up(event));
    (table.now - Time(0), timeouts.count() as u64)
}

/// With n = 4, round robin and r1 down, views 1, 5, 9, … have no leader, and views 4, 8, … no
/// collector. The votes of view 4 are sent to all half-way through the patience with r1, and the
/// other half is left for view 5. So views 2, 3 and 4 are all certified: three blocks a turn, for one
/// patience. The QC of a turn's last view commits that turn's first block and the last two of the
/// turn before. So the last block of turn k is committed half-way through the patience after turn
/// k + 1, and before that there was one of view 1 and one after each turn up to k.
#[test]
fn pitfall_22_three_chain_a_turn_of_four_views_costs_one_timeout_and_commits_three_blocks() {
    let patience = Config::default().timeout_min_us;
    for turns in [5, 20] {
        let (time, timeouts) = with_r1_down(CommitRule::ThreeChain, LeaderRule::RoundRobin, 3 * turns);
        assert_eq!(timeouts, turns + 1, "one before the first turn, and one after each");
        let half = patience.0 / 2;
        assert_eq!(time, Span(timeouts * patience.0 + half), "no back-off, and no other waiting");
    }
}

#[test]
fn pitfall_22_two_chain_a_turn_of_four_views_costs_one_timeout_and_commits_three_blocks() {
    let patience = Config::default().timeout_min_us;
    for turns in [5, 20] {
        let (time, timeouts) = with_r1_down(CommitRule::TwoChain, LeaderRule::RoundRobin, 3 * turns);
        assert!((turns..=turns + 1).contains(&timeouts), "{timeouts} timeouts in {turns} turns");
        assert_eq!(time, Span(timeouts * patience.0));
    }
}

/// With reputation leaders r1 is passed over once the committed chain shows that it was silent:
/// from then on nothing is waited for.
#[test]
fn pitfall_22_with_reputation_leaders_a_silent_replica_costs_a_fixed_number_of_timeouts() {
    for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
        let (short, few) = with_r1_down(rule, LeaderRule::Reputation, 30);
        let (long, many) = with_r1_down(rule, LeaderRule::Reputation, 200);
        assert_eq!((short, few), (long, many), "{rule:?}");
        assert!(few <= 3, "{rule:?}: {few} timeouts");
    }
}
