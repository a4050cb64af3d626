//! Messages on their way.

use hotstuff_core::message::MessageKind;
use hotstuff_core::{Time, View};
use hotstuff_sim::{HostId, InFlight};
use serde::{Deserialize, Serialize};

/// One message on its way from a replica to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// Tells it from others.
    pub id: u64,
    /// Who sent it.
    pub from: HostId,
    /// To whom.
    pub to: HostId,
    /// What it is.
    pub kind: MessageKind,
    /// The view it speaks of, where it does.
    pub view: Option<View>,
    /// When it left.
    pub sent: Time,
    /// When it arrives; in live a nominal time after it left, since no one measures it.
    pub arrives: Time,
    /// Whether the network loses it.
    pub dropped: bool,
}

/// How long a message is shown under way in live.
pub const NOMINAL_FLIGHT_US: u64 = 350_000;

impl From<InFlight> for Flight {
    fn from(flight: InFlight) -> Self {
        let InFlight { id, from, to, kind, view, sent, arrives, dropped } = flight;
        Self { id, from, to, kind, view, sent, arrives, dropped }
    }
}

impl Flight {
    /// How far it has come: 0 at its sender, 1 at its receiver.
    #[must_use]
    pub fn progress(&self, now: Time) -> f64 {
        let whole = (self.arrives - self.sent).0.max(1);
        ((now - self.sent).0 as f64 / whole as f64).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::ReplicaId;

    #[test]
    fn a_message_moves_from_its_sending_to_its_arrival() {
        let flight = Flight {
            id: 1,
            from: ReplicaId(0).into(),
            to: ReplicaId(1).into(),
            kind: MessageKind::Vote,
            view: None,
            sent: Time(1_000),
            arrives: Time(3_000),
            dropped: false,
        };
        assert_eq!(flight.progress(Time(0)), 0.0);
        assert_eq!(flight.progress(Time(2_000)), 0.5);
        assert_eq!(flight.progress(Time(9_000)), 1.0);
    }
}
