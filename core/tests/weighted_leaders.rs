//! Leaders take turns by heads, faults are counted by power: few that are faulty by power may be
//! many by heads.

mod support;

use hotstuff_core::leader::LeaderRule;
use hotstuff_core::*;
use support::{Table, spec};

/// Whether a command commits where r0 has `power`, all others 1, and those `down` never were up.
fn commits(rule: CommitRule, leaders: LeaderRule, power: u64, down: impl Iterator<Item = u16>) -> bool {
    let mut heavy = CommitteeSpec { rule, leaders, ..spec(4) };
    heavy.members[0].power = Power(power);
    let mut table = Table::of(heavy, 0);
    let down: Vec<u16> = down.collect();
    assert!(down.len() as u64 <= table.committee.faulty_max().0, "no more than f of the power");
    down.into_iter().for_each(|id| table.crash(id));
    table.submit(1, b"x");
    while table.applied(0).is_empty() && table.now < Time(600_000_000) {
        table.run_all();
        table.pass_time();
    }
    !table.applied(0).is_empty()
}

/// Half of the turns are lost. Did leaders change with every view, there would never be three certified
/// ones in a row; and reputation goes by what is committed.
#[test]
fn three_chain_commits_whatever_the_powers() {
    for leaders in [LeaderRule::RoundRobin, LeaderRule::Reputation] {
        assert!(commits(CommitRule::ThreeChain, leaders, 4, 2..4), "{leaders:?}");
    }
}

/// Three of four turns are lost.
#[test]
fn two_chain_commits_whatever_the_powers() {
    assert!(commits(CommitRule::TwoChain, LeaderRule::Reputation, 4, 2..4), "two in a row are enough");
    for leaders in [LeaderRule::RoundRobin, LeaderRule::Reputation] {
        assert!(commits(CommitRule::TwoChain, leaders, 8, 1..4), "{leaders:?}");
    }
}
