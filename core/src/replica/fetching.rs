//! Catching up: missing blocks are asked for in chunks, and served.
//!
//! Chunks ascend from the asker's committed head to the block it misses. Every block is certified
//! by the next one or by the answer itself, so each is checked and may commit as it arrives.

use super::Replica;
use crate::app::App;
use crate::block::Block;
use crate::certificate::{BlockId, BlockRef};
use crate::event::Event;
use crate::fetch::Led;
use crate::ids::{Epoch, Height, ReplicaId};
use crate::io::Output;
use crate::message::{FetchRequest, FetchResponse, Message, MessageKind};
use crate::refusal::Refusal;
use crate::serving::Request;
use crate::snapshot::SnapshotRequest;
use alloc::vec::Vec;

impl<A: App> Replica<A> {
    /// The certified block that is missing: the high QC's, or the parent of a proposal in waiting.
    fn missing(&self) -> Option<BlockRef> {
        let parents = self.waiting.values().map(|held| held.block.justify().block);
        let newest = parents.max_by_key(|block| block.view);
        let unknown =
            |block: &BlockRef| !self.tree.contains(&block.id) && block.height > self.tree.head().height;
        [Some(self.high_qc.block), newest].into_iter().flatten().find(unknown)
    }

    pub(super) fn note_missing(&mut self) {
        let missing = self.missing();
        if let Some(target) = self.fetch.want(self.now, &self.config, missing) {
            self.event(Event::FetchCompleted { target });
        }
        self.end_overtaken_downloads();
    }

    pub(super) fn check_fetch_timer(&mut self) {
        if self.fetch.deadline().is_none_or(|due| due > self.now) {
            return;
        }
        let ids = self.committees.newest().ids();
        let peers: Vec<ReplicaId> = ids.filter(|peer| self.is_to_be_asked(*peer)).collect();
        let is_downloading = !self.snapshots.downloads.is_empty();
        let asked = self.fetch.ask(self.now, &self.config, &peers, is_downloading);
        if let Some((peer, target, reached)) = asked {
            let above = self.tree.head().height.max(reached.unwrap_or_default());
            self.request(peer, Some(target), above);
        }
    }

    fn request(&mut self, peer: ReplicaId, target: Option<BlockRef>, above: Height) {
        let epoch = self.committees.newest().epoch();
        self.event(Event::FetchStarted { target, peer, above });
        self.send(peer, Message::FetchRequest(FetchRequest { above, target, epoch }));
    }

    /// A peer's message could not be verified: what else that tells.
    pub(super) fn note_refused(&mut self, from: ReplicaId, kind: Option<MessageKind>, why: &Refusal) {
        if from == self.id {
            return;
        }
        match why {
            // Its answer might begin a snapshot anew that is on its way.
            Refusal::UnknownEpoch { .. } if !self.is_to_be_asked(from) => {}
            Refusal::UnknownEpoch { .. } if self.follow_hint(from) => {}
            Refusal::OldEpoch { .. } => self.tell_behind(from),
            _ if kind == Some(MessageKind::FetchResponse) && self.fetch.take_any_answer(from) => {
                self.set_aside(from, Led::NOWHERE);
            }
            _ => {}
        }
    }

    /// A peer is in an epoch that is over here: it is told how far things are, once in a while.
    fn tell_behind(&mut self, peer: ReplicaId) {
        if self.serving.tell(peer, self.now, self.config.serve_interval_us) {
            self.tell_newest(peer);
        }
    }

    /// A peer seems to be ahead, in an epoch that is not known here. Returns whether it is asked.
    fn follow_hint(&mut self, from: ReplicaId) -> bool {
        let above = self.tree.head().height;
        let peers = self.committees.newest().size().max(self.fetch.hinted());
        let peers = u32::try_from(peers).unwrap_or(u32::MAX);
        let is_downloading = !self.snapshots.downloads.is_empty();
        let is_asked = self.fetch.take_hint(self.now, &self.config, from, above, peers, is_downloading);
        if is_asked {
            self.request(from, None, above);
        }
        is_asked
    }

    /// An answer of a peer that seemed to be ahead led on: it is asked for what comes next, or a replica
    /// that is far behind would get one chunk for each message that it does not understand.
    fn follow_on(&mut self, from: ReplicaId, asked_above: Height, led: Led) {
        // Blocks that are known, and not committed yet, lead on as well as new ones.
        if let Some(reached) = led.to.filter(|reached| *reached > asked_above && self.missing().is_none()) {
            self.fetch.ask_on(from, reached);
            self.request(from, None, reached.max(self.tree.head().height));
        }
    }

    /// A peer asks for something; it is served when it is its turn.
    pub(super) fn on_request(&mut self, from: ReplicaId, request: Request) {
        if from != self.id {
            self.serving.ask(from, request);
        }
    }

    pub(super) fn serve_waiting(&mut self) {
        while let Some((peer, request)) = self.serving.next(self.now, self.config.serve_interval_us) {
            match request {
                Request::Blocks(request) => self.serve_blocks(peer, request),
                Request::Snapshot(request) => self.serve_snapshot(peer, request),
            }
        }
    }

