//! How much faster than real time the simulator is, one thread, all checkers at work.
//!
//! `cargo bench -p hotstuff-sim`

use hotstuff_core::{Span, Time};
use hotstuff_sim::{LinkConfig, Signatures, Sim, SimConfig, Workload};
use std::time::Instant;

/// What four replicas at links of 10 ms are to reach under loads that a visitor of the page makes; a busy cluster
/// is slower, as it has more to do in the same time.
const BUDGET: f64 = 1_000.0;
/// How often each is run; the median counts.
const RUNS: usize = 5;

/// A cluster whose links all take 10 ms.
struct Setting {
    name: &'static str,
    replicas: u16,
    clients: u16,
    /// From one command of a client to its next.
    interval: Span,
    signatures: Signatures,
    /// How long it is run.
    simulated_s: u64,
    budget: Option<f64>,
}

const SETTINGS: [Setting; 7] = [
    Setting {
        name: "4 replicas, a command each second",
        replicas: 4,
        clients: 1,
        interval: Span::millis(1_000),
        signatures: Signatures::Tags,
        simulated_s: 1_200,
        budget: Some(BUDGET),
    },
    Setting {
        name: "4 replicas, the page's load: one in 600 ms",
        replicas: 4,
        clients: 1,
        interval: Span::millis(600),
        signatures: Signatures::Tags,
        simulated_s: 1_200,
        budget: Some(BUDGET),
    },
    Setting {
        name: "4 replicas, 10 commands/s",
        replicas: 4,
        clients: 1,
        interval: Span::millis(100),
        signatures: Signatures::Tags,
        simulated_s: 600,
        budget: None,
    },
    Setting {
        name: "4 replicas, a command in each view",
        replicas: 4,
        clients: 1,
        interval: Span::millis(20),
        signatures: Signatures::Tags,
        simulated_s: 300,
        budget: None,
    },
    Setting {
        name: "4 replicas, 1,000 commands/s",
        replicas: 4,
        clients: 10,
        interval: Span::millis(10),
        signatures: Signatures::Tags,
        simulated_s: 60,
        budget: None,
    },
    Setting {
        name: "4 replicas, a command in each view, Ed25519",
        replicas: 4,
        clients: 1,
        interval: Span::millis(20),
        signatures: Signatures::Ed25519,
        simulated_s: 60,
        budget: None,
    },
    Setting {
        name: "100 replicas, a command in each view",
        replicas: 100,
        clients: 1,
        interval: Span::millis(20),
        signatures: Signatures::Tags,
        simulated_s: 10,
        budget: None,
    },
];

/// What a run came to.
struct Measured {
    steps: u64,
    committed: u64,
    wall_s: f64,
}

impl Setting {
    fn run(&self) -> Measured {
        let link = Span::millis(10);
        let config = SimConfig {
            replicas: self.replicas,
            clients: self.clients,
            signatures: self.signatures,
            links: LinkConfig { delay_min_us: link, delay_max_us: link, ..LinkConfig::default() },
            workload: Workload { commands: u64::MAX, interval_us: self.interval, ..Workload::default() },
            ..SimConfig::default()
        };
        let mut sim = Sim::new(config).expect("the config is valid");
        let start = Instant::now();
        sim.run_until(Time(self.simulated_s * 1_000_000), |_| {});
        let wall_s = start.elapsed().as_secs_f64();
        assert_eq!(sim.violation(), None);
        let committed = sim.hosts().map(|host| host.status.committed_head.height.0).min().unwrap_or(0);
        assert!(committed >= self.simulated_s, "the cluster works");
        Measured { steps: sim.steps(), committed, wall_s }
    }
}

fn main() {
    println!(
        "{:<46} {:>10} {:>12} {:>14}",
        "links of 10 ms, one thread", "steps/s", "blocks/s", "real time ×"
    );
    for setting in &SETTINGS {
        let mut runs: Vec<Measured> = (0..RUNS).map(|_| setting.run()).collect();
        runs.sort_by(|one, other| one.wall_s.total_cmp(&other.wall_s));
        let Measured { steps, committed, wall_s } = runs[RUNS / 2];
        let ratio = setting.simulated_s as f64 / wall_s;
        let budget = setting.budget.map_or(String::new(), |budget| {
            format!("  budget {budget:.0}: {}", if ratio >= budget { "met" } else { "MISSED" })
        });
        let per_s = |count: u64| count as f64 / wall_s;
        println!(
            "{:<46} {:>10.0} {:>12.0} {ratio:>14.0}{budget}",
            setting.name,
            per_s(steps),
            per_s(committed)
        );
    }
}
