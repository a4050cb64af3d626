//! Answers to what is asked beside the run that is shown.

use super::opening;
use crate::model::link::Sandbox;
use crate::source::question::{Answer, Question};
use hotstuff_core::{Span, Time};
use hotstuff_sim::scenarios::{self, Scenario};
use hotstuff_sim::{LinkConfig, ReferenceRun, Sim, reference_run};

pub(super) fn answer(question: &Question) -> Answer {
    match question {
        Question::ReferenceRun(seed) => {
            let ReferenceRun { hash, steps, committed } = reference_run(*seed);
            Answer::ReferenceRun(format!("{hash:#}"), steps, committed.0)
        }
        Question::Speed(simulated_s) => speed(*simulated_s),
        Question::ScenarioHashes { first, count } => {
            let hash = |seed: u64| {
                let (hash, steps) = scenarios::trace_hash(scenarios::of_seed(seed), seed);
                (format!("{hash:#}"), steps)
            };
            Answer::ScenarioHashes((*first..first.saturating_add(*count)).map(hash).collect())
        }
        Question::StepHashes { name, seed } => {
            about(name, |scenario| Answer::StepHashes(scenarios::step_hashes(scenario, *seed)))
        }
        Question::StepText { name, seed, index } => about(name, |scenario| {
            let index = usize::try_from(*index).unwrap_or(usize::MAX);
            Answer::StepText(scenarios::step_text(scenario, *seed, index))
        }),
    }
}

fn about(name: &str, answer: impl FnOnce(&'static Scenario) -> Answer) -> Answer {
    scenarios::named(name).map_or_else(|| Answer::Refused(format!("there is no scenario {name}")), answer)
}

fn speed(simulated_s: u64) -> Answer {
    let links = LinkConfig {
        delay_min_us: Span::millis(20),
        delay_max_us: Span::millis(60),
        ..LinkConfig::default()
    };
    match Sim::new(opening::config(&Sandbox::default(), links)) {
        Ok(mut sim) => {
            sim.run_until(Time(simulated_s.saturating_mul(1_000_000)), |_| {});
            Answer::Speed(sim.steps())
        }
        Err(why) => Answer::Refused(why.to_string()),
    }
}
