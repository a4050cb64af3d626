//! One step of a run: what set it off and what came of it.

use crate::client::CommandResult;
use crate::config::LinkConfig;
use core::fmt;
use hotstuff_core::message::MessageKind;
use hotstuff_core::{Event, ReplicaId, SequenceNumber, Time, View};
use hotstuff_kv::Operation;
use serde::{Deserialize, Serialize};

/// One step of a run. The run's steps and no others make up its trace hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number, from 0.
    pub index: u64,
    /// When it happened.
    pub time: Time,
    /// The replica it happened to; `None` for the client and the network.
    pub replica: Option<ReplicaId>,
    /// What set it off.
    pub cause: Cause,
    /// What the replica told of it.
    pub events: Vec<Event>,
    /// Commands whose result the client has known since.
    pub results: Vec<CommandResult>,
}

/// What sets a step off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The replica started for the first time.
    Started,
    /// A peer's message arrived.
    Delivered {
        /// The message's number within the run.
        id: u64,
        /// Who sent it.
        from: ReplicaId,
        /// What it is.
        kind: MessageKind,
        /// The view it is about.
        view: Option<View>,
    },
    /// A peer's message did not arrive.
    Dropped {
        /// The message's number within the run.
        id: u64,
        /// Who sent it.
        from: ReplicaId,
        /// What it is.
        kind: MessageKind,
        /// The view it is about.
        view: Option<View>,
        /// Why.
        why: DropCause,
    },
    /// The replica's timer fired.
    Timer,
    /// The disk answered.
    Loaded {
        /// For whom the blocks are.
        peer: ReplicaId,
    },
    /// The replica crashed.
    Killed,
    /// The replica started again from its disk.
    Restarted,
    /// The replica is to crash at a later write.
    KillArmed,
    /// The client signed a command and sent it to all replicas.
    Submitted {
        /// Its number.
        sequence: SequenceNumber,
        /// What it asks for.
        operation: Operation,
    },
    /// The client had too many commands in flight to send another.
    HeldBack,
    /// A command arrived.
    CommandDelivered {
        /// The packet's number within the run.
        id: u64,
        /// The command's number.
        sequence: SequenceNumber,
    },
    /// A command did not arrive.
    CommandDropped {
        /// The packet's number within the run.
        id: u64,
        /// The command's number.
        sequence: SequenceNumber,
        /// Why.
        why: DropCause,
    },
    /// A reply arrived at the client.
    ReplyDelivered {
        /// The packet's number within the run.
        id: u64,
        /// Who sent it.
        from: ReplicaId,
        /// The command's number.
        sequence: SequenceNumber,
    },
    /// A reply got lost.
    ReplyDropped {
        /// The packet's number within the run.
        id: u64,
        /// Who sent it.
        from: ReplicaId,
        /// The command's number.
        sequence: SequenceNumber,
    },
    /// The client's timer fired: it sends again or gives up.
    ClientTimer,
    /// The links behave differently from now on.
    LinksSet(LinkConfig),
}

/// Why a message does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DropCause {
    /// The network lost it.
    Lost,
    /// The receiver is down.
    Down,
}

impl fmt::Display for DropCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "got lost",
            Self::Down => "found it down",
        })
    }
}

struct About(Option<View>);

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |view| write!(f, " of view {view}"))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("start"),
            Self::Delivered { from, kind, view, .. } => write!(f, "{kind}{} from {from}", About(*view)),
            Self::Dropped { from, kind, view, why, .. } => {
                write!(f, "{kind}{} from {from} {why}", About(*view))
            }
            Self::Timer => f.write_str("timer"),
            Self::Loaded { peer } => write!(f, "blocks for {peer} read from disk"),
            Self::Killed => f.write_str("killed"),
            Self::Restarted => f.write_str("restarted from its disk"),
            Self::KillArmed => f.write_str("to be killed at a write"),
            Self::Submitted { sequence, operation } => write!(f, "command {sequence} submitted: {operation}"),
            Self::HeldBack => f.write_str("a command held back: too many are in flight"),
            Self::CommandDelivered { sequence, .. } => write!(f, "command {sequence}"),
            Self::CommandDropped { sequence, why, .. } => write!(f, "command {sequence} {why}"),
            Self::ReplyDelivered { from, sequence, .. } => write!(f, "reply of {from} to {sequence}"),
            Self::ReplyDropped { from, sequence, .. } => write!(f, "reply of {from} to {sequence} got lost"),
            Self::ClientTimer => f.write_str("timer"),
            Self::LinksSet(links) => write!(
                f,
                "links now take {} to {} and lose {} of a million",
                links.delay_min_us, links.delay_max_us, links.loss_ppm
            ),
        }
    }
}

impl Step {
    /// Whether it happened at the client rather than at a replica or to the network.
    fn is_clients(&self) -> bool {
        use Cause::{ClientTimer, HeldBack, ReplyDelivered, ReplyDropped, Submitted};
        matches!(
            self.cause,
            Submitted { .. } | HeldBack | ReplyDelivered { .. } | ReplyDropped { .. } | ClientTimer
        )
    }
}

impl fmt::Display for Step {
    /// The step on one line, and each event and result on one more, indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, time, cause, .. } = self;
        match self.replica {
            Some(replica) => write!(f, "{index} at {time}, {replica}: {cause}")?,
            None if self.is_clients() => write!(f, "{index} at {time}, client: {cause}")?,
            None => write!(f, "{index} at {time}: {cause}")?,
        }
        self.events.iter().try_for_each(|event| write!(f, "\n    {event}"))?;
        self.results.iter().try_for_each(|result| write!(f, "\n    {result}"))
    }
}
