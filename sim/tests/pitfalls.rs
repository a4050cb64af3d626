//! Pitfalls of the list that take a whole cluster in time to show.

mod common;

use common::{assert_progress, assert_safe, at_ms, picture, run_until_done, top};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{CommitRule, Config, Event, ReplicaId, Span, View};
use hotstuff_sim::{Cause, Intervention, LinkConfig, Sim, SimConfig, Workload};

fn workload(commands: u64, interval_ms: u64) -> Workload {
    Workload { commands, interval_us: Span::millis(interval_ms), ..Workload::default() }
}

fn all_answered(commands: usize) -> impl Fn(&Sim) -> bool {
    move |sim| sim.replies().iter().filter(|reply| reply.answer.is_some()).count() == commands
}

#[test]
fn pitfall_22_one_of_four_crashed_under_round_robin_commands_go_on_committing() {
    for crashed in 0..4 {
        let leaders = LeaderRule::RoundRobin;
        let config = SimConfig { leaders, workload: workload(40, 250), ..SimConfig::default() };
        let mut sim = Sim::new(config).unwrap();
        sim.intervene(Intervention::Kill(ReplicaId(crashed).into())).unwrap();
        run_until_done(&mut sim, "40 commands", 30_000, all_answered(40));
        let slowest = sim.replies().iter().filter_map(|reply| reply.latency).max().unwrap();
        assert!(slowest < Span::millis(10_000), "r{crashed} down: {slowest}");
    }
}

#[test]
fn pitfall_22_a_replica_that_crashes_under_load_holds_nothing_up_for_good() {
    for crashed in 0..4 {
        let config = SimConfig { workload: workload(60, 100), ..SimConfig::default() };
        let mut sim = Sim::new(config).unwrap();
        sim.run_until(at_ms(1_000), |_| {});
        sim.intervene(Intervention::Kill(ReplicaId(crashed).into())).unwrap();
        run_until_done(&mut sim, "60 commands", 30_000, all_answered(60));
    }
}

/// How many blocks commit in five seconds under continuous load, with or without r1, which is down
/// from the start; the first five seconds are left out.
fn blocks_in_five_seconds(rule: CommitRule, leaders: LeaderRule, silent: bool) -> u64 {
    let delay = Span::millis(10);
    let links = LinkConfig { delay_min_us: delay, delay_max_us: delay, ..LinkConfig::default() };
    let config = SimConfig { rule, leaders, links, workload: workload(10_000, 10), ..SimConfig::default() };
    let mut sim = Sim::new(config).unwrap();
    if silent {
        sim.intervene(Intervention::Kill(ReplicaId(1).into())).unwrap();
    }
    sim.run_until(at_ms(5_000), |_| {});
    let before = top(&sim).0;
    sim.run_until(at_ms(10_000), |_| {});
    assert_safe(&sim);
    top(&sim).0 - before
}

/// Reputation leaders pass a silent replica over once the committed chain shows it. From then on
/// nothing is lost but its own part.
#[test]
fn pitfall_22_with_reputation_leaders_one_silent_of_four_leaves_nine_tenths_of_the_throughput() {
    for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
        let whole = blocks_in_five_seconds(rule, LeaderRule::Reputation, false);
        let without = blocks_in_five_seconds(rule, LeaderRule::Reputation, true);
        let in_turn = blocks_in_five_seconds(rule, LeaderRule::RoundRobin, true);
        println!("{rule:?}: {whole} blocks; one silent: {without}; under round robin: {in_turn}");
        assert!(10 * without >= 9 * whole, "{rule:?}: {without} blocks of {whole}");
        assert!(2 * in_turn < whole, "{rule:?}: {in_turn} blocks under round robin");
    }
}

fn committed_above(height: u64) -> impl Fn(&Sim) -> bool {
    move |sim| top(sim).0 > height
}

#[test]
fn pitfall_15_a_fifth_of_all_messages_lost_commits_go_on() {
    for seed in 0..5 {
        let links = LinkConfig { loss_ppm: 200_000, ..LinkConfig::default() };
        let config = SimConfig { seed, links, workload: workload(10_000, 250), ..SimConfig::default() };
        let mut sim = Sim::new(config).unwrap();
        run_until_done(&mut sim, "30 blocks", 120_000, committed_above(30));
        assert!(sim.replies().iter().any(|reply| reply.answer.is_some()));
    }
}

/// With one of four crashed every message of a view must arrive, three views in a row, before a
/// block commits: about once a minute. What matters is that it does not stop.
#[test]
fn pitfall_15_a_fifth_of_all_messages_lost_and_one_of_four_crashed_still_makes_progress() {
    for seed in 0..5 {
        let links = LinkConfig { loss_ppm: 200_000, ..LinkConfig::default() };
        let config = SimConfig { seed, links, workload: workload(10_000, 1_000), ..SimConfig::default() };
        let mut sim = Sim::new(config).unwrap();
        sim.intervene(Intervention::Kill(ReplicaId(2).into())).unwrap();
        run_until_done(&mut sim, "the first blocks", 600_000, committed_above(0));
        let height = top(&sim).0;
        run_until_done(&mut sim, "the next blocks", 600_000, committed_above(height));
    }
}

