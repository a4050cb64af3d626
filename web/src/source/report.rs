//! What goes into a source and what comes out.

use crate::model::link::Sandbox;
use crate::model::operation::Request;
use crate::model::{Flight, Reach, Record};
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{BlockRef, CommitteeSpec, ReplicaId, Span, Status, Time};
use hotstuff_kv::Request as Asked;

/// How messages fare between replicas of a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links {
    /// The shortest delay.
    pub delay_min_us: Span,
    /// The longest delay.
    pub delay_max_us: Span,
    /// Messages lost, of a million.
    pub loss_ppm: u32,
}

impl Default for Links {
    fn default() -> Self {
        Self { delay_min_us: Span::millis(20), delay_max_us: Span::millis(60), loss_ppm: 0 }
    }
}

/// Up to where a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepTo {
    /// One step of the simulator.
    Event,
    /// Until a view is entered that none was in.
    View,
    /// Until a block is committed that none had committed.
    Commit,
}

/// What a source is asked for. A source ignores what it cannot do.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Begin this run (sandbox).
    Begin(Sandbox, Links),
    /// Go on until this simulated time, or until a batch is full: the snapshot says how far it
    /// came (sandbox).
    Advance(Time),
    /// Go on by a step (sandbox).
    Step(StepTo),
    /// Crash a replica (sandbox).
    Kill(ReplicaId),
    /// Start a crashed replica from its disk (sandbox).
    Restart(ReplicaId),
    /// Change all links (sandbox).
    SetLinks(Links),
    /// Send a command, typed as in the text; the outcome is reported.
    Submit(Asked, String),
}

/// What a source says.
#[derive(Clone, Debug)]
pub enum Report {
    /// A cluster comes into view: everything before is over.
    Began {
        /// The committee.
        committee: CommitteeSpec,
        /// Where all chains start.
        genesis: BlockRef,
        /// What its replicas are at first.
        reach: Reach,
    },
    /// Things happened, oldest first.
    Happened(Vec<Record>),
    /// A replica told where it stands.
    Stands {
        /// When it was told.
        at: Time,
        /// Its status.
        status: Status,
        /// Blocks it has, parents first; may be none.
        blocks: Vec<BlockSummary>,
    },
    /// A replica came into reach or went out of it.
    Reached(ReplicaId, Reach),
    /// Observations of a replica were lost.
    Dropped(ReplicaId, u64),
    /// How the whole simulation stands (sandbox); last in a batch.
    Snapshot(Snapshot),
    /// How the visitor's command stands.
    Requested(Request),
    /// How the connection to the cluster stands (live).
    Connection(Connection),
}

/// The simulation at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Simulated time.
    pub now: Time,
    /// Steps so far.
    pub steps: u64,
    /// The hash of all of them, in full hexadecimal digits.
    pub trace_hash: String,
    /// The replicas.
    pub hosts: Vec<Host>,
    /// Messages on their way.
    pub flights: Vec<Flight>,
    /// What is violated, in words.
    pub violation: Option<String>,
}

/// A simulated replica from outside.
#[derive(Clone, Debug)]
pub struct Host {
    /// Which.
    pub id: ReplicaId,
    /// Whether it runs.
    pub up: bool,
    /// Its status; the last one, while it is down.
    pub status: Status,
    /// Its next timer.
    pub deadline: Option<Time>,
}

/// How the connection to a real cluster stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// The committee has been asked for.
    #[default]
    Connecting,
    /// All replicas are seen.
    Live,
    /// Some are.
    Degraded {
        /// How many are seen.
        seen: usize,
        /// Of how many.
        of: usize,
    },
    /// None is, or there is no committee.
    Unreachable {
        /// Why.
        why: String,
    },
}

impl Connection {
    /// One word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Degraded { .. } => "degraded",
            Self::Unreachable { .. } => "unreachable",
        }
    }
}