    /// Serves blocks from memory; where the first is no longer there, the store is asked.
    fn serve_blocks(&mut self, from: ReplicaId, request: FetchRequest) {
        let FetchRequest { above, target, epoch } = request;
        // One who asks for a block unknown here may yet be helped by what is known.
        let is_known =
            |target: &BlockRef| self.tree.block(&target.id).is_some_and(|held| held.reference() == *target);
        let known = [target.filter(is_known), Some(self.high_qc.block)].into_iter().flatten();
        let tip =
            known.map(|block| block.id).find(|id| self.tree.contains(id)).unwrap_or(self.tree.head().id);
        let (first, target) = (above.next(), target.map(|block| block.id));
        if above < self.snapshots.useless_to {
            return self.serve_snapshot(from, SnapshotRequest { height: None, offset: 0 });
        }
        if first < self.tree.lowest() {
            let to = Height(
                first.0.saturating_add(self.config.fetch_blocks.into()).min(self.tree.head().height.0),
            );
            self.outputs.push_back(Output::Load { peer: from, target, epoch, from: first, to });
            return;
        }
        let blocks = self.tree.branch(&tip, above);
        self.serve(from, target, epoch, blocks);
    }

    pub(super) fn on_loaded(
        &mut self,
        peer: ReplicaId,
        target: Option<BlockId>,
        epoch: Epoch,
        blocks: Vec<Block>,
    ) {
        if peer != self.id {
            self.serve(peer, target, epoch, blocks);
        }
    }

    /// Sends as many of `blocks`, from the first, as a response may hold and the peer can check,
    /// but one at least, and the certificate of the last. One without is left out.
    fn serve(&mut self, peer: ReplicaId, target: Option<BlockId>, epoch: Epoch, mut blocks: Vec<Block>) {
        let mut bytes = 0u64;
        let fits = |(position, block): &(usize, &Block)| {
            bytes += block.payload().operation_bytes();
            block.epoch() <= epoch && (*position == 0 || bytes <= u64::from(self.config.fetch_bytes))
        };
        let count = blocks.iter().enumerate().take_while(fits).count().min(self.config.fetch_blocks as usize);
        let next = blocks.get(count).map(|next| next.justify().clone());
        blocks.truncate(count);
        let mut certificate = None;
        if let Some(last) = blocks.last().filter(|last| Some(last.id()) != target) {
            let own = (self.high_qc.block.id == last.id()).then(|| self.high_qc.clone());
            certificate = next.or(own).or_else(|| self.tree.certificate_of(&last.id()));
            if certificate.is_none() {
                certificate = blocks.pop().map(|uncertified| uncertified.justify().clone());
            }
        }
        self.event(Event::FetchServed { peer, blocks: u32::try_from(blocks.len()).unwrap_or(u32::MAX) });
        self.send(peer, Message::FetchResponse(FetchResponse { target, blocks, certificate }));
    }

    pub(super) fn on_fetch_response(&mut self, from: ReplicaId, response: FetchResponse) {
        let hinted_above = self.fetch.hinted_above(from).filter(|_| response.target.is_none());
        if !self.fetch.take_answer(from, response.target) {
            self.refuse(from, &Message::FetchResponse(response), Refusal::Unasked(from));
            return;
        }
        let head = self.tree.head().height;
        if response.blocks.last().is_some_and(|last| last.height() <= head) {
            return self.fetch.note_turn(from);
        }
        let led = match self.add_fetched(&response) {
            Ok(led) => led,
            Err(why) => {
                self.refuse(from, &Message::FetchResponse(response), why);
                Led::NOWHERE
            }
        };
        if hinted_above.is_none() || led.to.is_some() {
            self.set_aside(from, led);
        }
        if let Some(asked_above) = hinted_above {
            self.fetch.note_hint_answer(from, led);
            self.follow_on(from, asked_above, led);
        }
        self.retry_waiting();
    }

    pub(super) fn set_aside(&mut self, peer: ReplicaId, led: Led) {
        if self.fetch.note_answer(self.now, peer, led) {
            self.event(Event::PeerSetAside { peer });
        }
    }

    /// Adds the blocks of an answer, each of which must be certified: by the next one's justify, as
    /// the target, or by the answer's certificate; for anyone who ever leads can sign blocks.
    fn add_fetched(&mut self, response: &FetchResponse) -> Result<Led, Refusal> {
        let mut led = Led::NOWHERE;
        for (position, block) in response.blocks.iter().enumerate() {
            let next = response.blocks.get(position + 1).map(Block::justify);
            let certificate = next.or(response.certificate.as_ref());
            let is_certified = certificate.is_some_and(|qc| qc.block == block.reference());
            if !is_certified && Some(block.id()) != response.target {
                return Err(Refusal::Uncertified(block.reference()));
            }
            if block.height() > self.tree.head().height {
                self.learn_qc(block.justify());
                led.is_new |= !self.tree.contains(&block.id());
                self.add_block(block)?;
                led.to = Some(block.height());
            }
        }
        if let Some(certificate) = response.certificate.as_ref().filter(|_| led.to.is_some()) {
            self.learn_qc(certificate);
            self.apply_certified(certificate);
        }
        Ok(led)
    }
}
