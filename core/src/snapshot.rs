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
use crate::ids::{Height, ReplicaId};
use crate::schedule::{Schedules, SchedulesImage};
use crate::sessions::SessionsImage;
use alloc::sync::Arc;
use alloc::vec::Vec;
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
        let asked = if request.height == Some(height) { request.offset } else { 0 };
        let start = usize::try_from(asked).unwrap_or(usize::MAX).min(encoded.len());
        let end = start.saturating_add(bytes_max as usize).min(encoded.len());
        let bytes = encoded[start..end].to_vec();
        Self { height, total: encoded.len() as u64, offset: start as u64, bytes }
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

/// A snapshot that is on its way here, part by part.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    pub(crate) peer: ReplicaId,
    height: Height,
    total: u64,
    bytes: Vec<u8>,
}

/// What a part led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More is to be asked for.
    Next(SnapshotRequest),
    /// That was the last part.
    Whole(Vec<u8>),
    /// The part does not continue what is here.
    Useless,
}

impl Download {
    /// A download from `peer` that begins with `chunk`.
    pub(crate) fn new(peer: ReplicaId, chunk: &SnapshotChunk) -> Self {
        Self { peer, height: chunk.height, total: chunk.total, bytes: Vec::new() }
    }

    /// Whether `chunk` begins a later snapshot, which its sender has made meanwhile.
    pub(crate) fn is_outdated_by(&self, chunk: &SnapshotChunk) -> bool {
        chunk.offset == 0 && chunk.height > self.height
    }

    /// What to ask for next.
    pub(crate) fn request(&self) -> SnapshotRequest {
        SnapshotRequest { height: Some(self.height), offset: self.bytes.len() as u64 }
    }

    /// Bytes held.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes a part in.
    pub(crate) fn add(&mut self, chunk: SnapshotChunk) -> Progress {
        let is_next = (chunk.height, chunk.total, chunk.offset)
            == (self.height, self.total, self.bytes.len() as u64)
            && !chunk.bytes.is_empty()
            && chunk.bytes.len() as u64 <= self.total - chunk.offset;
        if !is_next {
            return Progress::Useless;
        }
        self.bytes.extend(chunk.bytes);
        if self.bytes.len() as u64 == self.total {
            Progress::Whole(core::mem::take(&mut self.bytes))
        } else {
            Progress::Next(self.request())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn request(height: u64, offset: u64) -> SnapshotRequest {
        SnapshotRequest { height: Some(Height(height)), offset }
    }

    #[test]
    fn what_is_cut_comes_together_again() {
        let encoded: Vec<u8> = (0..100).collect();
        let first = SnapshotRequest { height: None, offset: 7 };
        let mut chunk = SnapshotChunk::cut(&encoded, Height(5), first, 33);
        assert_eq!((chunk.offset, chunk.bytes.len()), (0, 33));
        let mut download = Download::new(ReplicaId(1), &chunk);
        for _ in 0..3 {
            let Progress::Next(next) = download.add(chunk) else { panic!("there is more") };
            chunk = SnapshotChunk::cut(&encoded, Height(5), next, 33);
        }
        assert_eq!(download.add(chunk), Progress::Whole(encoded));
    }

    #[test]
    fn parts_that_do_not_continue_are_of_no_use() {
        let encoded = vec![1; 10];
        let chunk = |height, offset| SnapshotChunk::cut(&encoded, Height(height), request(height, offset), 4);
        let mut download = Download::new(ReplicaId(1), &chunk(5, 0));
        assert!(matches!(download.add(chunk(5, 0)), Progress::Next(_)));
        for wrong in [chunk(5, 0), chunk(5, 8), chunk(6, 4), chunk(5, 99), SnapshotChunk::none()] {
            assert_eq!(download.add(wrong), Progress::Useless);
        }
        let longer = SnapshotChunk { bytes: vec![1; 7], ..chunk(5, 4) };
        assert_eq!(download.add(longer), Progress::Useless);
        assert_eq!(download.len(), 4);
    }
}
