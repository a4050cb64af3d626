//! Why: what is folded from a stream of events, and answers why a block is not committed, what a replica waits
//! for, and why nothing goes on. It knows what the stream tells and nothing else, so that it serves simulated
//! runs, live clusters and recordings alike.

mod answer;
mod blocks;
mod progress;
mod replicas;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Reason};

use crate::Electorate;
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{BlockId, BlockRef, CommitRule, Event, Height, ReplicaId, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many heights below the highest block are remembered.
const HEIGHTS_MAX: u64 = 60;
/// How many views below the highest are remembered.
const VIEWS_MAX: u64 = 60;
/// How many blocks of one height are remembered.
const BLOCKS_PER_HEIGHT_MAX: usize = 16;
/// How many refusals of one block are remembered.
const REFUSALS_MAX: usize = 16;

/// The place of something in its stream, to go to.
pub type At = u64;

/// What was done to a replica from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outage {
    /// It went down.
    Down,
    /// It came back with its disk.
    Up,
    /// It came back without its disk.
    UpEmpty,
}

/// What a stream of events has told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Why {
    committee: Option<Electorate>,
    blocks: BTreeMap<BlockId, Block>,
    by_height: BTreeMap<Height, Vec<BlockId>>,
    views: BTreeMap<View, ViewTold>,
    replicas: BTreeMap<ReplicaId, Told>,
    /// The last commit of any replica.
    last_commit: Option<(BlockRef, At)>,
    /// Two signatures for one view, by who made them.
    equivocations: BTreeMap<ReplicaId, (String, At)>,
}

/// What was told of a block.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Block {
    summary: BlockSummary,
    proposed: At,
    votes: BTreeMap<ReplicaId, At>,
    collector: Option<ReplicaId>,
    refusals: Vec<(ReplicaId, String, At)>,
    certified: Option<At>,
    locked: Option<(ReplicaId, At)>,
    committed: Option<(ReplicaId, At)>,
}

/// What was told of a view.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct ViewTold {
    leader: Option<ReplicaId>,
    proposal: Option<(BlockId, At)>,
    timeouts: BTreeMap<ReplicaId, At>,
    given_up: Option<At>,
}

/// What was told of a replica.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Told {
    view: View,
    leader: Option<ReplicaId>,
    entered: Option<At>,
    voted: Option<(BlockRef, At)>,
    refused: Option<(BlockRef, String, At)>,
    lock: Option<(BlockRef, At)>,
    timed_out: Option<(View, At)>,
    fetching: Option<(ReplicaId, At)>,
    committed: Option<(BlockRef, At)>,
    halted: Option<(BlockRef, BlockRef, At)>,
    down: Option<At>,
    empty: Option<At>,
}

impl Why {
    /// Nothing is told yet.
    #[must_use]
    pub fn new(committee: Electorate) -> Self {
        Self { committee: Some(committee), ..Self::default() }
    }

    /// Takes in what happened to a replica from outside.
    pub fn outage(&mut self, at: At, replica: ReplicaId, outage: Outage) {
        let told = self.replicas.entry(replica).or_default();
        match outage {
            Outage::Down => told.down = Some(at),
            Outage::Up => told.down = None,
            Outage::UpEmpty => *told = Told { empty: Some(at), ..Told::default() },
        }
    }

    /// Takes an event in.
    pub fn event(&mut self, at: At, replica: ReplicaId, event: &Event) {
        match event {
            Event::Proposed(block) | Event::BlockAdded(block) => self.block_told(at, block),
            Event::QcFormed { block, signers } => {
                self.certified(at, block);
                if let Some(told) = self.blocks.get_mut(&block.id) {
                    signers.iter().for_each(|signer| {
                        told.votes.entry(*signer).or_insert(at);
                    });
                }
            }
            Event::HighQcRaised { block } => self.certified(at, block),
            Event::Voted { block, collector } => {
                if let Some(told) = self.blocks.get_mut(&block.id) {
                    told.votes.entry(replica).or_insert(at);
                    told.collector = Some(*collector);
                }
            }
            Event::VoteRefused { block, why } => {
                if let Some(told) = self.blocks.get_mut(&block.id)
                    && told.refusals.len() < REFUSALS_MAX
                {
                    told.refusals.push((replica, why.to_string(), at));
                }
            }
            Event::LockRaised { block } => {
                if let Some(told) = self.blocks.get_mut(&block.id) {
                    told.locked.get_or_insert((replica, at));
                }
            }
            Event::ViewEntered { view, leader, .. } => {
                self.view(*view).leader = Some(*leader);
                self.forget();
            }
            Event::TimedOut { view, .. } => {
                self.view(*view).timeouts.entry(replica).or_insert(at);
            }
            Event::TcFormed { view, .. } => {
                self.view(*view).given_up.get_or_insert(at);
            }
            Event::Committed { block, .. } => {
                self.block_told(at, block);
                if let Some(told) = self.blocks.get_mut(&block.block.id) {
                    told.committed.get_or_insert((replica, at));
                }
                if self.last_commit.is_none_or(|(last, _)| last.height < block.block.height) {
                    self.last_commit = Some((block.block, at));
                }
            }
            Event::Equivocation(evidence) => {
                let (who, text) = (evidence.replica(), evidence.to_string());
                self.equivocations.entry(who).or_insert((text, at));
            }
            Event::EpochBegan { .. } => {
                if let Some(committee) = &mut self.committee {
                    committee.event(event);
                }
            }
            _ => {}
        }
        self.replicas.entry(replica).or_default().event(at, event);
    }

