//! What a run is made from, and why one cannot be.

use crate::ids::{ClientNumber, HostId};
use crate::rng::MILLION;
use crate::script::{SCRIPT_VIEWS_MAX, ViewScript};
use crate::weakness::Weakness;
use core::fmt;
use hotstuff_core::client::SubmitError;
use hotstuff_core::committee::{CommitteeError, Limits};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::replica::SetupError;
use hotstuff_core::{CommitRule, Config, Power, ReplicaId, Span, Time};
use serde::{Deserialize, Serialize};

/// The most replicas a simulated cluster may have.
pub const REPLICAS_MAX: u16 = 100;
/// The most clients a simulated cluster may have.
pub const CLIENTS_MAX: u16 = 16;

/// A run: with the interventions, all that its steps depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimConfig {
    /// What all keys and all chance come from.
    pub seed: u64,
    /// How many replicas are members of the first committee: 1 to [`REPLICAS_MAX`].
    pub replicas: u16,
    /// The members' voting power, by ascending id; 1 for those that are not named.
    pub powers: Vec<Power>,
    /// How many more there are that are no members at first, with the ids after theirs: they follow
    /// once the operator has added them.
    pub joiners: u16,
    /// Which of the members run on two hosts at once. They count as faulty.
    pub twins: Vec<ReplicaId>,
    /// How leaders follow each other.
    pub leaders: LeaderRule,
    /// When a block is committed.
    pub rule: CommitRule,
    /// Limits that the whole cluster shares.
    pub limits: Limits,
    /// A rule that all replicas do without.
    pub weakness: Option<Weakness>,
    /// How messages are signed.
    pub signatures: Signatures,
    /// The network.
    pub links: LinkConfig,
    /// Every replica's settings.
    pub replica: Config,
    /// How many clients there are: 1 to [`CLIENTS_MAX`].
    pub clients: u16,
    /// What each client does by itself.
    pub workload: Workload,
    /// Who leads the first views, and who hears whom in them.
    pub script: ViewScript,
}

impl Default for SimConfig {
    /// Seed 1, four replicas, reputation leaders, three-chain, one client, no workload.
    fn default() -> Self {
        Self {
            seed: 1,
            replicas: 4,
            powers: Vec::new(),
            joiners: 0,
            twins: Vec::new(),
            leaders: LeaderRule::default(),
            rule: CommitRule::default(),
            limits: Limits::default(),
            weakness: None,
            signatures: Signatures::default(),
            links: LinkConfig::default(),
            replica: Config::default(),
            clients: 1,
            workload: Workload::default(),
            script: ViewScript::default(),
        }
    }
}

/// How messages are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signatures {
    /// As in a real cluster.
    #[default]
    Ed25519,
    /// By hashes that stand for signatures: for runs by the thousand.
    Tags,
}

/// How a link behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkConfig {
    /// The least time a message takes. Messages may overtake each other.
    pub delay_min_us: Span,
    /// The most time a message takes, but for those that are late.
    pub delay_max_us: Span,
    /// How many of a million messages get lost.
    pub loss_ppm: u32,
    /// How many of a million messages arrive twice.
    pub repeat_ppm: u32,
    /// How many of a million messages are late.
    pub late_ppm: u32,
    /// The most that one which is late takes beyond the others.
    pub late_max_us: Span,
}

impl Default for LinkConfig {
    /// 5 to 15 ms; nothing lost, repeated or late.
    fn default() -> Self {
        Self {
            delay_min_us: Span::millis(5),
            delay_max_us: Span::millis(15),
            loss_ppm: 0,
            repeat_ppm: 0,
            late_ppm: 0,
            late_max_us: Span(0),
        }
    }
}

impl LinkConfig {
    /// Checks that such a link can be.
    ///
    /// # Errors
    /// [`SimError::Delays`] or [`SimError::Chance`].
    pub fn check(&self) -> Result<(), SimError> {
        if self.delay_min_us > self.delay_max_us {
            return Err(SimError::Delays);
        }
        let chances = [self.loss_ppm, self.repeat_ppm, self.late_ppm];
        chances.into_iter().find(|ppm| *ppm > MILLION).map_or(Ok(()), |ppm| Err(SimError::Chance(ppm)))
    }
}

impl fmt::Display for LinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { delay_min_us, delay_max_us, loss_ppm, repeat_ppm, late_ppm, late_max_us } = self;
        write!(f, "take {delay_min_us} to {delay_max_us}")?;
        let chances = [(loss_ppm, "lose"), (repeat_ppm, "repeat"), (late_ppm, "hold up")];
        for (ppm, what) in chances.into_iter().filter(|(ppm, _)| **ppm > 0) {
            write!(f, ", {what} {ppm} of a million")?;
        }
        if *late_ppm > 0 { write!(f, " for up to {late_max_us}") } else { Ok(()) }
    }
}

/// Commands that each client sends by itself. They set, get and delete a few keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// How many.
    pub commands: u64,
    /// The time from one to the next, and to the first.
    pub interval_us: Span,
    /// Most commands that a client has in flight.
    pub in_flight: u32,
}

impl Default for Workload {
    /// No commands; ten a second when only their number is set.
    fn default() -> Self {
        Self { commands: 0, interval_us: Span::millis(100), in_flight: 1_024 }
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
    /// A chance above a million of a million.
    #[error("{0} of a million is no chance")]
    Chance(u32),
    /// None, or more than [`CLIENTS_MAX`].
    #[error("a simulated cluster has 1 to {CLIENTS_MAX} clients, not {0}")]
    Clients(u16),
    /// More views than a script may have.
    #[error("a script has at most {SCRIPT_VIEWS_MAX} views, not {0}")]
    ScriptLength(usize),
    /// A committee that cannot be.
    #[error(transparent)]
    Committee(#[from] CommitteeError),
    /// A replica cannot be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// There is no such host.
    #[error("there is no host {0}")]
    UnknownHost(HostId),
    /// There is no such client.
    #[error("there is no {0}")]
    UnknownClient(ClientNumber),
    /// No such message is on its way.
    #[error("message {0} is not on its way")]
    UnknownMessage(u64),
    /// A message cannot arrive in the past.
    #[error("{0} is past")]
    Past(Time),
    /// It is down already.
    #[error("{0} is down already")]
    IsDown(HostId),
    /// It is up already.
    #[error("{0} is up already")]
    IsUp(HostId),
    /// A host cannot hear only itself differently.
    #[error("there is no link from {0} to itself")]
    NoLink(HostId),
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