/// Lets r3 miss many blocks and come back under load. It must be level with the others, and vote,
/// within `bound_ms`.
fn lags_and_catches_up(settings: Config, must_load: bool, bound_ms: u64) {
    let late = ReplicaId(3);
    let replica = Config { timeout_min_us: Span::millis(100), ..settings };
    let config = SimConfig { replica, workload: workload(1_200, 25), ..SimConfig::default() };
    let mut sim = Sim::new(config).unwrap();
    sim.run_until(at_ms(500), |_| {});
    sim.intervene(Intervention::Kill(late.into())).unwrap();
    sim.run_until(at_ms(8_000), |_| {});
    let head = |sim: &Sim| sim.hosts().last().unwrap().status.committed_head.height.0;
    assert!(top(&sim).0 > head(&sim) + 50, "it missed too little\n{}", picture(&sim));
    let view = sim.hosts().map(|host| host.status.view).max().unwrap();
    sim.intervene(Intervention::Restart(late.into())).unwrap();
    let (mut loads, mut votes) = (0, 0);
    while sim.now() < at_ms(8_000 + bound_ms) {
        let step = sim.step().unwrap();
        loads += u32::from(matches!(step.cause, Cause::Loaded { peer } if peer == late));
        let is_new = |event: &&Event| matches!(event, Event::Voted { block, .. } if block.view > view);
        if step.host.map(|host| host.replica) == Some(late) {
            votes += step.events.iter().filter(is_new).count();
        }
    }
    assert_safe(&sim);
    assert!(sim.replies().len() < 1_200, "the load goes on");
    assert_eq!(loads > 0, must_load, "{loads} answers came from a disk");
    assert!(head(&sim) + 3 >= top(&sim).0, "not level\n{}", picture(&sim));
    assert!(votes > 10, "{votes} votes\n{}", picture(&sim));
}

#[test]
fn pitfall_21_a_lagging_replica_catches_up_under_continuous_load_and_votes_again() {
    lags_and_catches_up(Config::default(), false, 3_000);
}

#[test]
fn pitfall_21_a_replica_that_lags_beyond_what_peers_hold_in_memory_catches_up_from_their_disks() {
    lags_and_catches_up(Config { retained_blocks: 16, ..Config::default() }, true, 3_000);
    lags_and_catches_up(Config { retained_blocks: 16, fetch_blocks: 8, ..Config::default() }, true, 3_000);
}

#[test]
fn pitfall_21_responses_smaller_than_the_uncommitted_tail_are_enough_to_catch_up() {
    lags_and_catches_up(Config { fetch_blocks: 2, ..Config::default() }, false, 12_000);
}

#[test]
fn pitfall_20_a_lone_command_commits_without_further_traffic() {
    let mut sim = Sim::new(SimConfig::default()).unwrap();
    sim.run_until(at_ms(5_000), |_| {});
    assert_progress(&mut sim, 1_000);
}

#[test]
fn pitfall_17_the_whole_cluster_restarts_and_goes_on() {
    let config = SimConfig { workload: workload(10, 100), ..SimConfig::default() };
    let mut sim = Sim::new(config).unwrap();
    sim.run_until(at_ms(800), |_| {});
    let views: Vec<View> = sim.hosts().map(|host| host.status.high_qc.view).collect();
    let height = top(&sim);
    (0..4).for_each(|id| drop(sim.intervene(Intervention::Kill(ReplicaId(id).into())).unwrap()));
    sim.run_until(at_ms(3_000), |_| {});
    (0..4).for_each(|id| drop(sim.intervene(Intervention::Restart(ReplicaId(id).into())).unwrap()));
    for (host, before) in sim.hosts().zip(views) {
        assert!(host.status.view > before, "{} is in view {}", host.id, host.status.view);
    }
    assert!(top(&sim) >= height);
    run_until_done(&mut sim, "10 commands", 30_000, all_answered(10));
    assert_progress(&mut sim, 10_000);
}

#[test]
fn one_replica_alone_commits() {
    let config = SimConfig { replicas: 1, workload: workload(5, 100), ..SimConfig::default() };
    let mut sim = Sim::new(config).unwrap();
    run_until_done(&mut sim, "5 commands", 5_000, all_answered(5));
}

#[test]
fn an_idle_cluster_idles() {
    let mut sim = Sim::new(SimConfig::default()).unwrap();
    sim.run_until(at_ms(60_000), |_| {});
    assert_safe(&sim);
    // A heartbeat block every two seconds, and no timeouts.
    let view = sim.hosts().map(|host| host.status.view.0).max().unwrap();
    assert!((25..=40).contains(&view), "view {view}");
    assert!(sim.hosts().all(|host| host.status.timeout_exponent == 0));
}
