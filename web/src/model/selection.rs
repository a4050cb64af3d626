//! What the visitor looks at.

use hotstuff_core::BlockId;
use hotstuff_sim::HostId;

/// What is selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// Nothing.
    #[default]
    Nothing,
    /// A replica.
    Replica(HostId),
    /// A block.
    Block(BlockId),
    /// A message on its way, by its number.
    Message(u64),
}

impl Selection {
    /// The selected replica.
    #[must_use]
    pub fn replica(self) -> Option<HostId> {
        if let Self::Replica(id) = self { Some(id) } else { None }
    }

    /// The selected message.
    #[must_use]
    pub fn message(self) -> Option<u64> {
        if let Self::Message(id) = self { Some(id) } else { None }
    }

    /// The selected block.
    #[must_use]
    pub fn block(self) -> Option<BlockId> {
        if let Self::Block(id) = self { Some(id) } else { None }
    }
}
