//! How much an event matters to who looks after a replica.

use super::Event;
use core::fmt;
use serde::{Deserialize, Serialize};

/// How much something matters, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// This replica takes part no more.
    Error,
    /// Somebody has to know: proof of a fault elsewhere, another committee.
    Warn,
    /// Out of the ordinary: a refusal, a view given up, a state taken over.
    Info,
    /// The protocol at work.
    Debug,
}

impl Level {
    /// All of them, the gravest first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// Its name, in small letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Event {
    /// How much it matters.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Halted { .. } => Level::Error,
            Self::Equivocation(_) | Self::CommitteeChanged { .. } | Self::EpochBegan { .. } => Level::Warn,
            // One who is ahead or behind says much of it.
            Self::MessageRefused { why, .. } if why.is_by_epoch() => Level::Debug,
            Self::Started { .. }
            | Self::VoteRefused { .. }
            | Self::CommandRefused { .. }
            | Self::MessageRefused { .. }
            | Self::ChangeRefused { .. }
            | Self::TimedOut { .. }
            | Self::SnapshotInstalled { .. } => Level::Info,
            Self::ViewEntered { .. }
            | Self::Proposed(_)
            | Self::BlockAdded(_)
            | Self::Voted { .. }
            | Self::VoteCollected { .. }
            | Self::QcFormed { .. }
            | Self::HighQcRaised { .. }
            | Self::LockRaised { .. }
            | Self::TimeoutCollected { .. }
            | Self::TcFormed { .. }
            | Self::Committed { .. }
            | Self::Executed { .. }
            | Self::CommandAdmitted(_)
            | Self::SentAgain { .. }
            | Self::SnapshotTaken { .. }
            | Self::SnapshotServed { .. }
            | Self::PeerSetAside { .. }
            | Self::FetchStarted { .. }
            | Self::FetchServed { .. }
            | Self::FetchCompleted { .. } => Level::Debug,
        }
    }
}
