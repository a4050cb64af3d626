//! Proof that a replica broke the protocol, which anyone who knows the committee can check.

use crate::block::SignedHeader;
use crate::certificate::{BlockRef, Vote};
use crate::ids::ReplicaId;
use crate::message::MessageKind;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Two things that an honest replica never signs both (pitfall 11). Made by
/// [`crate::Event::Equivocation`], checked by [`crate::verify::evidence`].
#[allow(clippy::large_enum_variant, reason = "evidence is rare, and boxed where it is told")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// Two blocks for one view.
    Proposals {
        /// The one seen first.
        first: SignedHeader,
        /// The other.
        second: SignedHeader,
    },
    /// Votes for two blocks of one view.
    Votes {
        /// The one seen first.
        first: Vote,
        /// The other.
        second: Vote,
    },
}

impl Evidence {
    /// Who signed both.
    #[must_use]
    pub fn replica(&self) -> ReplicaId {
        match self {
            Self::Proposals { first, .. } => first.header.proposer,
            Self::Votes { first, .. } => first.voter,
        }
    }

    /// Proposals or votes.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::Proposals { .. } => MessageKind::Proposal,
            Self::Votes { .. } => MessageKind::Vote,
        }
    }

    /// The two blocks.
    #[must_use]
    pub fn blocks(&self) -> (BlockRef, BlockRef) {
        match self {
            Self::Proposals { first, second } => (first.reference(), second.reference()),
            Self::Votes { first, second } => (first.block, second.block),
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.blocks();
        write!(f, "{} equivocated: {} for {first} and for {second}", self.replica(), self.kind())
    }
}
