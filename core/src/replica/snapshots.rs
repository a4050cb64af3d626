//! Snapshots: taken of this replica's own state, served to who is too far behind, and taken over
//! from peers by one who is.

use super::Replica;
use crate::app::App;
use crate::certificate::{BlockRef, QuorumCertificate};
use crate::download::Progress;
use crate::downloads::Downloads;
use crate::event::Event;
use crate::fetch::Led;
use crate::ids::{Epoch, Height, ReplicaId};
use crate::io::{Output, Record};
use crate::message::{Message, MessageKind};
use crate::refusal::Refusal;
use crate::snapshot::{Handover, Snapshot, SnapshotChunk, SnapshotRequest, StateImage, StateParts};
use crate::tree::BlockTree;
use crate::{verify, wire};
use alloc::vec::Vec;

/// What a replica knows of snapshots.
#[derive(Clone, Default)]
pub(super) struct Snapshots {
    /// The height of the one in the store; 0 where there is none.
    pub(super) height: Height,
    /// Blocks up to this height are stored no more.
    pub(super) useless_to: Height,
    /// How the committee came to be what it is.
    pub(super) handovers: Vec<Handover>,
    /// States that wait for a certified header that names them.
    unproven: Option<(BlockRef, StateImage)>,
    unproven_change: Option<(BlockRef, StateParts)>,
    /// The state is looked at again at this height.
    due: Height,
    pub(super) downloads: Downloads,
}

impl Snapshots {
    fn proven_epoch(&self) -> Epoch {
        self.handovers.last().map_or(Epoch::GENESIS, |proof| proof.header.epoch.next())
    }
}

impl<A: App> Replica<A> {
    /// After commits: notes the state, where it is time for a snapshot or the committee has changed.
    /// What was noted before and is still unproven will not be named by any header any more.
    pub(super) fn note_state(&mut self) {
        let head = self.tree.head();
        let interval = u64::from(self.config.snapshot_blocks);
        let due = self.snapshots.due.max(Height(self.snapshots.height.0.saturating_add(interval)));
        self.snapshots.unproven = None;
        if head.height >= due {
            self.snapshots.due = Height(head.height.0 + interval / 16 + 1);
            self.snapshots.unproven = Some((head, self.ledger.image()));
        }
        let newest = self.ledger.schedules().newest_epoch();
        self.snapshots.unproven_change = None;
        if newest > self.snapshots.proven_epoch() {
            self.snapshots.unproven_change = Some((head, self.ledger.parts()));
        }
    }

    /// A block of the tree is certified: if its header names a state that was noted, that state is
    /// proven.
    pub(super) fn prove_state(&mut self, qc: &QuorumCertificate) {
        let Some(height) = self.tree.commits_of(&qc.block.id) else { return };
        let names = |base: &BlockRef| base.height == height;
        if let Some((_, state)) = self.snapshots.unproven_change.take_if(|(base, _)| names(base)) {
            let newest = self.ledger.schedules().newest_epoch();
            let header = self.tree.block(&qc.block.id).map(|block| block.header().clone());
            if let Some(header) = header.filter(|header| header.epoch.next() == newest) {
                let handover = Handover { header, certificate: qc.clone(), state };
                self.persist(Record::Handover(handover.clone()));
                self.snapshots.handovers.push(handover);
            }
        }
        if let Some((base, state)) = self.snapshots.unproven.take_if(|(base, _)| names(base)) {
            let depth = self.committee.governed().commit_depth();
            let above = Height(base.height.0.saturating_sub(depth as u64 + 1));
            let mut ancestors = self.tree.branch(&qc.block.id, above);
            let Some(at) = ancestors.iter().position(|block| block.id() == base.id) else { return };
            let blocks = ancestors.split_off(at);
            if blocks.len() != depth + 2 {
                return;
            }
            let handovers = self.snapshots.handovers.clone();
            let snapshot = Snapshot { ancestors, blocks, certificate: qc.clone(), handovers, state };
            let useless_to = self.snapshots.height;
            (self.snapshots.height, self.snapshots.useless_to) = (base.height, useless_to);
            self.persist(Record::Snapshot { snapshot, useless_to });
            self.event(Event::SnapshotTaken { block: base });
        }
    }

    pub(super) fn serve_snapshot(&mut self, from: ReplicaId, request: SnapshotRequest) {
        if self.snapshots.height == Height::GENESIS {
            return self.send(from, Message::SnapshotChunk(SnapshotChunk::none()));
        }
        let bytes_max = self.config.snapshot_chunk_bytes;
        self.outputs.push_back(Output::LoadSnapshot { peer: from, request, bytes_max });
    }

    pub(super) fn on_snapshot_loaded(&mut self, peer: ReplicaId, chunk: SnapshotChunk) {
        let (height, offset) = (chunk.height, chunk.offset);
        self.event(Event::SnapshotServed { peer, height, offset });
        self.send(peer, Message::SnapshotChunk(chunk));
    }

    /// How many snapshots may be on their way at once: as many as may be of faulty peers, and one. Where
    /// peers are of committees that are not known here, there may be more of them.
    fn downloads_max(&self) -> usize {
        self.committees.newest().faulty_count_max().max(self.fetch.hinted() / 3) + 1
    }

    /// Whether one more may be on its way.
    pub(super) fn may_begin_download(&self) -> bool {
        self.snapshots.downloads.has_room(self.now, &self.config, self.downloads_max())
    }

