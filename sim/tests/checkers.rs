//! The checkers pass what replicas do that keep to the protocol, and find what weak rules lead to.

mod common;

use common::{assert_safe, at_ms, heal};
use hotstuff_core::{CommitRule, Config, Event, Refusal, ReplicaId, Span};
use hotstuff_sim::{
    Breach, Cause, HostId, Intervention, LinkConfig, Signatures, Sim, SimConfig, Step, Weakness, Workload,
    WriteEdge, linearizability,
};
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;
use std::ops::Range;

/// Chance for plans of faults.
struct Dice(Pcg32);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.next_u32() % bound
    }

    fn ms(&mut self, bound: u32) -> u64 {
        u64::from(self.below(bound))
    }

    fn replica(&mut self, replicas: u16) -> ReplicaId {
        ReplicaId(u16::try_from(self.below(replicas.into())).unwrap())
    }
}

/// A cluster and faults for eight seconds: loss, crashes at any time and at writes, partitions. Some
/// take snapshots often, some hold few blocks in memory, some have twins of one replica.
fn faults(seed: u64) -> (SimConfig, Vec<(u64, Intervention)>) {
    let mut dice = Dice(Pcg32::new(seed, 7));
    let replicas = [4, 4, 4, 7][dice.below(4) as usize];
    let links = LinkConfig {
        delay_max_us: Span::millis(15 + dice.ms(100)),
        loss_ppm: dice.below(4) * 50_000,
        repeat_ppm: dice.below(2) * 50_000,
        ..LinkConfig::default()
    };
    let replica = Config {
        timeout_min_us: Span::millis(100 + dice.ms(900)),
        snapshot_blocks: [4, 10_000][dice.below(2) as usize],
        retained_blocks: [0, 3, 1_024][dice.below(3) as usize],
        ..Config::default()
    };
    let config = SimConfig {
        seed,
        replicas,
        rule: [CommitRule::ThreeChain, CommitRule::TwoChain][dice.below(2) as usize],
        signatures: Signatures::Tags,
        links,
        replica,
        clients: 2,
        twins: if dice.below(3) == 0 { vec![ReplicaId(1)] } else { Vec::new() },
        workload: Workload { commands: 30, interval_us: Span::millis(150), ..Workload::default() },
        ..SimConfig::default()
    };
    let mut plan = Vec::new();
    for _ in 0..1 + dice.below(5) {
        let host: HostId = dice.replica(replicas).into();
        let killed_ms = dice.ms(6_000);
        let edge = [WriteEdge::After, WriteEdge::Before][dice.below(2) as usize];
        plan.push(match dice.below(2) {
            0 => (killed_ms, Intervention::Kill(host)),
            _ => (killed_ms, Intervention::KillAtWrite { host, writes: dice.ms(9), edge }),
        });
        plan.push((killed_ms + 50 + dice.ms(2_500), Intervention::Restart(host)));
    }
    let hosts: Vec<HostId> = Sim::new(config.clone()).unwrap().hosts().map(|host| host.id).collect();
    for _ in 0..dice.below(4) {
        let mut groups = vec![Vec::new(), Vec::new()];
        hosts.iter().for_each(|host| groups[dice.below(2) as usize].push(*host));
        plan.push((dice.ms(8_000), Intervention::Partition(groups)));
        plan.push((dice.ms(8_000), Intervention::Partition(Vec::new())));
    }
    plan.sort_by_key(|(time_ms, _)| *time_ms);
    (config, plan)
}

/// Makes the run, up to a violation, and counts what of it matters here.
fn run(config: SimConfig, plan: Vec<(u64, Intervention)>, until_ms: u64) -> (Sim, Counts) {
    let mut sim = Sim::new(config).unwrap();
    let mut counts = Counts::default();
    for (time_ms, what) in plan {
        sim.run_until(at_ms(time_ms), |step| counts.add(step));
        // Two plans for one replica may overlap; then it is down or up already.
        let _ = sim.intervene(what).map(|step| counts.add(&step));
    }
    sim.run_until(at_ms(until_ms), |step| counts.add(step));
    (sim, counts)
}

/// How often something happened that the checkers must cope with.
#[derive(Default)]
struct Counts {
    restarts: u32,
    snapshots: u32,
    fetches: u32,
    timeout_certificates: u32,
    commits: u32,
}

impl Counts {
    fn add(&mut self, step: &Step) {
        self.restarts += u32::from(step.cause == Cause::Restarted);
        for event in &step.events {
            match event {
                Event::SnapshotInstalled { .. } => self.snapshots += 1,
                Event::FetchCompleted { .. } => self.fetches += 1,
                Event::TcFormed { .. } => self.timeout_certificates += 1,
                Event::Committed { .. } => self.commits += 1,
                _ => {}
            }
        }
    }

