//! What can be done to a running cluster from outside.

use crate::config::LinkConfig;
use hotstuff_core::{ReplicaId, Time};
use hotstuff_kv::Operation;
use serde::{Deserialize, Serialize};

/// One thing done to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intervention {
    /// A replica crashes: it loses its memory, its timers and what arrives while it is down. Its
    /// disk stays.
    Kill(ReplicaId),
    /// A replica that is down starts again from its disk.
    Restart(ReplicaId),
    /// The client sends a command.
    Submit(Operation),
    /// All links behave differently for messages sent from now on.
    SetLinks(LinkConfig),
    /// A replica crashes at a boundary of its writes to come, before it performs any later output.
    KillAtWrite {
        /// Which.
        replica: ReplicaId,
        /// How many writes still become durable.
        writes: u64,
        /// Whether it crashes directly after the last of these, or directly before the next.
        edge: WriteEdge,
    },
}

/// The two sides of the outputs between two writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WriteEdge {
    /// Directly after a write: nothing that waited for it has left.
    After,
    /// Directly before the next: all that waited for the last one has left.
    Before,
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
