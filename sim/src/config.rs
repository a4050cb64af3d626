//! What a run is made from, and why one cannot be.

use crate::rng::MILLION;
use hotstuff_core::client::SubmitError;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::replica::SetupError;
use hotstuff_core::{CommitRule, Config, ReplicaId, Span, Time};
use serde::{Deserialize, Serialize};

/// The most replicas a simulated cluster may have.
pub const REPLICAS_MAX: u16 = 100;

/// A run: with the interventions, all that its steps depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimConfig {
    /// What all keys and all chance come from.
    pub seed: u64,
    /// How many replicas there are: 1 to [`REPLICAS_MAX`].
    pub replicas: u16,
    /// How leaders follow each other.
    pub leaders: LeaderRule,
    /// When a block is committed.
    pub rule: CommitRule,
    /// The network.
    pub links: LinkConfig,
    /// Every replica's settings.
    pub replica: Config,
    /// What the client does by itself.
    pub workload: Workload,
}

impl Default for SimConfig {
    /// Seed 1, four replicas, reputation leaders, three-chain, no workload.
    fn default() -> Self {
        Self {
            seed: 1,
            replicas: 4,
            leaders: LeaderRule::default(),
            rule: CommitRule::default(),
            links: LinkConfig::default(),
            replica: Config::default(),
            workload: Workload::default(),
        }
    }
}

/// How links behave, all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkConfig {
    /// The least time a message takes. Messages may overtake each other.
    pub delay_min_us: Span,
    /// The most time a message takes.
    pub delay_max_us: Span,
    /// How many of a million messages get lost.
    pub loss_ppm: u32,
}

impl Default for LinkConfig {
    /// 5 to 15 ms, nothing lost.
    fn default() -> Self {
        Self { delay_min_us: Span::millis(5), delay_max_us: Span::millis(15), loss_ppm: 0 }
    }
}

impl LinkConfig {
    /// Checks that such links can be.
    ///
    /// # Errors
    /// [`SimError::Delays`] or [`SimError::Loss`].
    pub fn check(&self) -> Result<(), SimError> {
        if self.delay_min_us > self.delay_max_us {
            return Err(SimError::Delays);
        }
        if self.loss_ppm > MILLION {
            return Err(SimError::Loss(self.loss_ppm));
        }
        Ok(())
    }
}

/// Commands that the client sends by itself. They set, get and delete a few keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// How many.
    pub commands: u64,
    /// The time from one to the next, and to the first.
    pub interval_us: Span,
}

impl Default for Workload {
    /// No commands; ten a second when only their number is set.
    fn default() -> Self {
        Self { commands: 0, interval_us: Span::millis(100) }
    }
}

/// Why the simulator does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimError {
    /// None, or more than [`REPLICAS_MAX`].
    #[error("a simulated cluster has 1 to {REPLICAS_MAX} replicas, not {0}")]
    Replicas(u16),
    /// The shortest delay is above the longest.
    #[error("delay_min_us is above delay_max_us")]
    Delays,
    /// More than a million of a million messages.
    #[error("of a million messages, {0} cannot be lost")]
    Loss(u32),
    /// A replica cannot be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// There is no such replica.
    #[error("there is no replica {0}")]
    UnknownReplica(ReplicaId),
    /// It is down already.
    #[error("{0} is down already")]
    IsDown(ReplicaId),
    /// It is up already.
    #[error("{0} is up already")]
    IsUp(ReplicaId),
    /// The client does not take the command.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// The run has ended with a violation.
    #[error("the run is frozen: a checker found a violation")]
    Frozen,
    /// A recorded intervention belongs to another step or time of the run.
    #[error("the intervention belongs to step {step} at {time}, which is not where the run stands")]
    OutOfPlace {
        /// The step that it was.
        step: u64,
        /// Its time.
        time: Time,
    },
}
