//! What can be done to a running cluster from outside.

use crate::byzantine::Conduct;
use crate::config::LinkConfig;
use crate::ids::{ClientNumber, HostId};
use crate::request::Reconfiguration;
use core::fmt;
use hotstuff_core::{ReplicaId, Span, Time};
use hotstuff_kv::Request;
use serde::{Deserialize, Serialize};

/// One thing done to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intervention {
    /// A host crashes: it loses its memory, its timers, what arrives while it is down, and of its
    /// writes those that were not durable. The rest of its disk stays.
    Kill(HostId),
    /// A host that is down starts again from its disk.
    Restart(HostId),
    /// A host that is down starts again with an empty disk. It may contradict what it said before,
    /// so from then on it counts as faulty.
    RestartEmpty(HostId),
    /// A host crashes at a boundary of its writes to come, before it performs any later output.
    KillAtWrite {
        /// Which.
        host: HostId,
        /// How many writes still become durable.
        writes: u64,
        /// Whether it crashes directly after the last of these, or directly before or in the next.
        edge: WriteEdge,
    },
    /// A host's clock runs ahead by so much more, and gains so many microseconds each second.
    SetClock {
        /// Whose.
        host: HostId,
        /// How far it jumps ahead.
        jump: Span,
        /// How many millionths it is too fast; below zero, too slow.
        drift_ppm: i32,
    },
    /// A host's clock jumps to the host's next deadline, so that the timer fires now.
    FireTimer(HostId),
    /// From now on a host does not keep to the protocol. It counts as faulty from then on.
    Corrupt {
        /// Which.
        host: HostId,
        /// What it does.
        conduct: Conduct,
    },
    /// A client sends a command.
    Submit {
        /// Which client.
        client: ClientNumber,
        /// What it asks for.
        request: Request,
    },
    /// The operator asks for another committee.
    Reconfigure(Reconfiguration),
    /// All links but those that were set one by one behave differently for messages sent from now on.
    SetLinks(LinkConfig),
    /// One direction of one link behaves differently for messages sent from now on.
    SetLink {
        /// From whom.
        from: HostId,
        /// To whom.
        to: HostId,
        /// How.
        link: LinkConfig,
    },
    /// What is sent from one host to another from now on gets lost.
    Cut {
        /// From whom.
        from: HostId,
        /// To whom.
        to: HostId,
    },
    /// What is sent from one host to another arrives again.
    Mend {
        /// From whom.
        from: HostId,
        /// To whom.
        to: HostId,
    },
    /// Only hosts of the same group hear each other from now on; a host in no group is alone. All
    /// other cuts end. No groups at all: everyone hears everyone.
    Partition(Vec<Vec<HostId>>),
    /// The global stabilization time: from now on all links are as by default, none is cut, no script
    /// separates hosts, and no crash comes that was to come at a write.
    Stabilize,
    /// A message on its way gets lost.
    DropMessage(u64),
    /// A message on its way arrives at another time.
    DelayMessage {
        /// Its number within the run.
        id: u64,
        /// When it arrives now.
        arrives: Time,
    },
    /// A message on its way arrives once more.
    RepeatMessage {
        /// Its number within the run.
        id: u64,
        /// When the second one arrives.
        arrives: Time,
    },
    /// A replica runs twice from now on: a second host begins as a copy of the first, with the same key.
    /// Both count as faulty.
    Twin(ReplicaId),
}

impl Intervention {
    /// The first client sends a command.
    #[must_use]
    pub fn submit(request: impl Into<Request>) -> Self {
        Self::Submit { client: ClientNumber(0), request: request.into() }
    }
}

/// Where a crash comes between the outputs that two writes enclose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WriteEdge {
    /// Directly after a write: nothing that waited for it has left.
    After,
    /// Directly before the next: all that waited for the last one has left.
    Before,
    /// In the midst of the next: it is torn.
    Within,
}

/// An intervention, and where in the run it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intervened {
    /// The index of the step that it was.
    pub step: u64,
    /// When.
    pub time: Time,
    /// What was done.
    pub what: Intervention,
}

struct Groups<'a>(&'a [Vec<HostId>]);

impl fmt::Display for Groups<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, group) in self.0.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { " | " })?;
            for (position, host) in group.iter().enumerate() {
                write!(f, "{}{host}", if position == 0 { "" } else { " " })?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Intervention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(host) => write!(f, "kill {host}"),
            Self::Restart(host) => write!(f, "restart {host}"),
            Self::RestartEmpty(host) => write!(f, "restart {host} without its disk"),
            Self::KillAtWrite { host, writes, edge } => {
                let edge = match edge {
                    WriteEdge::After => "directly after",
                    WriteEdge::Before => "before the one after",
                    WriteEdge::Within => "in the midst of the one after",
                };
                write!(f, "kill {host} {edge} its write {writes} from here")
            }
            Self::SetClock { host, jump, drift_ppm } => {
                write!(f, "set {host}'s clock ahead by {jump}, with a drift of {drift_ppm} ppm")
            }
            Self::FireTimer(host) => write!(f, "fire {host}'s timer"),
            Self::Corrupt { host, conduct } => write!(f, "corrupt {host}: {conduct}"),
            Self::Submit { client, request } => write!(f, "{client} asks to {request}"),
            Self::Reconfigure(change) => write!(f, "the operator asks to {change}"),
            Self::SetLinks(links) => write!(f, "links {links}"),
            Self::SetLink { from, to, link } => write!(f, "the link from {from} to {to} {link}"),
            Self::Cut { from, to } => write!(f, "cut {from} off from {to}, this way"),
            Self::Mend { from, to } => write!(f, "mend the link from {from} to {to}"),
            Self::Partition(groups) if groups.is_empty() => f.write_str("end all cuts"),
            Self::Partition(groups) => write!(f, "partition into {}", Groups(groups)),
            Self::Stabilize => f.write_str("the network is stable from now on"),
            Self::DropMessage(id) => write!(f, "drop message {id}"),
            Self::DelayMessage { id, arrives } => write!(f, "let message {id} arrive at {arrives}"),
            Self::RepeatMessage { id, arrives } => write!(f, "let message {id} arrive again at {arrives}"),
            Self::Twin(replica) => write!(f, "run {replica} twice"),
        }
    }
}
