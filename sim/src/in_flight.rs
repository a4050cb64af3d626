//! What is on its way, for who looks on.

use crate::ids::{ClientNumber, HostId};
use crate::network::{Load, Packet, view_of};
use crate::sim::{Due, Sim};
use hotstuff_core::message::MessageKind;
use hotstuff_core::{Time, View};

impl Sim {
    /// The messages between replicas that are on their way, by arrival. One that gets lost is
    /// among them until it would have arrived.
    pub fn in_flight(&self) -> impl Iterator<Item = InFlight> {
        self.queue.iter().filter_map(|(&(arrives, _), due)| {
            if let Due::Arrival(packet) = due { packet.in_flight(arrives) } else { None }
        })
    }

    /// The messages between replicas that the last step put on their way.
    #[must_use]
    pub fn posted(&self) -> &[InFlight] {
        &self.posted
    }

    /// The commands and replies that are on their way, by arrival, also those that get lost.
    pub fn client_in_flight(&self) -> impl Iterator<Item = ClientInFlight> {
        self.queue.iter().filter_map(|(&(arrives, _), due)| {
            let Due::Arrival(Packet { id, load, sent, is_lost }) = due else { return None };
            let (client, host, is_reply, sequence) = match load {
                Load::Message { .. } => return None,
                Load::Command { client, to, letter } => (*client, *to, false, letter.content().id.sequence),
                Load::Replies { from, client, replies } => {
                    (*client, *from, true, replies.outcomes.first()?.0)
                }
            };
            let (id, sent, dropped) = (*id, *sent, *is_lost);
            Some(ClientInFlight { id, client, host, is_reply, sequence, sent, arrives, dropped })
        })
    }
}

impl Packet {
    /// How it looks on its way, if it is a message between replicas.
    pub(crate) fn in_flight(&self, arrives: Time) -> Option<InFlight> {
        let Self { id, ref load, sent, is_lost: dropped } = *self;
        let Load::Message { from, to, letter } = load else { return None };
        let (kind, view) = (letter.content().kind(), view_of(letter.content()));
        Some(InFlight { id, from: *from, to: *to, kind, view, sent, arrives, dropped })
    }
}

/// A message between replicas on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Its number within the run.
    pub id: u64,
    /// Who sent it.
    pub from: HostId,
    /// To whom.
    pub to: HostId,
    /// What it is.
    pub kind: MessageKind,
    /// The view it is about.
    pub view: Option<View>,
    /// When it was sent.
    pub sent: Time,
    /// When it arrives, or would.
    pub arrives: Time,
    /// Whether it gets lost.
    pub dropped: bool,
}

/// A command or reply on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientInFlight {
    /// Its number within the run.
    pub id: u64,
    /// The client at one end.
    pub client: ClientNumber,
    /// The host at the other end.
    pub host: HostId,
    /// Whether it is a reply on its way to the client; else it is a command.
    pub is_reply: bool,
    /// The command's number; the first one's, where several are replied to together.
    pub sequence: hotstuff_core::SequenceNumber,
    /// When it was sent.
    pub sent: Time,
    /// When it arrives, or would.
    pub arrives: Time,
    /// Whether it gets lost.
    pub dropped: bool,
}
