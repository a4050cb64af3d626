//! One thing that happened, from whatever source: what all models are folded from.

use hotstuff_core::event::Level;
use hotstuff_core::{Event, Time};
use hotstuff_sim::HostId;
use hotstuff_sim::why::Outage;
use serde::{Deserialize, Serialize};

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the source's stream: how many steps of the simulator there were then; in live it counts
    /// what came.
    pub at: u64,
    /// Simulated time in the sandbox; the replica's clock, since the Unix epoch, in live.
    pub time: Time,
    /// Where, if at one replica.
    pub host: Option<HostId>,
    /// What.
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// The core said so.
    Event(Event),
    /// The visitor, the network or the link to a replica did something to the cluster: in words, and which
    /// outage it was, if it was one.
    Fault(String, Option<Outage>),
    /// A client asked for something or was told something.
    Client(String),
}

impl Record {
    /// An event of a replica.
    #[must_use]
    pub fn event(time: Time, host: impl Into<HostId>, event: Event) -> Self {
        Self { at: 0, time, host: Some(host.into()), what: Happening::Event(event) }
    }

    /// Something that was done to the cluster.
    #[must_use]
    pub fn fault(time: Time, host: Option<HostId>, text: impl Into<String>) -> Self {
        Self { at: 0, time, host, what: Happening::Fault(text.into(), None) }
    }

    /// The same, by which a replica went down or came up.
    #[must_use]
    pub fn outage(self, outage: Option<Outage>) -> Self {
        match self.what {
            Happening::Fault(text, _) => Self { what: Happening::Fault(text, outage), ..self },
            _ => self,
        }
    }

    /// Something at a client.
    #[must_use]
    pub fn client(time: Time, text: impl Into<String>) -> Self {
        Self { at: 0, time, host: None, what: Happening::Client(text.into()) }
    }

    /// What happened, as a sentence: the core's own for its events.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.what {
            Happening::Event(event) => event.to_string(),
            Happening::Fault(text, _) | Happening::Client(text) => text.clone(),
        }
    }

    /// The event's name, for tests and filters: the core's own for its events.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.what {
            Happening::Fault(..) => "fault",
            Happening::Client(_) => "client",
            Happening::Event(event) => event.kind(),
        }
    }

    /// How much it matters: what the core says of its events; what is done to the cluster is above them.
    #[must_use]
    pub fn level(&self) -> Level {
        match &self.what {
            Happening::Fault(..) => Level::Warn,
            Happening::Client(_) => Level::Info,
            Happening::Event(event) => event.level(),
        }
    }

    /// How much the sentence should stand out.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match &self.what {
            Happening::Fault(..) => Weight::Trouble,
            Happening::Client(_) => Weight::Progress,
            Happening::Event(event) => match event {
                Event::Committed { .. } | Event::Executed { .. } => Weight::Progress,
                Event::TimedOut { .. }
                | Event::TcFormed { .. }
                | Event::VoteRefused { .. }
                | Event::CommandRefused { .. }
                | Event::MessageRefused { .. }
                | Event::Equivocation(_)
                | Event::SentAgain { .. }
                | Event::PeerSetAside { .. }
                | Event::Halted { .. } => Weight::Trouble,
                _ => Weight::Routine,
            },
        }
    }
}

/// How much a record should stand out among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weight {
    /// The protocol's daily work.
    Routine,
    /// What clients wait for.
    Progress,
    /// Something did not go the short way.
    Trouble,
}
