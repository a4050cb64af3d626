//! One step of a run: what set it off and what came of it.

use crate::client::CommandResult;
use crate::ids::{ClientNumber, HostId};
use crate::intervention::Intervention;
use crate::request::Request;
use core::fmt;
use hotstuff_core::message::MessageKind;
use hotstuff_core::{Event, ReplicaId, SequenceNumber, Time, View};
use serde::{Deserialize, Serialize};

/// One step of a run. The run's steps and no others make up its trace hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number, from 0.
    pub index: u64,
    /// When it happened.
    pub time: Time,
    /// The host it happened to; `None` for clients and the network.
    pub host: Option<HostId>,
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
        from: HostId,
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
        from: HostId,
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
    /// The host crashed.
    Killed,
    /// The replica started again from its disk.
    Restarted,
    /// The replica started again with an empty disk.
    RestartedEmpty,
    /// The replica is to crash at a later write.
    KillArmed,
    /// A client signed a command and sent it to all replicas.
    Submitted {
        /// Which client.
        client: ClientNumber,
        /// Its number.
        sequence: SequenceNumber,
        /// What it asks for.
        request: Request,
    },
    /// A client had too many commands in flight to send another.
    HeldBack(ClientNumber),
    /// A command arrived.
    CommandDelivered {
        /// The client at the other end.
        client: ClientNumber,
        /// The packet's number within the run.
        id: u64,
        /// The command's number.
        sequence: SequenceNumber,
    },
    /// A command did not arrive.
    CommandDropped {
        /// The client at the other end.
        client: ClientNumber,
        /// The packet's number within the run.
        id: u64,
        /// The command's number.
        sequence: SequenceNumber,
        /// Why.
        why: DropCause,
    },
    /// Replies arrived.
    RepliesDelivered {
        /// At whom.
        client: ClientNumber,
        /// The packet's number within the run.
        id: u64,
        /// Who sent them.
        from: ReplicaId,
        /// The commands' numbers.
        sequences: Vec<SequenceNumber>,
    },
    /// Replies got lost.
    RepliesDropped {
        /// On its way to whom.
        client: ClientNumber,
        /// The packet's number within the run.
        id: u64,
        /// Who sent them.
        from: ReplicaId,
        /// The commands' numbers.
        sequences: Vec<SequenceNumber>,
    },
    /// A client's timer fired: it sends again or gives up.
    ClientTimer(ClientNumber),
    /// Something was done to the cluster from outside that is none of the above.
    Intervened(Box<Intervention>),
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

struct Listed<'a>(&'a [SequenceNumber]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|sequence| write!(f, " {sequence}"))
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
            Self::RestartedEmpty => f.write_str("restarted without its disk"),
            Self::KillArmed => f.write_str("to be killed at a write"),
            Self::Submitted { sequence, request, .. } => {
                write!(f, "command {sequence} submitted: {request}")
            }
            Self::HeldBack(_) => f.write_str("a command held back: too many are in flight"),
            Self::CommandDelivered { client, sequence, .. } => write!(f, "command {sequence} of {client}"),
            Self::CommandDropped { client, sequence, why, .. } => {
                write!(f, "command {sequence} of {client} {why}")
            }
            Self::RepliesDelivered { from, sequences, .. } => {
                write!(f, "reply of {from} to{}", Listed(sequences))
            }
            Self::RepliesDropped { from, sequences, .. } => {
                write!(f, "reply of {from} to{} got lost", Listed(sequences))
            }
            Self::ClientTimer(_) => f.write_str("timer"),
            Self::Intervened(what) => what.fmt(f),
        }
    }
}

impl Step {
    /// Whether it was done to the cluster from outside, or lost on its way: no replica's own doing.
    #[must_use]
    pub fn is_done_from_outside(&self) -> bool {
        use Cause::{Dropped, Intervened, KillArmed, Killed, Restarted, RestartedEmpty};
        match self.cause {
            Killed | Restarted | RestartedEmpty | KillArmed | Intervened(_) => true,
            Dropped { why, .. } => why == DropCause::Lost,
            _ => false,
        }
    }

    /// At which client it happened, if it did at one.
    #[must_use]
    pub fn client(&self) -> Option<ClientNumber> {
        use Cause::{ClientTimer, HeldBack, RepliesDelivered, RepliesDropped, Submitted};
        match self.cause {
            Submitted { client, .. }
            | HeldBack(client)
            | RepliesDelivered { client, .. }
            | RepliesDropped { client, .. }
            | ClientTimer(client) => Some(client),
            _ => None,
        }
    }
}

impl fmt::Display for Step {
    /// The step on one line, and each event and result on one more, indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, time, cause, .. } = self;
        match (self.host, self.client()) {
            (Some(host), _) => write!(f, "{index} at {time}, {host}: {cause}")?,
            (None, Some(client)) => write!(f, "{index} at {time}, {client}: {cause}")?,
            (None, None) => write!(f, "{index} at {time}: {cause}")?,
        }
        self.events.iter().try_for_each(|event| write!(f, "\n    {event}"))?;
        self.results.iter().try_for_each(|result| write!(f, "\n    {result}"))
    }
}
