//! A plan under way, step by step: what is planned happens in its time.

use super::plan::{Plan, Planned};
use crate::checkers::Checkers;
use crate::config::SimError;
use crate::intervention::Intervention;
use crate::sim::Sim;
use crate::step::Step;
use hotstuff_core::Time;
use std::collections::VecDeque;

/// A run of a plan, up to where it has come.
#[derive(Clone)]
pub struct Course {
    sim: Sim,
    /// What is still to be done.
    planned: VecDeque<Planned>,
    faults_until: Time,
    is_healed: bool,
}

impl Course {
    /// The beginning of a plan's run.
    ///
    /// # Errors
    /// When the config cannot be.
    pub fn new(plan: &Plan) -> Result<Self, SimError> {
        let Plan { config, faults, faults_until } = plan.clone();
        Ok(Self { sim: Sim::new(config)?, planned: faults.into(), faults_until, is_healed: false })
    }

    /// The cluster.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The cluster, to do more to it than is planned.
    pub fn sim_mut(&mut self) -> &mut Sim {
        &mut self.sim
    }

    /// From here on its steps are judged by what is committed and executed alone.
    pub(crate) fn judge_by_outcome(&mut self) {
        self.sim.checkers = Checkers::of_outcome(&self.sim.committee);
    }

    /// Whether all that is planned has happened: what then comes is only to see whether it goes on.
    pub(crate) fn is_over(&self) -> bool {
        let is_past = self.sim.next_time().is_none_or(|next| next > self.faults_until);
        self.is_healed && self.planned.is_empty() && is_past
    }

    /// When something happens next: by itself, or because it is planned.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        if self.sim.violation().is_some() {
            return None;
        }
        let planned = self.planned.front().map(|planned| planned.at);
        let end = (!self.is_healed).then_some(self.faults_until);
        let planned = planned.into_iter().chain(end).min().map(|at| at.max(self.sim.now()));
        [planned, self.sim.next_time()].into_iter().flatten().min()
    }

    /// Lets the next thing happen that is due at `until` or before; `None` where there is none.
    pub fn step(&mut self, until: Time) -> Option<Step> {
        loop {
            let is_late = |planned: &Planned| planned.at > self.faults_until;
            if !self.is_healed && self.planned.front().is_none_or(is_late) {
                self.plan_the_end();
            }
            let due = self.planned.front().map(|planned| planned.at).filter(|at| *at <= until);
            let Some(due) = due.filter(|due| self.sim.next_time().is_none_or(|next| next > *due)) else {
                break;
            };
            self.sim.run_until(due, |_| {});
            let what = self.planned.pop_front()?.what;
            // One that cannot be done now is left out.
            if let Ok(step) = self.sim.intervene(what) {
                return Some(step);
            }
        }
        self.sim.next_time().filter(|next| *next <= until)?;
        self.sim.step()
    }

    /// When the faults are over, whatever else is planned, the network is stable, and every host is started that is down and not
    /// faulty.
    fn plan_the_end(&mut self) {
        let at = self.faults_until;
        if self.sim.next_time().is_some_and(|next| next <= at) {
            return;
        }
        self.is_healed = true;
        let down = self.sim.hosts().filter(|host| !host.up).map(|host| host.id);
        let honest = down.filter(|id| !self.sim.faulty().contains(id));
        let restarts = honest.map(Intervention::Restart);
        let all = [Intervention::Stabilize].into_iter().chain(restarts);
        self.planned = all.map(|what| Planned { at, what }).collect();
    }
}
