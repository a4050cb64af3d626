//! Making a plan that finds a violation small: fewer faults, then a plainer beginning.

use super::plan::{Plan, Report};
use crate::config::{LinkConfig, SimConfig, Workload};
use core::mem::discriminant;
use hotstuff_core::committee::Limits;

/// A plan that finds a violation, and from which nothing that was tried could be taken away.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The plan.
    pub plan: Plan,
    /// What comes of it.
    pub report: Report,
    /// How many runs it took to get there.
    pub runs: u32,
}

/// Shrinks `plan`, which `report` came of, with at most `runs_max` runs. What remains violates the
/// same property. `None` where the report has no violation.
#[must_use]
pub fn shrink(plan: &Plan, report: &Report, runs_max: u32) -> Option<Shrunk> {
    report.violation.as_ref()?;
    let shrunk = Shrunk { plan: plan.clone(), report: report.clone(), runs: 0 };
    let mut shrinker = Shrinker { shrunk, runs_max };
    shrinker.end_sooner();
    shrinker.drop_faults();
    shrinker.plainer();
    shrinker.drop_faults();
    Some(shrinker.shrunk)
}

struct Shrinker {
    shrunk: Shrunk,
    runs_max: u32,
}

impl Shrinker {
    /// Takes `plan` over if it violates the same property.
    fn try_out(&mut self, plan: Plan) -> bool {
        if self.shrunk.runs >= self.runs_max || plan == self.shrunk.plan {
            return false;
        }
        self.shrunk.runs += 1;
        let Ok(report) = plan.run() else { return false };
        let kind = |report: &Report| report.violation.as_ref().map(|found| discriminant(&found.breach));
        let is_same = kind(&report) == kind(&self.shrunk.report);
        if is_same {
            (self.shrunk.plan, self.shrunk.report) = (plan, report);
        }
        is_same
    }

    /// Leaves out what is planned for after the violation.
    fn end_sooner(&mut self) {
        let Some(violation) = &self.shrunk.report.violation else { return };
        let mut plan = self.shrunk.plan.clone();
        plan.faults.retain(|planned| planned.at <= violation.time);
        plan.faults_until = plan.faults_until.min(violation.time);
        self.try_out(plan);
    }

    /// Leaves out faults, in ever smaller groups (delta debugging, Zeller and Hildebrandt, 2002).
    fn drop_faults(&mut self) {
        let mut size = self.shrunk.plan.faults.len();
        while size > 0 {
            let mut at = 0;
            while at < self.shrunk.plan.faults.len() {
                let mut plan = self.shrunk.plan.clone();
                let end = (at + size).min(plan.faults.len());
                plan.faults.drain(at..end);
                if !self.try_out(plan) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    /// Tries what is usual in place of what was drawn.
    fn plainer(&mut self) {
        let usual = SimConfig::default();
        let changes: [&dyn Fn(&mut SimConfig); 11] = [
            &|config| config.clients = 1,
            &|config| config.twins.clear(),
            &|config| config.powers.clear(),
            &|config| config.joiners = 0,
            &|config| config.limits = Limits::default(),
            &|config| config.links = LinkConfig::default(),
            &|config| config.leaders = usual.leaders,
            &|config| config.workload = Workload { commands: config.workload.commands, ..usual.workload },
            &|config| config.workload.commands = 1,
            &|config| config.workload.commands = 0,
            &|config| config.replica = usual.replica,
        ];
        for change in changes {
            let mut plan = self.shrunk.plan.clone();
            change(&mut plan.config);
            self.try_out(plan);
        }
    }
}
