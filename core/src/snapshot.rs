//! The state after a committed block, with the proof that it is that: for who is too far behind to
//! execute every block, and for a replica's own restart.
//!
//! A header names the state root after the last block that its justify commits. So the certificate
//! of one block proves the state after another, further down; and the certified headers that first
//! name a new committee hand over from one committee's quorums to the next.

use crate::block::{Block, Header};
use crate::certificate::QuorumCertificate;
use crate::committee::Committee;
use crate::crypto::{Digest, Domain};
use crate::ids::Height;
use crate::schedule::{Schedules, SchedulesImage};
use crate::sessions::SessionsImage;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use serde::{Deserialize, Serialize};

/// A replicated state with its proof. Checked by [`crate::verify::snapshot`], but for the state
/// itself: its root is compared when it is restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The blocks below, oldest first: as many as a commit looks back over.
    pub ancestors: Vec<Block>,
    /// The block whose state it is, the certified blocks that commit it, and the one above these,
    /// whose header names the state root.
    pub blocks: Vec<Block>,
    /// The certificate of the last block.
    pub certificate: QuorumCertificate,
    /// How the committee came from the first to that of the certificate, oldest first.
    pub handovers: Vec<Handover>,
    /// The state.
    pub state: StateImage,
}

impl Snapshot {
    /// The block after which the state is this.
    ///
    /// # Panics
    /// When there are no blocks; a verified snapshot has some.
    #[must_use]
    pub fn base(&self) -> &Block {
        self.blocks.first().expect("a snapshot has blocks")
    }

    /// The state root, as a quorum has certified it.
    pub(crate) fn root(&self) -> Digest {
        self.blocks.last().expect("a snapshot has blocks").header().state_root
    }
}

/// The replicated state in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateImage {
    /// What [`crate::App::snapshot`] gave.
    pub(crate) app: Vec<u8>,
    pub(crate) sessions: SessionsImage,
    pub(crate) schedules: SchedulesImage,
}

/// Proof that one committee followed another: a block that the earlier one's quorum certified, whose
/// header names a state that has the later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The block's header.
    pub header: Header,
    /// Its certificate.
    pub certificate: QuorumCertificate,
    /// The parts of the state that the header names.
    pub(crate) state: StateParts,
}

/// What a state root is made of, with the schedules in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StateParts {
    pub(crate) app: Digest,
    pub(crate) sessions: Digest,
    pub(crate) schedules: SchedulesImage,
}

impl StateParts {
    /// The committee of the latest change, for the cluster of `committee`, and the root of the state.
    pub(crate) fn newest_committee(&self, committee: &Committee) -> Option<(Arc<Committee>, Digest)> {
        let schedules = Schedules::restored(committee, &self.schedules)?;
        let newest = schedules.committees().pop()?;
        Some((newest, state_root(&self.app, &self.sessions, &schedules.digest())))
    }
}

/// The root of a state made of these parts.
pub(crate) fn state_root(app: &Digest, sessions: &Digest, schedules: &Digest) -> Digest {
    Digest::of(Domain::StateRoot, &[&app.0, &sessions.0, &schedules.0])
}

/// A part of a snapshot's encoding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotChunk {
    /// The height of the snapshot's first block.
    pub height: Height,
    /// How many bytes there are in all.
    pub total: u64,
    /// How many come before these.
    pub offset: u64,
    /// The bytes; none where the sender has no snapshot.
    pub bytes: Vec<u8>,
}

impl SnapshotChunk {
    /// The part of `encoded`, the encoding of a snapshot of `height`, that a request asks for, of
    /// at most `bytes_max`; the first part, where the request is for another snapshot.
    #[must_use]
    pub fn cut(encoded: &[u8], height: Height, request: SnapshotRequest, bytes_max: u32) -> Self {
        let total = encoded.len() as u64;
        let Range { start, end } = Self::range(total, height, request, bytes_max);
        let bytes = encoded[start as usize..end as usize].to_vec();
        Self { height, total, offset: start, bytes }
    }

    /// Where that part lies in an encoding of `total` bytes: for those who do not hold all of it.
    #[must_use]
    pub fn range(total: u64, height: Height, request: SnapshotRequest, bytes_max: u32) -> Range<u64> {
        let asked = if request.height == Some(height) { request.offset } else { 0 };
        let start = asked.min(total);
        start..start.saturating_add(bytes_max.into()).min(total)
    }

    /// The answer of one who has no snapshot.
    #[must_use]
    pub fn none() -> Self {
        Self { height: Height::GENESIS, total: 0, offset: 0, bytes: Vec::new() }
    }
}

/// Asks for a part of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRequest {
    /// Which; `None` from one who has nothing of any yet.
    pub height: Option<Height>,
    /// From which byte on.
    pub offset: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_where_it_is_asked_for() {
        let encoded: Vec<u8> = (0..100).collect();
        let ask = |height, offset| SnapshotRequest { height, offset };
        let of_none = SnapshotChunk::cut(&encoded, Height(5), ask(None, 7), 33);
        assert_eq!((of_none.offset, of_none.bytes), (0, (0..33).collect()));
        let of_another = SnapshotChunk::cut(&encoded, Height(5), ask(Some(Height(4)), 33), 33);
        assert_eq!(of_another.offset, 0);
        let last = SnapshotChunk::cut(&encoded, Height(5), ask(Some(Height(5)), 99), 33);
        assert_eq!((last.total, last.offset, last.bytes), (100, 99, Vec::from([99])));
        let beyond = SnapshotChunk::cut(&encoded, Height(5), ask(Some(Height(5)), 101), 33);
        assert_eq!((beyond.offset, beyond.bytes), (100, Vec::new()));
    }
}
