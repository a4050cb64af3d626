//! Which replica leads which view.

use crate::committee::Member;
use crate::ids::{ReplicaId, View};
use serde::{Deserialize, Serialize};

/// How leaders follow each other. The same at all replicas of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaderRule {
    /// Each member in turn, by ascending id: view v is led by member v mod n.
    RoundRobin,
}

impl LeaderRule {
    /// The leader of `view` among `members`, which are not empty.
    pub(crate) fn leader(self, view: View, members: &[Member]) -> ReplicaId {
        match self {
            Self::RoundRobin => {
                let position = view.0 % members.len() as u64;
                members[usize::try_from(position).expect("a committee's size fits")].id
            }
        }
    }
}
