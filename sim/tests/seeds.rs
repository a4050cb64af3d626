//! Many seeds of random faults: agreement throughout, and progress once all is well again.

mod common;

use common::{assert_progress, at_ms, heal};
use hotstuff_core::{ReplicaId, Span};
use hotstuff_sim::{Intervention, LinkConfig, Signatures, Sim, SimConfig, Workload};
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;

/// Loss, crashes and restarts for eight seconds: also of more replicas at once than may be faulty,
/// which may stop progress but must not break agreement.
fn faults(seed: u64) -> (SimConfig, Vec<(u64, Intervention)>) {
    let mut rng = Pcg32::new(seed, 99);
    let mut below = |bound: u32| rng.next_u32() % bound;
    let replicas = [4, 4, 4, 7][below(4) as usize];
    let links = LinkConfig {
        delay_min_us: Span(u64::from(below(10_000))),
        delay_max_us: Span(10_000 + u64::from(below(60_000))),
        loss_ppm: below(4) * 50_000,
        ..LinkConfig::default()
    };
    let workload = Workload { commands: 20, interval_us: Span::millis(200), ..Workload::default() };
    let mut plan = Vec::new();
    for _ in 0..1 + below(5) {
        let id = ReplicaId(u16::try_from(below(u32::from(replicas))).unwrap());
        let killed_ms = u64::from(below(6_000));
        plan.push((killed_ms, Intervention::Kill(id.into())));
        plan.push((killed_ms + 50 + u64::from(below(2_500)), Intervention::Restart(id.into())));
    }
    plan.sort_by_key(|(time_ms, _)| *time_ms);
    let signatures = Signatures::Tags;
    (SimConfig { seed, replicas, links, workload, signatures, ..SimConfig::default() }, plan)
}

fn survives(seed: u64) {
    let (config, plan) = faults(seed);
    let mut sim = Sim::new(config).unwrap();
    for (time_ms, what) in plan {
        sim.run_until(at_ms(time_ms), |_| {});
        common::assert_safe(&sim);
        // Two plans for one replica may overlap; then it is down or up already.
        let _ = sim.intervene(what);
    }
    sim.run_until(at_ms(8_000), |_| {});
    common::assert_safe(&sim);
    heal(&mut sim);
    assert_progress(&mut sim, 60_000);
}

#[test]
fn seeds_0_to_99_agree_and_recover() {
    (0..100).for_each(survives);
}

#[test]
fn seeds_100_to_199_agree_and_recover() {
    (100..200).for_each(survives);
}
