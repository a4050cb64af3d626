//! What one run is to do.

use crate::client::random::arrivals::Pace;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// One run's settings, as they stand in its document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Who decides when a command is sent.
    #[serde(rename = "loop")]
    pub shape: Shape,
    /// Client keys, each with a link to every replica.
    pub connections: u32,
    /// Bytes of each value that is set.
    pub payload_bytes: u32,
    /// Which share of the commands only reads.
    pub read_share: f64,
    /// How many keys of the store the commands are about.
    pub keys: u32,
    /// How long commands are sent before those that are measured.
    pub warm_up_ms: u64,
    /// How long commands are sent that are measured.
    pub duration_ms: u64,
    /// How long is waited for agreement on a command.
    pub timeout_s: u64,
    /// What all chance is drawn from.
    pub seed: u64,
}

/// Who decides when a command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Shape {
    /// The cluster: each client sends its next command as one of its commands is done.
    Closed {
        /// How many there are.
        clients: u32,
        /// Commands that each has in flight.
        in_flight: u32,
    },
    /// A schedule that does not wait for the cluster.
    Open {
        /// Commands a second, on average.
        rate_per_s: f64,
        /// How the spans between them are.
        arrivals: Arrivals,
        /// Most commands in flight, over all connections.
        in_flight: u32,
    },
}

/// [`Pace`], as documents name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Arrivals {
    Poisson,
    Constant,
}

impl From<Pace> for Arrivals {
    fn from(pace: Pace) -> Self {
        match pace {
            Pace::Poisson => Self::Poisson,
            Pace::Constant => Self::Constant,
        }
    }
}

impl From<Arrivals> for Pace {
    fn from(arrivals: Arrivals) -> Self {
        match arrivals {
            Arrivals::Poisson => Self::Poisson,
            Arrivals::Constant => Self::Constant,
        }
    }
}

impl Settings {
    pub(super) fn warm_up(&self) -> Duration {
        Duration::from_millis(self.warm_up_ms)
    }

    /// When the last command may be sent, from the start of the warm-up on.
    pub(super) fn end(&self) -> Duration {
        Duration::from_millis(self.warm_up_ms.saturating_add(self.duration_ms))
    }
}

impl Shape {
    /// Most commands that are in flight at once.
    pub(super) fn in_flight(&self) -> u64 {
        match *self {
            Self::Closed { clients, in_flight } => u64::from(clients) * u64::from(in_flight),
            Self::Open { in_flight, .. } => in_flight.into(),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Closed { clients: 1, in_flight: 1 } => write!(f, "1 client"),
            Self::Closed { clients, in_flight: 1 } => write!(f, "{clients} clients"),
            Self::Closed { clients, in_flight } => write!(f, "{clients} × {in_flight} in flight"),
            Self::Open { rate_per_s, arrivals: Arrivals::Poisson, .. } => write!(f, "{rate_per_s}/s"),
            Self::Open { rate_per_s, arrivals: Arrivals::Constant, .. } => {
                write!(f, "{rate_per_s}/s, constant")
            }
        }
    }
}
