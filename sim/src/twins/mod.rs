//! Twins: one replica of four runs on two hosts with one key, so that it does what a faulty one would, out
//! of unmodified parts: it proposes twice, votes twice, and forgets (Bano et al., "Twins: BFT Systems Made
//! Robust", OPODIS 2021, section 5). What such scenarios can differ in, who leads each of the first views and
//! who hears whom in it, is enumerated.
//!
//! Partitions in which no part has a quorum are among them, though the protocol does not get past such a
//! view: with rules that are too weak it does.

mod enumeration;
mod partition;
mod scenario;

use crate::checkers::{Breach, Violation};
use crate::config::SimError;
use crate::explore::{Course, Report};
use crate::ids::HostId;
use crate::step::Step;
use crate::weakness::Weakness;
use hotstuff_core::{CommitRule, Event, ReplicaId};

pub use enumeration::{Enumeration, Scenarios, VIEWS_MAX};
pub use partition::{Part, Partition};
pub use scenario::{Choice, Scenario};

/// How many replicas there are.
pub const REPLICAS: u16 = 4;

/// The hosts: r0 runs twice.
pub const HOSTS: [HostId; 5] = {
    const fn host(replica: u16, twin: bool) -> HostId {
        HostId { replica: ReplicaId(replica), twin }
    }
    [host(0, false), host(0, true), host(1, false), host(2, false), host(3, false)]
};

/// What all scenarios of an enumeration run under.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// When a block is committed.
    pub rule: CommitRule,
    /// A rule that all replicas do without.
    pub weakness: Option<Weakness>,
    /// Whether runs are judged by what is committed, executed and answered alone, and not by rules that a
    /// replica breaks on the way.
    pub by_outcome: bool,
    /// What keys and chance come from: how long messages take once the network is stable.
    pub seed: u64,
}

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the run came to.
    pub report: Report,
    /// Whether some host went beyond the scripted views while the partitions held.
    pub is_through: bool,
}

/// What to think of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All properties hold.
    Clean,
    /// A property does not hold that must hold whatever the network does.
    Unsafe(Violation),
    /// All was safe, but with a stable network the cluster does not go on.
    Stuck(Violation),
}

impl Outcome {
    /// Whether all properties hold.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.report.violation {
            None => Verdict::Clean,
            Some(violation) if matches!(violation.breach, Breach::NoProgress { .. }) => {
                Verdict::Stuck(violation.clone())
            }
            Some(violation) => Verdict::Unsafe(violation.clone()),
        }
    }
}

impl Scenario {
    /// Makes the run of a scenario.
    ///
    /// # Errors
    /// [`SimError`] where the script is too long, or names what is not there.
    pub fn run(&self, setting: &Setting) -> Result<Outcome, SimError> {
        self.run_with(setting, |_| {})
    }

    /// Makes the run of a scenario, and lets `sink` see each step until the network is stable.
    ///
    /// # Errors
    /// [`SimError`] where the script is too long, or names what is not there.
    pub fn run_with(&self, setting: &Setting, mut sink: impl FnMut(&Step)) -> Result<Outcome, SimError> {
        let plan = self.plan(setting);
        let mut course = Course::new(&plan)?;
        if setting.by_outcome {
            course.judge_by_outcome();
        }
        let mut is_through = false;
        let is_beyond =
            |event: &Event| matches!(event, Event::ViewEntered { view, .. } if view.0 > self.0.len() as u64);
        let report = plan.finish(course, |step| {
            is_through |= step.time < plan.faults_until && step.events.iter().any(is_beyond);
            sink(step);
        });
        Ok(Outcome { report, is_through })
    }
}
