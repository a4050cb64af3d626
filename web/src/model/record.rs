//! One thing that happened, from whatever source: what all models are folded from.

use hotstuff_core::{Event, ReplicaId, Time};

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Simulated time in the sandbox; the replica's clock, since the Unix epoch, in live.
    pub time: Time,
    /// Where, if at one replica.
    pub replica: Option<ReplicaId>,
    /// What.
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The core said so.
    Event(Event),
    /// The visitor, the network or the link to a replica did something to the cluster.
    Fault(String),
    /// A client asked for something or was told something.
    Client(String),
}

impl Record {
    /// An event of a replica.
    #[must_use]
    pub fn event(time: Time, replica: ReplicaId, event: Event) -> Self {
        Self { time, replica: Some(replica), what: Happening::Event(event) }
    }

    /// Something that was done to the cluster.
    #[must_use]
    pub fn fault(time: Time, replica: Option<ReplicaId>, text: impl Into<String>) -> Self {
        Self { time, replica, what: Happening::Fault(text.into()) }
    }

    /// Something at a client.
    #[must_use]
    pub fn client(time: Time, text: impl Into<String>) -> Self {
        Self { time, replica: None, what: Happening::Client(text.into()) }
    }

    /// What happened, as a sentence: the core's own for its events.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.what {
            Happening::Event(event) => event.to_string(),
            Happening::Fault(text) | Happening::Client(text) => text.clone(),
        }
    }

    /// The event's name in kebab case, for tests and filters.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.what {
            Happening::Fault(_) => "fault",
            Happening::Client(_) => "client",
            Happening::Event(event) => match event {
                Event::Started { .. } => "started",
                Event::ViewEntered { .. } => "view-entered",
                Event::Proposed(_) => "proposed",
                Event::BlockAdded(_) => "block-added",
                Event::Voted { .. } => "voted",
                Event::VoteRefused { .. } => "vote-refused",
                Event::VoteCollected { .. } => "vote-collected",
                Event::QcFormed { .. } => "qc-formed",
                Event::HighQcRaised { .. } => "high-qc-raised",
                Event::LockRaised { .. } => "lock-raised",
                Event::TimedOut { .. } => "timed-out",
                Event::TimeoutCollected { .. } => "timeout-collected",
                Event::TcFormed { .. } => "tc-formed",
                Event::Committed { .. } => "committed",
                Event::Executed { .. } => "executed",
                Event::CommandAdmitted(_) => "command-admitted",
                Event::CommandRefused { .. } => "command-refused",
                Event::MessageRefused { .. } => "message-refused",
                Event::Equivocation(_) => "equivocation",
                Event::SentAgain { .. } => "sent-again",
                Event::CommitteeChanged { .. } => "committee-changed",
                Event::ChangeRefused { .. } => "change-refused",
                Event::EpochBegan { .. } => "epoch-began",
                Event::PeerSetAside { .. } => "peer-set-aside",
                Event::SnapshotTaken { .. } => "snapshot-taken",
                Event::SnapshotInstalled { .. } => "snapshot-installed",
                Event::SnapshotServed { .. } => "snapshot-served",
                Event::FetchStarted { .. } => "fetch-started",
                Event::FetchServed { .. } => "fetch-served",
                Event::FetchCompleted { .. } => "fetch-completed",
                Event::Halted { .. } => "halted",
            },
        }
    }

    /// How much the sentence should stand out.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match &self.what {
            Happening::Fault(_) => Weight::Trouble,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The protocol's daily work.
    Routine,
    /// What clients wait for.
    Progress,
    /// Something did not go the short way.
    Trouble,
}
