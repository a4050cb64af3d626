//! The hunt for a violation, seed by seed: random plans are run until one violates something; that one is made
//! small, and it is said who must be faulty.

use crate::checkers::Violation;
use crate::config::{Signatures, SimError};
use crate::explore::{Plan, Planned, Report, Shrunk, Space, shrink};
use crate::ids::HostId;
use crate::intervention::Intervention;
use crate::scenarios::culprits;
use crate::sim::Sim;
use crate::step::{Cause, Step};
use crate::weakness::Weakness;
use hotstuff_core::{CommitRule, Event, ReplicaId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most runs that making a plan small takes.
const SHRINK_RUNS_MAX: u32 = 150;

/// What is hunted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunt {
    /// How many replicas; several numbers, where it is not said.
    pub replicas: Option<u16>,
    /// The commit rule; both, where it is not said.
    pub rule: Option<CommitRule>,
    /// The rule that all replicas do without.
    pub weakness: Option<Weakness>,
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub seeds: u64,
}

/// How far a hunt has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Seeds that have been run.
    pub seeds: u64,
    /// Simulator steps of all of them.
    pub steps: u64,
    /// What comes next, or came of it.
    pub state: State,
}

/// Where a hunt stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// The next seed is run next.
    Searching,
    /// A violation was found with this seed; its plan is made small next.
    Shrinking(u64),
    /// It is over: this was found.
    Found(Box<Finding>),
    /// It is over: nothing was found.
    Clean,
}

/// A run that violates something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The run, small, as its code.
    pub code: String,
    /// What is done in it, and when.
    pub faults: Vec<(Time, String)>,
    /// How many things were done before it was made small.
    pub faults_before: usize,
    /// How many runs that took.
    pub runs: u32,
    /// What is violated.
    pub violation: Violation,
    /// How many steps there are.
    pub steps: u64,
    /// The trace hash, in full hexadecimal digits.
    pub trace_hash: String,
    /// The rule that was missing.
    pub weakness: Option<Weakness>,
    /// Who must be faulty, by certificates that conflict and by evidence of two signatures for one view; nobody, where
    /// there are none.
    pub culprits: Vec<ReplicaId>,
}

/// A hunt under way.
pub struct Swarm {
    hunt: Hunt,
    done: u64,
    steps: u64,
    prey: Option<(Plan, Report)>,
}

impl Swarm {
    /// A hunt at its beginning.
    #[must_use]
    pub fn new(hunt: Hunt) -> Self {
        Self { hunt, done: 0, steps: 0, prey: None }
    }

    /// Goes on by one seed, or makes small what was found.
    ///
    /// # Errors
    /// When a cluster of that kind cannot be.
    pub fn advance(&mut self) -> Result<Progress, SimError> {
        let state = match self.prey.take() {
            Some((plan, report)) => State::Found(Box::new(small(&plan, &report))),
            None if self.done >= self.hunt.seeds => State::Clean,
            None => self.search()?,
        };
        Ok(Progress { seeds: self.done, steps: self.steps, state })
    }

    fn search(&mut self) -> Result<State, SimError> {
        let Hunt { replicas, rule, weakness, first, .. } = self.hunt;
        let space = Space { replicas, rule, weakness, signatures: Signatures::Tags };
        let seed = first.wrapping_add(self.done);
        let plan = space.plan(seed);
        let report = plan.run()?;
        self.done += 1;
        self.steps += report.steps;
        Ok(if report.violation.is_some() {
            self.prey = Some((plan, report));
            State::Shrinking(seed)
        } else {
            State::Searching
        })
    }
}

/// Makes a violated run small. `None` where what was done, planned by its times, does not lead to a violation
/// of the same kind again.
#[must_use]
pub fn explain(sim: &Sim) -> Option<Finding> {
    let violation = sim.violation()?;
    let faults = sim.interventions().iter().map(|done| Planned { at: done.time, what: done.what.clone() });
    let faults = faults.collect();
    let plan = Plan { config: sim.config().clone(), faults, faults_until: violation.time };
    let report = plan.run().ok()?;
    let found = report.violation.as_ref()?;
    let is_same = core::mem::discriminant(&found.breach) == core::mem::discriminant(&violation.breach);
    is_same.then(|| small(&plan, &report))
}

