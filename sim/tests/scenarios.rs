//! Lessons.
use hotstuff_sim::scenarios;

#[test]
fn look() {
    use hotstuff_core::CommitRule::*;
    for scenario in scenarios::all() {
        for rule in [TwoChain, ThreeChain] {
            for seed in 0..20 {
                let begin = std::time::Instant::now();
                let runs = scenario.played(seed, Some(rule));
                let took = begin.elapsed();
                let steps: Vec<u64> = runs.iter().map(|run| run.sim().steps()).collect();
                let unmet = scenario.outcome(&runs);
                if seed == 0 || !unmet.is_empty() {
                    println!("{} {rule:?} seed {seed}: {steps:?} steps {took:?}", scenario.name);
                }
                for u in unmet {
                    println!("    {u}");
                }
            }
        }
    }
}
