//! The same run is the same run: however it is cut into pieces, and when it is made again.

mod common;

use common::{assert_safe, at_ms, set};
use hotstuff_core::crypto::Digest;
use hotstuff_core::{Config, ReplicaId, Span, Time};
use hotstuff_sim::{
    Intervention, LinkConfig, Sim, SimConfig, SimError, Step, Workload, WriteEdge, reference_run,
};

fn config(seed: u64) -> SimConfig {
    let links = LinkConfig { loss_ppm: 30_000, ..LinkConfig::default() };
    let workload = Workload { commands: 10, interval_us: Span::millis(100), ..Workload::default() };
    SimConfig { seed, links, workload, ..SimConfig::default() }
}

fn scenario(seed: u64) -> Sim {
    let mut sim = Sim::new(config(seed)).unwrap();
    sim.run_until(at_ms(700), |_| {});
    sim.intervene(Intervention::Kill(ReplicaId(1).into())).unwrap();
    sim.run_until(at_ms(1_234), |_| {});
    sim.intervene(Intervention::submit(set("between", "events"))).unwrap();
    sim.run_until(at_ms(2_500), |_| {});
    sim.intervene(Intervention::Restart(ReplicaId(1).into())).unwrap();
    let after = Intervention::KillAtWrite { host: ReplicaId(2).into(), writes: 9, edge: WriteEdge::After };
    sim.intervene(after).unwrap();
    sim.run_until(at_ms(6_000), |_| {});
    assert_safe(&sim);
    sim
}

#[test]
fn the_reference_run_commits_and_repeats_itself() {
    let (one, again, other) = (reference_run(1), reference_run(1), reference_run(2));
    assert_eq!(one, again);
    assert_ne!(one.hash, other.hash);
    assert!(one.committed.0 > 10 && one.steps > 400, "{one:?}");
}

#[test]
fn a_seed_has_one_trace_hash_and_another_seed_another() {
    let hashes: Vec<Digest> = (0..10).map(|seed| scenario(seed).trace_hash()).collect();
    for (index, hash) in hashes.iter().enumerate() {
        assert_eq!(*hash, scenario(index as u64).trace_hash());
        assert!(!hashes[..index].contains(hash));
    }
}

#[test]
fn letting_time_pass_in_pieces_changes_nothing() {
    let mut whole = Sim::new(config(3)).unwrap();
    let mut seen: Vec<Step> = Vec::new();
    whole.run_until(at_ms(3_000), |step| seen.push(step.clone()));
    let mut pieces = Sim::new(config(3)).unwrap();
    for time in (0..=3_000_000).step_by(7_919) {
        pieces.run_until(Time(time), |_| {});
    }
    pieces.run_until(at_ms(3_000), |_| {});
    let mut single = Sim::new(config(3)).unwrap();
    let steps: Vec<Step> = std::iter::from_fn(|| single.step()).take(seen.len()).collect();
    assert_eq!(steps, seen);
    assert_eq!(pieces.trace_hash(), whole.trace_hash());
    assert_eq!(single.trace_hash(), whole.trace_hash());
    assert!(seen.iter().enumerate().all(|(index, step)| step.index == index as u64));
    assert!(seen.windows(2).all(|pair| pair[0].time <= pair[1].time));
}

#[test]
fn a_recorded_run_can_be_made_again_up_to_any_step() {
    let original = scenario(5);
    assert_eq!(original.interventions().len(), 4);
    let whole = Sim::rerun(original.config().clone(), original.interventions(), original.steps()).unwrap();
    assert_eq!(whole.trace_hash(), original.trace_hash());
    assert_eq!(whole.interventions(), original.interventions());
    let mut part = Sim::rerun(original.config().clone(), original.interventions(), 50).unwrap();
    assert_eq!(part.steps(), 50);
    while part.steps() < original.steps() {
        match original.interventions().iter().find(|intervened| intervened.step == part.steps()) {
            Some(intervened) => part.intervene_again(intervened).unwrap(),
            None => part.step().unwrap(),
        };
    }
    assert_eq!(part.trace_hash(), original.trace_hash());
}

#[test]
fn another_runs_record_is_refused() {
    let original = scenario(5);
    let mut interventions = original.interventions().to_vec();
    interventions[1].time = at_ms(900_000);
    let rerun = Sim::rerun(original.config().clone(), &interventions, original.steps());
    let step = interventions[1].step;
    assert_eq!(rerun.err(), Some(SimError::OutOfPlace { step, time: at_ms(900_000) }));
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let new = |config| Sim::new(config).err();
    let default = SimConfig::default;
    assert_eq!(new(SimConfig { replicas: 0, ..default() }), Some(SimError::Replicas(0)));
    assert_eq!(new(SimConfig { replicas: 101, ..default() }), Some(SimError::Replicas(101)));
    let loss = LinkConfig { loss_ppm: 1_000_001, ..LinkConfig::default() };
    assert_eq!(new(SimConfig { links: loss, ..default() }), Some(SimError::Chance(1_000_001)));
    let delays = LinkConfig { delay_min_us: Span(2), delay_max_us: Span(1), ..LinkConfig::default() };
    assert_eq!(new(SimConfig { links: delays, ..default() }), Some(SimError::Delays));
    let replica = Config { heartbeat_us: Span(0), ..Config::default() };
    assert!(matches!(new(SimConfig { replica, ..default() }), Some(SimError::Setup(_))));

    let mut sim = scenario(1);
    let before = sim.trace_hash();
    let r9 = ReplicaId(9);
    let r0 = ReplicaId(0);
    assert_eq!(sim.intervene(Intervention::Kill(r9.into())).err(), Some(SimError::UnknownHost(r9.into())));
    assert_eq!(sim.intervene(Intervention::Restart(r0.into())).err(), Some(SimError::IsUp(r0.into())));
    assert_eq!(sim.intervene(Intervention::SetLinks(loss)).err(), Some(SimError::Chance(1_000_001)));
    let large = hotstuff_kv::Operation::Get { key: vec![0; 1 << 17] };
    assert!(matches!(sim.intervene(Intervention::submit(large)), Err(SimError::Submit(_))));
    assert_eq!((sim.trace_hash(), sim.interventions().len()), (before, 4));
    sim.intervene(Intervention::Kill(r0.into())).unwrap();
    assert_eq!(sim.intervene(Intervention::Kill(r0.into())).err(), Some(SimError::IsDown(r0.into())));
}
