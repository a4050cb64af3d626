//! How long it takes to go somewhere in a run of a million steps, all checkers at work, and how much memory
//! its checkpoints take.
//!
//! `cargo bench -p hotstuff-sim --bench seek`

use hotstuff_core::{Span, Time};
use hotstuff_sim::play::Beginning;
use hotstuff_sim::timeline::Timeline;
use hotstuff_sim::{LinkConfig, Signatures, SimConfig, Workload};
use std::time::Instant;

const STEPS: u64 = 1_000_000;
const SEEKS: u64 = 200;
/// What 95 of 100 are to stay below.
const BUDGET_MS: f64 = 50.0;

fn main() {
    for (replicas, steps) in [(4, STEPS), (31, STEPS), (100, STEPS)] {
        let mut timeline = begun(replicas);
        let before = resident_mb();
        let begun = Instant::now();
        while timeline.sim().steps() < steps && timeline.step(Time(u64::MAX)).is_some() {}
        let took = begun.elapsed().as_secs_f64();
        let kept =
            resident_mb().zip(before).map_or("?".into(), |(now, before)| format!("{:.0}", now - before));
        let mut took_ms: Vec<f64> = (1..=SEEKS).map(|turn| seek(&mut timeline, turn, steps)).collect();
        took_ms.sort_by(f64::total_cmp);
        let at = |share: usize| took_ms[took_ms.len() * share / 100];
        println!(
            "{replicas} replicas, {steps} steps made in {took:.1} s: seek p50 {:.1} ms, p95 {:.1} ms (budget {BUDGET_MS} ms), {kept} MB more held",
            at(50),
            at(95),
        );
    }
}

fn begun(replicas: u16) -> Timeline<()> {
    let links = LinkConfig {
        delay_min_us: Span::millis(20),
        delay_max_us: Span::millis(60),
        ..LinkConfig::default()
    };
    let workload = Workload { commands: u64::MAX, interval_us: Span::millis(600), ..Workload::default() };
    let config =
        SimConfig { replicas, links, workload, signatures: Signatures::Tags, ..SimConfig::default() };
    Timeline::new(Beginning::Free(Box::new(config)), ()).expect("such a cluster can be")
}

/// Goes somewhere that is neither near nor in order.
fn seek(timeline: &mut Timeline<()>, turn: u64, steps: u64) -> f64 {
    let to = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % steps;
    let begun = Instant::now();
    timeline.seek(to);
    begun.elapsed().as_secs_f64() * 1_000.0
}

fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1_024.0)
}
