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
use crate::explore::Report;
use crate::ids::HostId;
use crate::weakness::Weakness;
use hotstuff_core::{CommitRule, ReplicaId};

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
    /// What keys and chance come from: how long messages take once the network is stable.
    pub seed: u64,
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All properties hold.
    Clean,
    /// A property does not hold that must hold whatever the network does.
    Unsafe(Violation),
    /// All was safe, but with a stable network the cluster does not go on.
    Stuck(Violation),
}

impl Verdict {
    /// What a run's report says.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        match &report.violation {
            None => Self::Clean,
            Some(violation) if matches!(violation.breach, Breach::NoProgress { .. }) => {
                Self::Stuck(violation.clone())
            }
            Some(violation) => Self::Unsafe(violation.clone()),
        }
    }
}

impl Scenario {
    /// Makes the run of a scenario.
    ///
    /// # Errors
    /// [`SimError`] where the script is too long, or names what is not there.
    pub fn run(&self, setting: &Setting) -> Result<Report, SimError> {
        self.plan(setting).run()
    }
}