fn small(plan: &Plan, report: &Report) -> Finding {
    let shrunk = shrink(plan, report, SHRINK_RUNS_MAX);
    let unshrunk = || Shrunk { plan: plan.clone(), report: report.clone(), runs: 0 };
    let Shrunk { plan: small, report, runs } = shrunk.unwrap_or_else(unshrunk);
    let mut steps: Vec<Step> = Vec::new();
    // The same run once more, for its steps: it has just been made.
    let _ = small.run_with(|step| steps.push(step.clone()));
    let faulty = faulty(&small, &steps);
    let sim = Sim::new(small.config.clone());
    let mut culprits: BTreeSet<ReplicaId> =
        sim.map(|sim| culprits(sim.committee(), &steps, &faulty)).unwrap_or_default().into_iter().collect();
    culprits.extend(equivocators(&steps, &faulty));
    // Where a rule is missing, who keeps to all others signs what it should not, too: that is not its fault.
    if small.config.weakness.is_some() {
        culprits.retain(|id| faulty.iter().any(|host| host.replica == *id));
    }
    Finding {
        code: small.to_code(),
        faults: small.faults.iter().map(|planned| (planned.at, planned.what.to_string())).collect(),
        faults_before: plan.faults.len(),
        runs,
        violation: report.violation.expect("a run is made small as one that violates something"),
        steps: report.steps,
        trace_hash: format!("{:#}", report.trace_hash),
        weakness: small.config.weakness,
        culprits: culprits.into_iter().collect(),
    }
}

/// Who signed two things for one view, by the evidence that honest hosts hold.
fn equivocators(steps: &[Step], faulty: &BTreeSet<HostId>) -> BTreeSet<ReplicaId> {
    let honest = steps.iter().filter(|step| step.host.is_some_and(|host| !faulty.contains(&host)));
    let events = honest.flat_map(|step| &step.events);
    events
        .filter_map(|event| match event {
            Event::Equivocation(evidence) => Some(evidence.replica()),
            _ => None,
        })
        .collect()
}

/// Which hosts do not keep to the protocol in a run, or need not.
fn faulty(plan: &Plan, steps: &[Step]) -> BTreeSet<HostId> {
    let twins = |id: ReplicaId| [HostId::from(id), HostId::twin_of(id)];
    let mut faulty: BTreeSet<HostId> = plan.config.twins.iter().flat_map(|id| twins(*id)).collect();
    for step in steps {
        match &step.cause {
            Cause::RestartedEmpty => faulty.extend(step.host),
            Cause::Intervened(what) => match **what {
                Intervention::Corrupt { host, .. } => faulty.extend([host]),
                Intervention::Twin(id) => faulty.extend(twins(id)),
                _ => {}
            },
            _ => {}
        }
    }
    faulty
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::Breach;
    use crate::play::{Beginning, Play};

    fn hunted(weakness: Option<Weakness>, seeds: u64) -> Progress {
        let mut swarm = Swarm::new(Hunt { replicas: Some(4), rule: None, weakness, first: 0, seeds });
        loop {
            let progress = swarm.advance().unwrap();
            match progress.state {
                State::Searching => assert!(progress.seeds <= seeds),
                State::Shrinking(seed) => assert_eq!(seed + 1, progress.seeds),
                State::Found(_) | State::Clean => return progress,
            }
        }
    }

    #[test]
    fn without_its_quorum_a_cluster_is_soon_broken_by_a_run_that_is_small() {
        let progress = hunted(Some(Weakness::QuorumMinusOne), 100);
        let State::Found(finding) = progress.state else { panic!("{progress:?}") };
        assert!(finding.faults.len() <= finding.faults_before && finding.runs > 0, "{finding:?}");
        let again = Plan::from_code(&finding.code).unwrap().run().unwrap();
        assert_eq!(again.violation.as_ref(), Some(&finding.violation));
        assert_eq!(format!("{:#}", again.trace_hash), finding.trace_hash);
        assert_eq!(
            hunted(Some(Weakness::QuorumMinusOne), 100).state,
            State::Found(finding),
            "and again the same"
        );
    }

    #[test]
    fn with_all_rules_nothing_is_found() {
        let progress = hunted(None, 6);
        assert_eq!((progress.seeds, progress.state), (6, State::Clean));
        assert!(progress.steps > 100);
    }

    #[test]
    fn a_violated_lesson_is_explained_with_the_culprits_named() {
        let beginning =
            Beginning::Lesson { name: "too-many-byzantine".into(), script: 0, seed: 7, rule: None };
        let mut play = Play::new(&beginning).unwrap();
        while play.step(Time(60_000_000)).is_some() {}
        assert!(play.sim().violation().is_some());
        let finding = explain(play.sim()).expect("what was done leads there again");
        assert!(matches!(finding.violation.breach, Breach::Agreement { .. }), "{finding:?}");
        assert!(!finding.culprits.is_empty() && finding.faults.len() <= finding.faults_before, "{finding:?}");
        let faulty = play.sim().faulty();
        let is_faulty = |id: &ReplicaId| faulty.iter().any(|host| host.replica == *id);
        assert!(finding.culprits.iter().all(is_faulty), "{finding:?}");
    }
}
