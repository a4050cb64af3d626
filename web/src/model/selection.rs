//! What the visitor looks at.

use hotstuff_core::{BlockId, ReplicaId};

/// What is selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// Nothing.
    #[default]
    Nothing,
    /// A replica.
    Replica(ReplicaId),
    /// A block.
    Block(BlockId),
}

impl Selection {
    /// The selected replica.
    #[must_use]
    pub fn replica(self) -> Option<ReplicaId> {
        if let Self::Replica(id) = self { Some(id) } else { None }
    }

    /// The selected block.
    #[must_use]
    pub fn block(self) -> Option<BlockId> {
        if let Self::Block(id) = self { Some(id) } else { None }
    }
}