    /// Whether `peer` may have something of use that is not on its way.
    pub(super) fn is_to_be_asked(&self, peer: ReplicaId) -> bool {
        let most = self.downloads_max();
        peer != self.id && self.snapshots.downloads.is_to_be_asked(self.now, &self.config, most, peer)
    }

    /// Takes the next part of a snapshot in, or the first, where blocks were asked for.
    pub(super) fn on_snapshot_chunk(&mut self, from: ReplicaId, chunk: SnapshotChunk) {
        if !self.snapshots.downloads.is_from(from) {
            // A part that is not the first is of one that has ended.
            if chunk.offset != 0 || !self.fetch.take_any_answer(from) {
                return self.refuse_chunk(from, Refusal::Unasked(from));
            }
            if chunk.height <= self.tree.head().height || chunk.total > self.config.snapshot_bytes {
                return self.set_aside(from, Led::NOWHERE);
            }
            if !self.may_begin_download() {
                self.snapshots.downloads.note_offer(from);
                return self.fetch.note_turn(from);
            }
            self.snapshots.downloads.begin(self.now, &self.config, from, &chunk);
            self.fetch.note_download(self.now, &self.config);
        }
        let progress = self.snapshots.downloads.add(self.now, &self.config, from, chunk);
        match progress.expect("it is there or has just begun") {
            Progress::Next(request) => self.send(from, Message::SnapshotRequest(request)),
            Progress::Repeated => self.refuse_chunk(from, Refusal::Unasked(from)),
            Progress::Useless => self.end_download(from, None),
            Progress::Whole(bytes) => {
                let installed = self.install(from, &bytes);
                if let Err(why) = &installed {
                    self.refuse_chunk(from, why.clone());
                }
                self.end_download(from, installed.ok());
            }
        }
    }

    fn refuse_chunk(&mut self, from: ReplicaId, why: Refusal) {
        self.event(Event::MessageRefused { from, kind: Some(MessageKind::SnapshotChunk), why });
    }

    /// A download is over: the snapshot led to a height, or its sender is given up.
    fn end_download(&mut self, peer: ReplicaId, reached: Option<Height>) {
        self.snapshots.downloads.end(self.now, peer);
        if reached.is_some() {
            self.snapshots.downloads.note_installed(peer);
        }
        self.set_aside(peer, Led { to: reached, is_new: reached.is_some() });
        self.fetch.note_download_ended(self.now, peer);
    }

    /// Others are asked for blocks while a snapshot comes: if theirs lead to its height, it is of no use.
    pub(super) fn end_overtaken_downloads(&mut self) {
        for peer in self.snapshots.downloads.overtaken(self.tree.head().height) {
            self.snapshots.downloads.end(self.now, peer);
            self.fetch.note_turn(peer);
        }
    }

    /// A part that does not come is asked for again: it may have got lost.
    pub(super) fn check_download_timers(&mut self) {
        for (peer, request) in self.snapshots.downloads.overdue(self.now, &self.config) {
            match request {
                Some(request) => self.send(peer, Message::SnapshotRequest(request)),
                None => self.end_download(peer, None),
            }
        }
    }

    /// Takes over a snapshot: what it proves takes the place of this replica's own chain and state.
    fn install(&mut self, from: ReplicaId, bytes: &[u8]) -> Result<Height, Refusal> {
        let mut snapshot: Snapshot = wire::decode(bytes).map_err(|_| Refusal::BadSnapshot)?;
        verify::snapshot(&self.committees, &snapshot)?;
        let known = self.committees.newest().epoch();
        let (block, root) = (snapshot.base().reference(), snapshot.root());
        if block.height <= self.tree.head().height {
            return Err(Refusal::OffCommittedBranch(self.tree.head()));
        }
        let restored = self.ledger.restore(&self.committee, snapshot.state.clone(), &root);
        restored.map_err(|_| Refusal::BadSnapshot)?;
        let commits = self.ledger.schedules().for_children();
        let (governed, bounds) = (self.committee.governed(), self.config.tree_bounds());
        let (ancestors, base) = (&snapshot.ancestors, snapshot.base().clone());
        self.tree = BlockTree::rooted(ancestors, base, commits, root, governed, bounds);
        let ledger = &self.ledger;
        self.mempool.retain(|id| ledger.outcome(id).is_none());
        self.waiting.retain(|_, held| held.block.height() > block.height);
        // Those of epochs known here before were not looked at.
        let unknown = |proof: &&Handover| proof.header.epoch >= known;
        self.snapshots.handovers.extend(snapshot.handovers.iter().filter(unknown).cloned());
        snapshot.handovers.clone_from(&self.snapshots.handovers);
        (self.snapshots.height, self.snapshots.useless_to) = (block.height, block.height);
        (self.snapshots.unproven, self.snapshots.unproven_change) = (None, None);
        self.persist(Record::Snapshot { snapshot: snapshot.clone(), useless_to: block.height });
        self.event(Event::SnapshotInstalled { block, peer: from, state_root: root });
        self.refresh_committees();
        self.note_state();
        for above in &snapshot.blocks[1..] {
            self.learn_qc(above.justify());
            self.add_block(above)?;
        }
        self.learn_qc(&snapshot.certificate);
        self.apply_certified(&snapshot.certificate);
        Ok(self.tree.head().height.max(block.height))
    }
}
