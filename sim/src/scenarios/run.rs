//! A script as it is played: the cluster, what was done to it, and what came of it.

#[cfg(test)]
mod tests;

use super::expected::{Told, Unmet};
use super::prompter::Prompter;
use super::{Scenario, Script};
use crate::config::SimError;
use crate::ids::HostId;
use crate::intervention::{Intervened, Intervention};
use crate::sim::Sim;
use crate::step::Step;
use hotstuff_core::{CommitRule, Time};
use std::collections::BTreeSet;

/// A script being played.
///
/// The script's cues are interventions like all others: [`Sim::interventions`] has them, and with
/// the config they make the run again without the script. Whoever looks on may intervene too; what
/// the script can then no longer do, it leaves out.
pub struct Run {
    script: &'static Script,
    sim: Sim,
    prompter: Prompter,
    /// All steps up to the script's end, and who had been faulty by then.
    steps: Vec<Step>,
    faulty: BTreeSet<HostId>,
    visits: Vec<Intervened>,
}

impl Run {
    /// A run of `script` at its beginning. A `rule` takes the place of the script's own where
    /// [`Script::rule`] leaves it open.
    #[must_use]
    pub fn new(script: &'static Script, seed: u64, rule: Option<CommitRule>) -> Self {
        let (sim, prompter) = script.begin(seed, rule);
        Self { script, sim, prompter, steps: Vec::new(), faulty: BTreeSet::new(), visits: Vec::new() }
    }

    /// Makes a run again, with what others than the script did to it, up to its first `steps` steps:
    /// as many as there are before a violation or the end of the queue. Of `visits` those of later
    /// steps are left out.
    ///
    /// # Errors
    /// When a visit does not fit where it is said to have been: the record is of another run.
    pub fn rerun(
        script: &'static Script,
        seed: u64,
        rule: Option<CommitRule>,
        visits: &[Intervened],
        steps: u64,
    ) -> Result<Self, SimError> {
        let mut run = Self::new(script, seed, rule);
        let mut visits = visits.iter().peekable();
        while run.sim.steps() < steps {
            if let Some(visit) = visits.next_if(|next| next.step <= run.sim.steps()) {
                let step = run.sim.intervene_again(visit)?;
                run.visits.push(visit.clone());
                run.note(&step);
            } else if run.step().is_none() {
                break;
            }
        }
        Ok(run)
    }

    /// What is played.
    #[must_use]
    pub fn script(&self) -> &'static Script {
        self.script
    }

    /// The cluster.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// When the next step is due, be it the script's or the cluster's. `None` when nothing will ever
    /// happen any more, or the run is frozen.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        self.prompter.next_time(&self.sim)
    }

    /// Lets the next thing happen: a cue of the script that is due, or else what is next in the
    /// cluster. `None` as in [`next_time`](Self::next_time). Goes on beyond the script's end.
    pub fn step(&mut self) -> Option<Step> {
        let step = self.prompter.step(&mut self.sim)?;
        self.keep(&step);
        Some(step)
    }

    /// Lets all happen that is due at `time` or before, and each step be seen by `sink`. Then it is
    /// `time`, unless a violation froze the run before.
    pub fn run_until(&mut self, time: Time, mut sink: impl FnMut(&Step)) {
        while self.next_time().is_some_and(|next| next <= time) {
            if let Some(step) = self.step() {
                sink(&step);
            }
        }
        self.sim.run_until(time, |_| {});
    }

    /// Plays the script to its end.
    pub fn finish(&mut self, sink: impl FnMut(&Step)) {
        self.run_until(self.script.until, sink);
    }

    /// Does something to the cluster, now, beside the script.
    ///
    /// # Errors
    /// When it cannot be done. Then nothing has happened.
    pub fn intervene(&mut self, what: Intervention) -> Result<Step, SimError> {
        let step = self.sim.intervene(what)?;
        self.visits.extend(self.sim.interventions().last().cloned());
        self.note(&step);
        Ok(step)
    }

    /// What others than the script have done. With the script, the seed and the rule it makes the
    /// run again.
    #[must_use]
    pub fn visits(&self) -> &[Intervened] {
        &self.visits
    }

    /// Whether the script has been played to its end, or a violation has frozen the run.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.next_time().is_none_or(|next| next > self.script.until)
    }

    /// What the script's lesson states and this run does not show, or not yet. What comes after the
    /// script's end makes no difference.
    #[must_use]
    pub fn outcome(&self) -> Vec<Unmet> {
        let told = self.told();
        let judged = self.script.expected.iter().map(|expected| expected.check(&told));
        judged.filter_map(Result::err).collect()
    }

    /// What there is to judge the run by.
    pub(super) fn told(&self) -> Told<'_> {
        Told {
            committee: self.sim.committee(),
            steps: &self.steps,
            faulty: &self.faulty,
            violation: self.sim.violation().filter(|violation| violation.time <= self.script.until),
        }
    }

    fn note(&mut self, step: &Step) {
        self.prompter.note(&self.sim, step);
        self.keep(step);
    }

    fn keep(&mut self, step: &Step) {
        if step.time <= self.script.until {
            self.steps.push(step.clone());
            self.faulty.clone_from(self.sim.faulty());
        }
    }
}

impl Script {
    /// Its cluster at the beginning, and who gives its cues. A `rule` takes the place of the script's own
    /// where [`rule`](Self::rule) leaves it open.
    pub(crate) fn begin(&self, seed: u64, rule: Option<CommitRule>) -> (Sim, Prompter) {
        let mut config = (self.config)(seed);
        config.rule = self.rule.or(rule).unwrap_or(config.rule);
        let sim = Sim::new(config).expect("each script's cluster can be, whatever the seed");
        (sim, Prompter::new((self.cues)(seed)))
    }
}

impl Scenario {
    /// Its runs, side by side, at their beginning.
    #[must_use]
    pub fn runs(&'static self, seed: u64, rule: Option<CommitRule>) -> Vec<Run> {
        self.scripts.iter().map(|script| Run::new(script, seed, rule)).collect()
    }

    /// Its runs, played to their end.
    #[must_use]
    pub fn played(&'static self, seed: u64, rule: Option<CommitRule>) -> Vec<Run> {
        let mut runs = self.runs(seed, rule);
        runs.iter_mut().for_each(|run| run.finish(|_| {}));
        runs
    }

    /// What the lesson states and these runs, one of each script, do not show.
    #[must_use]
    pub fn outcome(&self, runs: &[Run]) -> Vec<Unmet> {
        let mut unmet: Vec<Unmet> = runs.iter().flat_map(Run::outcome).collect();
        if let (Some(contrast), [first, second]) = (self.contrast, runs) {
            unmet.extend(contrast.check(&first.told(), &second.told()).err());
        }
        unmet
    }
}
