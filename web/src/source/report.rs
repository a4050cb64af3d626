//! What goes into a source and what comes out: plain data, which crosses into a worker and back.

use crate::model::link::Sandbox;
use crate::model::log::{Filter, Found};
use crate::model::operation::Request;
use crate::model::replica::Fault;
use crate::model::{Cluster, Flight, Reach, Record, Trail};
use crate::source::question::{Answer, Question};
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{BlockRef, ReplicaId, Status, Time};
use hotstuff_kv::Request as Asked;
use hotstuff_sim::swarm::{Finding, Hunt, Progress};
use hotstuff_sim::timeline::{BranchId, BranchView, Comparison, Mark};
use hotstuff_sim::{Electorate, HostId, Intervention, LinkConfig};
use serde::{Deserialize, Serialize};

/// Up to where a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepTo {
    /// One step of the simulator.
    Event,
    /// Until a view is entered that none was in.
    View,
    /// Until a block is committed that none had committed, or something is done to the cluster.
    CommitOrFault,
}

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// On.
    On,
    /// Back.
    Back,
}

/// A place in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// After so many steps.
    Steps(u64),
    /// At a time.
    Time(Time),
    /// As far as the branch has been made.
    End,
}

/// What a source is asked for. A source ignores what it cannot do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Begin this run, all its links as given where there is no piece that says how they are (sandbox).
    Begin(Box<Sandbox>, LinkConfig),
    /// Go on until this simulated time, or until a batch is full: the snapshot says how far it
    /// came (sandbox).
    Advance(Time),
    /// Go a step (sandbox).
    Step(StepTo, Way),
    /// Go somewhere on the branch (sandbox).
    Seek(Place),
    /// Do something to the cluster (sandbox).
    Intervene(Intervention),
    /// Begin a branch here (sandbox).
    Fork,
    /// Go to a branch (sandbox).
    Switch(BranchId),
    /// Compare two branches (sandbox).
    Compare(BranchId, BranchId),
    /// Send a command, typed as in the text; the outcome is reported.
    Submit(Asked, String),
    /// Look for events; so many are shown (sandbox).
    Search(Filter, usize),
    /// Answer something beside the run (sandbox).
    Ask(Question),
    /// Begin a hunt for a violation (sandbox).
    Hunt(Hunt),
    /// Go on with the hunt, by one seed or by making small what was found (sandbox).
    HuntOn,
    /// Make the violated run small, and say who must be faulty (sandbox).
    Explain,
}

/// What a source says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Report {
    /// A cluster comes into view: everything before is over.
    Began {
        /// The committee.
        committee: Electorate,
        /// Where all chains start.
        genesis: BlockRef,
        /// What its replicas are at first.
        reach: Reach,
    },
    /// Things happened, oldest first.
    Happened(Vec<Record>),
    /// Messages were put on their way, or got another way (sandbox).
    Sent(Vec<Flight>),
    /// The run is elsewhere: this is all that is known there (sandbox).
    Moved(Box<Cluster>, Box<Trail>),
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
    Snapshot(Box<Snapshot>),
    /// What there is on the branch, from the mark with this number on (sandbox).
    Marks(usize, Vec<Mark>),
    /// The branches (sandbox).
    Branches(BranchId, Vec<BranchView>),
    /// What two branches have alike (sandbox).
    Compared(Comparison),
    /// What a search found (sandbox).
    Found(Found),
    /// What of a run could not be done as it was asked for (sandbox).
    Problem(String),
    /// The answer to what was asked first of what is not answered yet (sandbox).
    Answered(Answer),
    /// How far the hunt has come (sandbox).
    Hunted(Progress),
    /// The violated run, made small; none where it does not come about by what was done alone (sandbox).
    Explained(Option<Box<Finding>>),
    /// The source can do nothing any more.
    Failed(String),
    /// How many bytes of memory the source has taken, where it is a program of its own (sandbox).
    Memory(u64),
    /// How the visitor's command stands.
    Requested(Request),
    /// How the connection to the cluster stands (live).
    Connection(Connection),
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violated {
    /// Its name, of [`Breach::PROPERTIES`](hotstuff_sim::Breach::PROPERTIES) or another.
    pub property: String,
    /// A sentence that says where and how.
    pub text: String,
}

/// The simulation at one moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Simulated time.
    pub now: Time,
    /// Steps so far.
    pub steps: u64,
    /// How far the branch has been made: steps and time.
    pub end: (u64, Time),
    /// The hash of all steps so far, in full hexadecimal digits.
    pub trace_hash: String,
    /// What the visitor did on the branch, as its code; nothing where nothing was done.
    pub visits: Option<String>,
    /// The replicas.
    pub hosts: Vec<Host>,
    /// Messages on their way.
    pub flights: Vec<Flight>,
    /// Directions in which nothing arrives.
    pub cuts: Vec<(HostId, HostId)>,
    /// What is violated, in words.
    pub violation: Option<Violated>,
}

/// A simulated replica from outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Host {
    /// Which.
    pub id: HostId,
    /// Whether it runs.
    pub up: bool,
    /// Its status; the last one, while it is down.
    pub status: Status,
    /// Its next timer.
    pub deadline: Option<Time>,
    /// What makes it faulty, where it is.
    pub fault: Option<Fault>,
}

/// How the connection to a real cluster stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
