//! A run that is planned: what is done when, and what must hold in the end.

use super::course::Course;
use super::coverage::Coverage;
use crate::checkers::Violation;
use crate::config::{SimConfig, SimError};
use crate::intervention::Intervention;
use crate::step::Step;
use hotstuff_core::crypto::Digest;
use hotstuff_core::{Span, Time};
use serde::{Deserialize, Serialize};

/// How long after the faults a cluster may take, in which n−f replicas keep to the protocol, to
/// answer a new command everywhere: a few of the longest timeouts.
const PROGRESS_BOUND: Span = Span(120_000_000);

/// A run to be made. First there are faults, and all must stay safe; then the network is stable, all
/// that were down are up again but for those that are faulty, and commands must be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What the run is made from.
    pub config: SimConfig,
    /// What is done, by ascending time.
    pub faults: Vec<Planned>,
    /// When the faults end.
    pub faults_until: Time,
}

/// An intervention, and when it is due. One that cannot be done then is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// When.
    pub at: Time,
    /// What.
    pub what: Intervention,
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Report {
    /// What does not hold, if anything.
    pub violation: Option<Violation>,
    /// What the run has seen.
    pub coverage: Coverage,
    /// How many steps there were.
    pub steps: u64,
    /// How much time passed in the run.
    pub time: Time,
    /// The run's trace hash.
    pub trace_hash: Digest,
}

impl Plan {
    /// Makes the run.
    ///
    /// # Errors
    /// When the config cannot be.
    pub fn run(&self) -> Result<Report, SimError> {
        self.run_with(|_| {})
    }

    /// Makes the run, and lets `sink` see each step, but for the commands that are sent in the end to see
    /// whether it goes on.
    ///
    /// # Errors
    /// When the config cannot be.
    pub fn run_with(&self, sink: impl FnMut(&Step)) -> Result<Report, SimError> {
        Ok(self.finish(Course::new(self)?, sink))
    }

    /// Makes the rest of the run.
    pub(crate) fn finish(&self, mut course: Course, mut sink: impl FnMut(&Step)) -> Report {
        let mut coverage = Coverage::default();
        while let Some(step) = course.step(self.faults_until) {
            coverage.note(&step);
            sink(&step);
        }
        let sim = course.sim_mut();
        // What it finds freezes the run, and is read from there.
        let _ = sim.check_progress_with(PROGRESS_BOUND, &mut sink);
        #[cfg(feature = "cli")]
        sim.check_history();
        coverage.note_end(sim);
        Report {
            violation: sim.violation().cloned(),
            coverage,
            steps: sim.steps(),
            time: sim.now(),
            trace_hash: sim.trace_hash(),
        }
    }
}
