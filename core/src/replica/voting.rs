//! Proposals in, votes out; votes in, QCs out (HotStuff, algorithm 4).

use super::Replica;
use crate::app::App;
use crate::block::Block;
use crate::certificate::Vote;
use crate::collector::Collected;
use crate::event::Event;
use crate::evidence::Evidence;
use crate::ids::ReplicaId;
use crate::message::{Message, Proposal};
use crate::refusal::Refusal;

impl<A: App> Replica<A> {
    /// Acts on a proposal's certificates first, whatever becomes of its block (pitfall 19), then
    /// adds the block and votes for it if the rules allow.
    pub(super) fn on_proposal(&mut self, proposal: Proposal) {
        if let Some(tc) = &proposal.tc {
            self.learn_tc(tc);
        }
        self.learn_qc(proposal.block.justify());
        if self.is_halted {
            return;
        }
        let block = proposal.block.reference();
        if !self.tree.holds(&proposal.block) && !self.tree.contains(&proposal.block.parent()) {
            self.keep_waiting(proposal);
            return;
        }
        if self.safety.last_vote().is_some_and(|vote| vote.block == block) {
            return; // sent again
        }
        match self.consider(&proposal) {
            Ok(()) => {}
            Err(why) => self.event(Event::VoteRefused { block, why }),
        }
        if self.tree.holds(&proposal.block) {
            self.retry_waiting(); // proposals may overtake each other
        }
    }

    fn consider(&mut self, proposal: &Proposal) -> Result<(), Refusal> {
        let block = &proposal.block;
        if !self.tree.holds(block) {
            self.check_schedule(block)?;
        }
        if let Some(why) = self.equivocation(block) {
            return Err(why);
        }
        self.add_block(block)?;
        self.vote(proposal)
    }

    /// Keeps each leader's latest proposal whose parent is missing: the fetch of the parent is
    /// under way or starts now.
    fn keep_waiting(&mut self, proposal: Proposal) {
        let proposer = proposal.block.header().proposer;
        let is_newer = |held: &Proposal| held.block.view() < proposal.block.view();
        if proposal.block.justify().block.height > self.tree.head().height
            && self.waiting.get(&proposer).is_none_or(is_newer)
        {
            self.waiting.insert(proposer, proposal);
        } else {
            let why = Refusal::OffCommittedBranch(self.tree.head());
            self.event(Event::VoteRefused { block: proposal.block.reference(), why });
            self.halt_if_conflicting(proposal.block.justify());
        }
    }

    /// Takes waiting proposals up again whose parent is here by now, and drops those that came too
    /// late for their height.
    pub(super) fn retry_waiting(&mut self) {
        let head = self.tree.head().height;
        self.waiting.retain(|_, held| held.block.height() > head);
        let is_ready = |held: &Proposal| self.tree.contains(&held.block.parent());
        let ready = self.waiting.iter().filter(|(_, held)| is_ready(held));
        let first: Option<ReplicaId> =
            ready.min_by_key(|(_, held)| held.block.view()).map(|(proposer, _)| *proposer);
        if let Some(proposal) = first.and_then(|proposer| self.waiting.remove(&proposer)) {
            self.on_proposal(proposal);
        }
    }

    /// Votes for a block of the tree, if it is of this view, agrees with this replica's state, and
    /// `safety` allows.
    fn vote(&mut self, proposal: &Proposal) -> Result<(), Refusal> {
        let block = &proposal.block;
        let (view, current) = (block.view(), self.view());
        if view < current {
            return Err(Refusal::Stale { view, current });
        }
        self.check_state_root(block)?;
        if self.is_halted {
            return Err(Refusal::Halted);
        }
        if !self.committees.at(block.epoch())?.contains(self.id) {
            return Err(Refusal::NotAMember(block.epoch()));
        }
        let extends_lock = self.tree.extends(&block.id(), &self.safety.lock());
        let vote = self.safety.vote(block, proposal.tc.as_ref(), extends_lock)?.persist(&mut self.outputs);
        let collector = self.collector_of(&vote.block);
        self.pacemaker.note_vote(self.now);
        self.event(Event::Voted { block: vote.block, collector });
        if collector == self.id {
            self.on_vote(vote);
        } else {
            self.send(collector, Message::Vote(vote));
        }
        Ok(())
    }

    fn check_state_root(&self, block: &Block) -> Result<(), Refusal> {
        let header = block.header().state_root;
        match self.tree.state_for_child_of(&block.parent()) {
            Some((_, own)) if own == header => Ok(()),
            Some((height, own)) => Err(Refusal::StateRoot { height, header, own }),
            None => Err(Refusal::OffCommittedBranch(self.tree.head())),
        }
    }

    /// Collects a vote, and acts on the QC that it may complete.
    pub(super) fn on_vote(&mut self, vote: Vote) {
        let (block, voter) = (vote.block, vote.voter);
        if block.view <= self.high_qc.view() {
            return; // that view is certified already
        }
        let committees = self.committees.clone();
        let Ok(committee) = committees.at(block.epoch) else { return };
        match self.votes.add(committee, vote.clone()) {
            Collected::Known => {}
            Collected::Equivocation(first) => self.report(Evidence::Votes { first, second: vote }),
            Collected::Counted => self.event(Event::VoteCollected { block, voter }),
            Collected::Complete(qc) => {
                self.event(Event::VoteCollected { block, voter });
                self.event(Event::QcFormed { block, signers: qc.signers().collect() });
                self.has_own_qc = true;
                let (collector, before) = (self.collector_of(&block), self.view());
                self.learn_qc(&qc);
                if collector != self.id && self.view() > before && self.view().follows(block.view) {
                    self.pacemaker.note_late_leader();
                    self.tell_newest(collector); // a vote that this QC needs may not have reached it
                }
            }
        }
    }
}
