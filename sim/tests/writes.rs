//! Pitfall 7: a crash at every boundary of a replica's writes.

mod common;

use common::{assert_progress, at_ms, heal, run_until_done};
use hotstuff_core::{Config, ReplicaId, Span};
use hotstuff_sim::{Intervention, LinkConfig, Signatures, Sim, SimConfig, Workload, WriteEdge};

const WRITES: u64 = 200;

/// Crashes a replica at a boundary, twice: the second time a few writes after its restart.
///
/// Messages are slow, patience is short and restarts are quick: so views are given up whose
/// proposals and votes still arrive after the restart, where a replica that had forgotten
/// something would contradict itself.
fn crash_at(writes: u64, edge: WriteEdge) {
    let victim = ReplicaId(u16::try_from(writes % 4).unwrap());
    let links = LinkConfig { delay_max_us: Span::millis(120), loss_ppm: 30_000, ..LinkConfig::default() };
    let workload = Workload { commands: 30, interval_us: Span::millis(100), ..Workload::default() };
    let replica = Config { timeout_min_us: Span::millis(100), ..Config::default() };
    let mut sim = Sim::new(SimConfig {
        seed: writes,
        links,
        workload,
        replica,
        signatures: Signatures::Tags,
        ..SimConfig::default()
    })
    .unwrap();
    for writes in [writes, 1 + writes % 5] {
        sim.intervene(Intervention::KillAtWrite { host: victim.into(), writes, edge }).unwrap();
        let is_down = |sim: &Sim| sim.replica(victim).is_none();
        run_until_done(&mut sim, "the crash", 120_000, is_down);
        sim.run_until(sim.now() + Span::millis(1), |_| {});
        sim.intervene(Intervention::Restart(victim.into())).unwrap();
    }
    sim.run_until(sim.now() + Span::millis(1_000), |_| {});
    heal(&mut sim);
    assert_progress(&mut sim, 60_000);
}

#[test]
fn pitfall_07_a_crash_directly_after_each_write_leads_to_no_conflicting_vote() {
    (0..WRITES).for_each(|writes| crash_at(writes, WriteEdge::After));
}

#[test]
fn pitfall_07_a_crash_directly_before_each_write_leads_to_no_conflicting_vote() {
    (0..WRITES).for_each(|writes| crash_at(writes, WriteEdge::Before));
}

#[test]
fn pitfall_07_a_crash_in_the_midst_of_each_write_leads_to_no_conflicting_vote() {
    (0..WRITES).for_each(|writes| crash_at(writes, WriteEdge::Within));
}

#[test]
fn a_crash_between_writes_keeps_what_is_durable_and_nothing_else() {
    let mut sim = Sim::new(SimConfig::default()).unwrap();
    let victim = ReplicaId(1);
    let command = Intervention::submit(common::set("key", "value"));
    sim.intervene(Intervention::KillAtWrite { host: victim.into(), writes: 3, edge: WriteEdge::After })
        .unwrap();
    sim.intervene(command).unwrap();
    sim.run_until(at_ms(5_000), |_| {});
    let host = sim.hosts().nth(1).unwrap();
    assert!(!host.up);
    assert_eq!(host.writes, 3);
    assert_eq!(host.deadline, None);
}
