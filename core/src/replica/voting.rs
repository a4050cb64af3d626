//! Proposals in, votes out; votes in, QCs out (HotStuff, algorithm 4).

use super::Replica;
use crate::app::App;
use crate::block::Block;
use crate::certificate::Vote;
use crate::collector::Collected;
use crate::event::Event;
use crate::message::{Message, MessageKind, Proposal};
use crate::refusal::Refusal;

impl<A: App> Replica<A> {
    /// Acts on a proposal's certificates first, whatever becomes of its block (pitfall 19), then
    /// adds the block and votes for it if the rules allow.
    pub(super) fn on_proposal(&mut self, proposal: Proposal) {
        if let Some(tc) = &proposal.tc {
            self.learn_tc(tc);
        }
        self.learn_qc(proposal.block.justify());
        let reference = proposal.block.reference();
        if let Some(why) = self.equivocation(&proposal.block) {
            self.event(Event::VoteRefused { block: reference, why });
            return;
        }
        let is_known = self.tree.contains(&reference.id);
        if !is_known && !self.tree.contains(&proposal.block.parent()) {
            self.keep_waiting(proposal);
            return;
        }
        let added = self.add_block(&proposal.block);
        let is_added = added.is_ok();
        if let Err(why) = added.and_then(|()| self.vote(&proposal.block)) {
            self.event(Event::VoteRefused { block: reference, why });
        }
        if is_added {
            self.retry_waiting(); // proposals may overtake each other
        }
    }

    /// Keeps the latest proposal whose parent is missing: the fetch of the parent is under way or
    /// starts now.
    fn keep_waiting(&mut self, proposal: Proposal) {
        if proposal.block.justify().block.height > self.tree.head().height
            && self.waiting.as_ref().is_none_or(|held| held.block.view() < proposal.block.view())
        {
            self.waiting = Some(proposal);
        } else {
            let why = Refusal::OffCommittedBranch(self.tree.head());
            self.event(Event::VoteRefused { block: proposal.block.reference(), why });
            self.halt_if_conflicting(proposal.block.justify());
        }
    }

    /// Takes the waiting proposal up again once its parent is here.
    pub(super) fn retry_waiting(&mut self) {
        if self.waiting.as_ref().is_some_and(|held| self.tree.contains(&held.block.parent()))
            && let Some(proposal) = self.waiting.take()
        {
            self.on_proposal(proposal);
        }
    }

    /// A second block of the view's leader is evidence against it, and not kept unless a quorum
    /// certified it (pitfall 11).
    fn equivocation(&mut self, block: &Block) -> Option<Refusal> {
        let first = self.tree.first_of_view(block.view())?;
        if first.id == block.id() || block.id() == self.high_qc.block.id {
            return None;
        }
        let proposer = block.header().proposer;
        let second = block.reference();
        self.event(Event::Equivocation { replica: proposer, kind: MessageKind::Proposal, first, second });
        Some(Refusal::Equivocation { proposer, first })
    }

    /// Votes for a block of the tree, if it is of this view, agrees with this replica's state, and
    /// `safety` allows.
    fn vote(&mut self, block: &Block) -> Result<(), Refusal> {
        let (view, current) = (block.view(), self.view());
        if view < current {
            return Err(Refusal::Stale { view, current });
        }
        self.check_state_root(block)?;
        if self.is_halted {
            return Err(Refusal::Halted);
        }
        let extends_lock = self.tree.extends(&block.id(), &self.safety.lock());
        let vote = self.safety.vote(block, extends_lock)?.persist(&mut self.outputs);
        let collector = self.committee.leader(view.next());
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
        match self.votes.add(&self.committee, vote) {
            Collected::Known => {}
            Collected::Equivocation(first) => {
                let kind = MessageKind::Vote;
                self.event(Event::Equivocation { replica: voter, kind, first, second: block });
            }
            Collected::Counted => self.event(Event::VoteCollected { block, voter }),
            Collected::Complete(qc) => {
                self.event(Event::VoteCollected { block, voter });
                self.event(Event::QcFormed { block, signers: qc.signers().collect() });
                self.has_own_qc = true;
                self.learn_qc(&qc);
            }
        }
    }
}
