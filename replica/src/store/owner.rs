//! Whose a store is.

use crate::config::hex;
use hotstuff_core::ReplicaId;
use hotstuff_core::crypto::{ClusterId, Digest};
use std::fmt;

/// Whose a store is. Stored as the text that it displays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The replica.
    pub id: ReplicaId,
    /// Its cluster.
    pub cluster: ClusterId,
}

impl Owner {
    /// The owner that a text names.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (id, cluster) = text.strip_prefix('r')?.split_once(" of cluster ")?;
        let id = ReplicaId(id.parse().ok()?);
        let owner = Self { id, cluster: ClusterId(hex::decode_32(cluster)?) };
        (owner.to_string() == text).then_some(owner)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of cluster {:#}", self.id, Digest(self.cluster.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_what_its_text_says() {
        let owner = Owner { id: ReplicaId(12), cluster: ClusterId([0xab; 32]) };
        assert_eq!(Owner::parse(&owner.to_string()), Some(owner));
        for wrong in ["", "r1", "r1 of cluster ", "x1 of cluster ab", &owner.to_string()[1..]] {
            assert_eq!(Owner::parse(wrong), None, "{wrong}");
        }
    }
}
