//! A script as it is played: the cluster, what was done to it, and what came of it.

#[cfg(test)]
mod tests;

use super::cue::{At, Cue};
use super::expected::{Told, Unmet};
use super::{Scenario, Script};
use crate::config::SimError;
use crate::ids::HostId;
use crate::intervention::{Intervened, Intervention};
use crate::sim::Sim;
use crate::step::Step;
use hotstuff_core::{CommitRule, Event, Height, Time, View};
use std::collections::{BTreeSet, VecDeque};

/// A script being played.
///
/// The script's cues are interventions like all others: [`Sim::interventions`] has them, and with
/// the config they make the run again without the script. Whoever looks on may intervene too; what
/// the script can then no longer do, it leaves out.
pub struct Run {
    script: &'static Script,
    sim: Sim,
    cues: VecDeque<Cue>,
    /// When the last cue came.
    cued: Time,
    /// The highest view that an honest host entered, and the highest block that one committed.
    furthest: (View, Height),
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
        let mut config = (script.config)(seed);
        config.rule = script.rule.or(rule).unwrap_or(config.rule);
        Self {
            script,
            sim: Sim::new(config).expect("each script's cluster can be, whatever the seed"),
            cues: (script.cues)(seed).into(),
            cued: Time(0),
            furthest: Default::default(),
            steps: Vec::new(),
            faulty: BTreeSet::new(),
            visits: Vec::new(),
        }
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
        if self.sim.violation().is_some() {
            return None;
        }
        let cue = self.cue_time().into_iter();
        cue.chain(self.sim.next_time()).min()
    }

    /// Lets the next thing happen: a cue of the script that is due, or else what is next in the
    /// cluster. `None` as in [`next_time`](Self::next_time). Goes on beyond the script's end.
    pub fn step(&mut self) -> Option<Step> {
        while let Some(time) = self.cue_time().filter(|time| self.is_next(*time)) {
            if time > self.sim.now() {
                self.sim.run_until(time, |_| {});
            }
            let cue = self.cues.pop_front()?;
            self.cued = time;
            // What was done by others may have made it impossible: then it is left out.
            if let Ok(step) = self.sim.intervene(cue.what) {
                self.note(&step);
                return Some(step);
            }
        }
        let step = self.sim.step()?;
        self.note(&step);
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

    /// When the next cue comes, as far as is known: one that waits for a view or a height has no time
    /// before that is there.
    fn cue_time(&self) -> Option<Time> {
        let is_there = match self.cues.front()?.at {
            At::Time(time) => return Some(time.max(self.sim.now())),
            At::After(span) => return Some((self.cued + span).max(self.sim.now())),
            At::View(view) => self.furthest.0 >= view,
            At::Committed(height) => self.furthest.1 >= height,
        };
        is_there.then_some(self.sim.now())
    }

    /// Whether a cue of this time comes before the cluster's next step: one that waits for an event
    /// follows it at once, one of a time comes after all else that is due then.
    fn is_next(&self, time: Time) -> bool {
        let waits = matches!(self.cues.front(), Some(Cue { at: At::View(_) | At::Committed(_), .. }));
        self.sim.violation().is_none() && (waits || self.sim.next_time().is_none_or(|next| next > time))
    }

    fn note(&mut self, step: &Step) {
        if step.host.is_some_and(|host| !self.sim.faulty().contains(&host)) {
            for event in &step.events {
                match event {
                    Event::ViewEntered { view, .. } => self.furthest.0 = self.furthest.0.max(*view),
                    Event::Committed { block, .. } => {
                        self.furthest.1 = self.furthest.1.max(block.block.height);
                    }
                    _ => {}
                }
            }
        }
        if step.time <= self.script.until {
            self.steps.push(step.clone());
            self.faulty.clone_from(self.sim.faulty());
        }
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
