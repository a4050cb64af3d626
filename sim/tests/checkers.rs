//! The checkers pass what replicas do that keep to the protocol, and find what weak rules lead to.

mod common;

use common::{assert_safe, at_ms, heal};
use hotstuff_core::{CommitRule, Config, ReplicaId, Span};
use hotstuff_sim::{HostId, Intervention, LinkConfig, Signatures, Sim, SimConfig, Workload, WriteEdge};
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;

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
        snapshot_blocks: [5, 10_000][dice.below(2) as usize],
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

/// Makes the run, up to a violation.
fn run(config: SimConfig, plan: Vec<(u64, Intervention)>, until_ms: u64) -> Sim {
    let mut sim = Sim::new(config).unwrap();
    for (time_ms, what) in plan {
        sim.run_until(at_ms(time_ms), |_| {});
        // Two plans for one replica may overlap; then it is down or up already.
        let _ = sim.intervene(what);
    }
    sim.run_until(at_ms(until_ms), |_| {});
    sim
}

fn passes(seed: u64) {
    let (config, plan) = faults(seed);
    let mut sim = run(config, plan, 9_000);
    assert_safe(&sim);
    heal(&mut sim);
    sim.run_until(at_ms(20_000), |_| {});
    assert_safe(&sim);
}

#[test]
fn seeds_0_to_99_pass() {
    (0..100).for_each(passes);
}

#[test]
fn seeds_100_to_199_pass() {
    (100..200).for_each(passes);
}
