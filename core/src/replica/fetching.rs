//! Catching up: missing blocks are asked for in chunks, and served.
//!
//! Chunks ascend from the asker's committed head to the block it misses, and every block carries the certificate of the
//! one before, so each is checked and may commit as it arrives.

use super::Replica;
use crate::app::App;
use crate::block::Block;
use crate::certificate::{BlockId, BlockRef};
use crate::event::Event;
use crate::fetch;
use crate::ids::{Height, ReplicaId};
use crate::io::Output;
use crate::message::{FetchRequest, FetchResponse, Message};
use crate::refusal::Refusal;
use alloc::vec::Vec;

impl<A: App> Replica<A> {
    /// The certified block that is missing: the high QC's, or the parent of a proposal in waiting.
    fn missing(&self) -> Option<BlockRef> {
        let waiting = self.waiting.as_ref().map(|held| held.block.justify().block);
        let candidates = [Some(self.high_qc.block), waiting];
        let unknown =
            |block: &BlockRef| !self.tree.contains(&block.id) && block.height > self.tree.head().height;
        candidates.into_iter().flatten().find(unknown)
    }

    pub(super) fn note_missing(&mut self) {
        let missing = self.missing();
        if let Some(target) = self.fetch.want(self.now, &self.config, missing) {
            self.event(Event::FetchCompleted { target });
        }
    }

    pub(super) fn check_fetch_timer(&mut self) {
        let peers = fetch::peers(self.committee.ids(), self.id);
        if let Some((peer, target, reached)) = self.fetch.ask(self.now, &self.config, &peers) {
            let above = self.tree.head().height.max(reached.unwrap_or_default());
            self.event(Event::FetchStarted { target, peer, above });
            self.send(peer, Message::FetchRequest(FetchRequest { above, target }));
        }
    }

    /// Serves blocks from memory; where the first is no longer there, the store is asked.
    pub(super) fn on_fetch_request(&mut self, from: ReplicaId, request: FetchRequest) {
        if from == self.id || self.committee.key(from).is_none() {
            return;
        }
        let FetchRequest { above, target } = request;
        let first = above.next();
        let is_known = self.tree.block(&target.id).is_some_and(|block| block.reference() == target);
        if is_known && first < self.tree.lowest() && above >= Height::GENESIS {
            let most = u64::from(self.config.fetch_blocks) - 1;
            let to = Height(first.0.saturating_add(most).min(self.tree.head().height.0));
            self.outputs.push_back(Output::Load { peer: from, target: target.id, from: first, to });
            return;
        }
        let blocks = if is_known { self.tree.branch(&target.id, above) } else { Vec::new() };
        self.serve(from, target.id, blocks);
    }

    pub(super) fn on_loaded(&mut self, peer: ReplicaId, target: BlockId, blocks: Vec<Block>) {
        if peer != self.id {
            self.serve(peer, target, blocks);
        }
    }

    /// Sends as many of `blocks`, from the first, as a response may hold, but two at least: the last
    /// is of use only as the certificate of the one before, unless it is the target.
    fn serve(&mut self, peer: ReplicaId, target: BlockId, mut blocks: Vec<Block>) {
        let mut bytes = 0u64;
        let fits = |block: &Block| {
            bytes += block.payload().operation_bytes();
            bytes <= u64::from(self.config.fetch_bytes)
        };
        let count = blocks.iter().map(fits).take_while(|fits| *fits).count().max(2);
        blocks.truncate(count.min(self.config.fetch_blocks as usize));
        self.event(Event::FetchServed { peer, blocks: u32::try_from(blocks.len()).unwrap_or(u32::MAX) });
        self.send(peer, Message::FetchResponse(FetchResponse { target, blocks }));
    }

    pub(super) fn on_fetch_response(&mut self, from: ReplicaId, response: FetchResponse) {
        if !self.fetch.take_answer(from, &response.target) {
            self.refuse(from, &Message::FetchResponse(response), Refusal::Unasked(from));
            return;
        }
        let reached = match self.add_fetched(&response) {
            Ok(reached) => reached,
            Err(why) => {
                self.refuse(from, &Message::FetchResponse(response), why);
                None
            }
        };
        self.fetch.note_answer(self.now, reached);
        self.retry_waiting();
    }

    /// Adds the blocks of an answer that are certified: by the next one's justify, or as the target.
    /// The last is left out where it is neither, as anyone who ever leads can sign blocks. Returns
    /// how far up they led.
    fn add_fetched(&mut self, response: &FetchResponse) -> Result<Option<Height>, Refusal> {
        let mut reached = None;
        for (position, block) in response.blocks.iter().enumerate() {
            let next = response.blocks.get(position + 1);
            let is_certified = match next {
                _ if block.id() == response.target => true,
                Some(next) => next.justify().block == block.reference(),
                None => break,
            };
            if !is_certified {
                return Err(Refusal::Uncertified(block.reference()));
            }
            if block.height() > self.tree.head().height {
                self.learn_qc(block.justify());
                self.add_block(block)?;
                reached = Some(block.height());
            }
        }
        Ok(reached)
    }
}
