//! One run with everything in it, to compare platforms by.

use crate::config::{LinkConfig, SimConfig, Workload};
use crate::intervention::Intervention;
use crate::sim::Sim;
use hotstuff_core::crypto::Digest;
use hotstuff_core::{Height, ReplicaId, Span, Time};
use hotstuff_kv::Operation;

/// What came of [`reference_run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceRun {
    /// The trace hash.
    pub hash: Digest,
    /// How many steps there were.
    pub steps: u64,
    /// The highest committed height of any replica.
    pub committed: Height,
}

/// Ten seconds of four replicas with commands, loss, a crash and a restart. The same seed gives the
/// same on every platform, or the simulator is not deterministic.
///
/// # Panics
/// When a checker finds a violation.
#[must_use]
pub fn reference_run(seed: u64) -> ReferenceRun {
    let set = |key: &str| Operation::Set { key: key.into(), value: b"reference".to_vec() };
    let heal = LinkConfig::default();
    let interventions = [
        (500, Intervention::submit(set("before the crash"))),
        (1_000, Intervention::Kill(ReplicaId(2).into())),
        (2_000, Intervention::submit(set("during the crash"))),
        (4_000, Intervention::Restart(ReplicaId(2).into())),
        (6_000, Intervention::SetLinks(heal)),
        (7_000, Intervention::submit(set("after healing"))),
    ];
    let links = LinkConfig { loss_ppm: 50_000, ..heal };
    let workload = Workload { commands: 20, interval_us: Span::millis(150), ..Workload::default() };
    let mut sim = Sim::new(SimConfig { seed, links, workload, ..SimConfig::default() })
        .expect("four replicas with default settings can be");
    for (time_ms, what) in interventions {
        sim.run_until(Time(time_ms * 1_000), |_| {});
        sim.intervene(what).expect("the run is not frozen, and each replica is up or down as assumed");
    }
    sim.run_until(Time(10_000_000), |_| {});
    assert_eq!(sim.violation(), None, "the reference run is safe");
    let heights = sim.hosts().map(|host| host.status.committed_head.height);
    let committed = heights.max().expect("there are four");
    ReferenceRun { hash: sim.trace_hash(), steps: sim.steps(), committed }
}