    fn sum(self, other: Self) -> Self {
        Self {
            restarts: self.restarts + other.restarts,
            snapshots: self.snapshots + other.snapshots,
            fetches: self.fetches + other.fetches,
            timeout_certificates: self.timeout_certificates + other.timeout_certificates,
            commits: self.commits + other.commits,
        }
    }
}

fn passes(seed: u64) -> Counts {
    let (config, plan) = faults(seed);
    let (mut sim, mut counts) = run(config, plan, 9_000);
    assert_safe(&sim);
    heal(&mut sim);
    sim.intervene(Intervention::Stabilize).unwrap();
    sim.run_until(at_ms(12_000), |step| counts.add(step));
    assert_eq!(sim.check_progress(Span::millis(60_000)), Ok(()), "seed {seed}");
    assert_eq!(linearizability::check(sim.history()), Ok(()), "seed {seed}");
    counts
}

fn all_pass(seeds: Range<u64>) {
    let counts = seeds.map(passes).fold(Counts::default(), Counts::sum);
    assert!(counts.restarts > 100, "{} restarts", counts.restarts);
    assert!(counts.snapshots >= 10, "{} snapshots", counts.snapshots);
    assert!(counts.fetches > 100, "{} fetches", counts.fetches);
    assert!(counts.timeout_certificates > 100, "{} TCs", counts.timeout_certificates);
    assert!(counts.commits > 1_000, "{} commits", counts.commits);
}

#[test]
fn seeds_0_to_99_pass_make_progress_and_are_linearizable() {
    all_pass(0..100);
}

#[test]
fn seeds_100_to_199_pass_make_progress_and_are_linearizable() {
    all_pass(100..200);
}

/// What is found in so many runs of a cluster with a weak rule.
fn breaches(weakness: Weakness, seeds: u64) -> Vec<Breach> {
    let found = |seed| {
        let (config, plan) = faults(seed);
        let (sim, _) = run(SimConfig { weakness: Some(weakness), ..config }, plan, 12_000);
        sim.violation().map(|violation| violation.breach.clone())
    };
    (0..seeds).filter_map(found).collect()
}

fn assert_found(weakness: Weakness, seeds: u64, least: usize, is_expected: impl Fn(&Breach) -> bool) {
    let found = breaches(weakness, seeds);
    assert!(found.len() >= least, "{weakness}: found in {} runs", found.len());
    let other = found.iter().find(|breach| !is_expected(breach));
    assert_eq!(other, None, "{weakness}");
}

#[test]
fn certificates_of_less_than_a_quorum_are_found() {
    let is_it =
        |breach: &Breach| matches!(breach, Breach::Certificate { why: Refusal::BelowQuorum { .. }, .. });
    assert_found(Weakness::QuorumMinusOne, 20, 20, is_it);
}

#[test]
fn commits_that_come_too_early_or_across_a_gap_are_found() {
    let is_it = |breach: &Breach| matches!(breach, Breach::CommitRule { .. });
    assert_found(Weakness::CommitEarly, 20, 18, is_it);
    assert_found(Weakness::IgnoreConsecutiveViews, 30, 20, is_it);
}

#[test]
fn commands_that_execute_twice_are_found() {
    let is_it = |breach: &Breach| matches!(breach, Breach::ExecutedTwice { .. });
    assert_found(Weakness::ExecuteTwice, 40, 15, is_it);
}

#[test]
fn pitfall_08_votes_in_views_that_were_given_up_are_found() {
    let is_it = |breach: &Breach| matches!(breach, Breach::VoteAfterTimeout { .. });
    assert_found(Weakness::VoteAfterTimeout, 40, 3, is_it);
}

#[test]
fn pitfall_07_what_a_crash_makes_a_replica_forget_is_found() {
    let found = breaches(Weakness::PersistAfterSend, 40);
    let count = |is_it: fn(&Breach) -> bool| found.iter().filter(|breach| is_it(breach)).count();
    let commits = count(|breach| matches!(breach, Breach::Prefix { .. }));
    let votes = count(|breach| matches!(breach, Breach::ForgottenVote { .. } | Breach::TwoVotes { .. }));
    let locks = count(|breach| matches!(breach, Breach::Lock { .. }));
    assert!(commits >= 5 && votes >= 2, "{commits} of commits, {votes} of votes");
    assert_eq!(commits + votes + locks, found.len(), "{found:?}");
}

/// The cluster stops, and that is no breach of safety: only a check of progress tells.
#[test]
fn a_cluster_without_a_quorum_is_found_to_make_no_progress() {
    let (mut config, _) = faults(0);
    config.twins.clear();
    let mut sim = Sim::new(SimConfig { replicas: 4, ..config }).unwrap();
    for id in [0, 2] {
        sim.intervene(Intervention::Kill(ReplicaId(id).into())).unwrap();
    }
    let violation = sim.check_progress(Span::millis(20_000)).unwrap_err();
    assert!(matches!(violation.breach, Breach::NoProgress { .. }), "{violation}");
}
