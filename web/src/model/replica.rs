//! One replica as far as it is known: its last status, kept up to date by its events.

use hotstuff_core::{Event, ReplicaId, Status, Time};
use hotstuff_sim::{Conduct, HostId};
use serde::{Deserialize, Serialize};

/// Whether a replica can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// It runs, or its stream is live.
    #[default]
    Up,
    /// It has crashed (sandbox).
    Down,
    /// A first connection is being made (live).
    Connecting,
    /// The connection stands, but nothing has come for a while (live).
    Stale,
    /// No connection; tried again (live).
    Unreachable,
}

impl Reach {
    /// One word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "crashed",
            Self::Connecting => "connecting",
            Self::Stale => "stale",
            Self::Unreachable => "unreachable",
        }
    }
}

/// One replica, or one of the two hosts of a replica that runs twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replica {
    /// Its number, and whether it is the second host of that number.
    pub id: HostId,
    /// Whether it can be seen.
    pub reach: Reach,
    /// Its last known status; `None` until the first arrives.
    pub status: Option<Status>,
    /// When it entered its view.
    pub view_since: Time,
    /// When its patience or another timer runs out, where the source tells.
    pub deadline: Option<Time>,
    /// Whether it gave up on the view it is in.
    pub gave_up: bool,
    /// Observations that were lost on the way here.
    pub dropped: u64,
    /// What makes it faulty, where it is (sandbox).
    pub fault: Option<Fault>,
}

/// What makes a replica faulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// It does not keep to the protocol.
    Corrupt(Conduct),
    /// It runs on two hosts with one key.
    Twin,
    /// It came back without its disk.
    Amnesiac,
}

impl Replica {
    /// A replica of which nothing is known yet.
    #[must_use]
    pub fn new(id: HostId, reach: Reach) -> Self {
        Self {
            id,
            reach,
            status: None,
            view_since: Time::default(),
            deadline: None,
            gave_up: false,
            dropped: 0,
            fault: None,
        }
    }

    /// Whether it runs and is seen to.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.reach, Reach::Up | Reach::Stale)
    }

    /// Whether it leads the view it is in.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.is_up() && self.status.as_ref().is_some_and(|status| status.leader == self.id.replica)
    }

    /// Takes a fresh status in.
    pub fn adopt(&mut self, status: &Status, now: Time) {
        if self.status.as_ref().is_none_or(|old| old.view != status.view) {
            self.view_since = now;
            self.gave_up = false;
        }
        self.status = Some(status.clone());
    }

    /// Takes one of its events in.
    pub fn fold(&mut self, time: Time, event: &Event) {
        let Some(status) = &mut self.status else { return };
        match event {
            Event::ViewEntered { view, leader, next_leader, .. } => {
                status.view = *view;
                (status.leader, status.next_leader) = (*leader, *next_leader);
                self.view_since = time;
                self.gave_up = false;
            }
            Event::Voted { block, .. } => status.last_voted = block.view,
            Event::HighQcRaised { block } => status.high_qc = *block,
            Event::LockRaised { block } => status.lock = *block,
            Event::Committed { block, state_root } => {
                status.committed_head = block.block;
                status.state_root = *state_root;
            }
            Event::TimedOut { view, exponent, .. } => {
                status.timeout_exponent = *exponent;
                self.gave_up = *view == status.view;
            }
            Event::FetchStarted { .. } => status.fetching = true,
            Event::FetchCompleted { .. } => status.fetching = false,
            Event::EpochBegan { epoch, members, .. } => {
                status.epoch = *epoch;
                status.member = members.contains(&status.id);
            }
            Event::Halted { .. } => status.halted = true,
            _ => {}
        }
    }
}

/// A host as test ids and tags name it: `3`, and `3b` for the second host of r3.
#[must_use]
pub fn key(id: HostId) -> String {
    format!("{}{}", id.replica.0, if id.twin { "b" } else { "" })
}

/// The host that [`key`] names so.
#[must_use]
pub fn host_of(key: &str) -> Option<HostId> {
    let (number, twin) = key.strip_suffix('b').map_or((key, false), |number| (number, true));
    Some(HostId { replica: ReplicaId(number.parse().ok()?), twin })
}