    fn block_told(&mut self, at: At, summary: &BlockSummary) {
        let BlockRef { id, height, view, .. } = summary.block;
        if self.blocks.contains_key(&id) {
            return;
        }
        let block = Block {
            summary: summary.clone(),
            proposed: at,
            votes: BTreeMap::new(),
            collector: None,
            refusals: Vec::new(),
            certified: None,
            locked: None,
            committed: None,
        };
        self.blocks.insert(id, block);
        let at_height = self.by_height.entry(height).or_default();
        at_height.push(id);
        // In a stall one proposal after the other is for the same height.
        if at_height.len() > BLOCKS_PER_HEIGHT_MAX {
            let is_open = |id: &BlockId| self.blocks.get(id).is_none_or(|block| block.committed.is_none());
            if let Some(oldest) = at_height.iter().position(is_open) {
                self.blocks.remove(&at_height.remove(oldest));
            }
        }
        self.view(view).proposal.get_or_insert((id, at));
        // It carries its parent's certificate.
        if let Some(parent) = self.blocks.get_mut(&summary.parent) {
            parent.certified.get_or_insert(at);
        }
        self.forget();
    }

    fn certified(&mut self, at: At, block: &BlockRef) {
        if let Some(told) = self.blocks.get_mut(&block.id) {
            told.certified.get_or_insert(at);
        }
    }

    fn view(&mut self, view: View) -> &mut ViewTold {
        self.views.entry(view).or_default()
    }

    /// Forgets what is far below the newest.
    fn forget(&mut self) {
        if let Some(top) = self.by_height.keys().next_back() {
            let first = Height(top.0.saturating_sub(HEIGHTS_MAX));
            while let Some(lowest) = self.by_height.first_entry().filter(|lowest| *lowest.key() < first) {
                for id in lowest.remove() {
                    self.blocks.remove(&id);
                }
            }
        }
        if let Some(top) = self.views.keys().next_back() {
            let first = View(top.0.saturating_sub(VIEWS_MAX));
            while self.views.first_key_value().is_some_and(|(lowest, _)| *lowest < first) {
                self.views.pop_first();
            }
        }
    }

    fn is_down(&self, id: ReplicaId) -> Option<At> {
        self.replicas.get(&id)?.down
    }

    fn rule(&self) -> CommitRule {
        self.committee.as_ref().map(|committee| committee.rule).unwrap_or_default()
    }
}

impl Told {
    fn event(&mut self, at: At, event: &Event) {
        match event {
            Event::ViewEntered { view, leader, .. } => {
                (self.view, self.leader, self.entered) = (*view, Some(*leader), Some(at));
            }
            Event::Voted { block, .. } => self.voted = Some((*block, at)),
            Event::VoteRefused { block, why } => self.refused = Some((*block, why.to_string(), at)),
            Event::LockRaised { block } => self.lock = Some((*block, at)),
            Event::TimedOut { view, .. } => self.timed_out = Some((*view, at)),
            Event::FetchStarted { peer, .. } => self.fetching = Some((*peer, at)),
            Event::FetchCompleted { .. } | Event::SnapshotInstalled { .. } => self.fetching = None,
            Event::Committed { block, .. } => self.committed = Some((block.block, at)),
            Event::Halted { head, conflicting } => self.halted = Some((*head, *conflicting, at)),
            _ => {}
        }
    }
}
