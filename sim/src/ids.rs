//! Names of what a simulated cluster is made of.

use core::fmt;
use hotstuff_core::ReplicaId;
use serde::{Deserialize, Serialize};

/// A machine of the cluster. Each replica has one; a *twin* is a second one that runs as the same
/// replica with the same key, so that both together are a replica which equivocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HostId {
    /// As which replica it runs.
    pub replica: ReplicaId,
    /// Whether it is the second one to do so.
    pub twin: bool,
}

impl HostId {
    /// The second host of a replica.
    #[must_use]
    pub fn twin_of(replica: ReplicaId) -> Self {
        Self { replica, twin: true }
    }
}

impl From<ReplicaId> for HostId {
    /// The first host of a replica.
    fn from(replica: ReplicaId) -> Self {
        Self { replica, twin: false }
    }
}

impl fmt::Display for HostId {
    /// `r1`, and `r1b` for its twin.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.replica, if self.twin { "b" } else { "" })
    }
}

/// One of the cluster's clients, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientNumber(pub u16);

impl ClientNumber {
    /// The operator, whose commands alone may change the committee.
    pub const OPERATOR: Self = Self(u16::MAX);
}

impl fmt::Display for ClientNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::OPERATOR { f.write_str("the operator") } else { write!(f, "client {}", self.0) }
    }
}
