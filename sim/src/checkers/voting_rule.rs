//! Every vote obeys the voting rule, by what the replica told and was sent before.
//!
//! The lock and both clauses are worked out right here: a core that forgets or ignores its lock is
//! found by its first vote that matters.

use super::told::{Held, Told};
use super::{Breach, Checker, Observed};
use hotstuff_core::certificate::BlockId;
use hotstuff_core::event::EntryCause;
use hotstuff_core::message::{MessageKind, Proposal};
use hotstuff_core::{BlockRef, CommitRule, Event, Message, Refusal, ReplicaId, View};
use std::collections::BTreeMap;

/// What each replica may vote for.
#[derive(Clone)]
pub(super) struct VotingRule {
    rule: CommitRule,
    voters: BTreeMap<ReplicaId, Voter>,
}

impl VotingRule {
    pub(super) fn new(rule: CommitRule) -> Self {
        Self { rule, voters: BTreeMap::new() }
    }
}

/// One replica.
#[derive(Clone)]
struct Voter {
    rule: CommitRule,
    told: Told,
    /// Not known only where the replica was down again at once.
    high_qc: Option<BlockRef>,
    /// At least the lock that the replica must have.
    lock: BlockRef,
    last_voted: View,
    /// Blocks that came with a TC of the view before: for each, its view, and the lowest high QC of such
    /// a TC.
    reasons: BTreeMap<BlockId, (View, View)>,
    /// The view under way, its leader, and the block that says so.
    entered: Option<(View, ReplicaId, BlockId)>,
}

impl Checker for VotingRule {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        let Some(replica) = observed.id() else { return Ok(()) };
        for event in &observed.step.events {
            if let Event::Started { head, last_voted } = event {
                let before = self.voters.remove(&replica);
                let voter = Voter::started(self.rule, before, *head, observed);
                let voter = self.voters.entry(replica).or_insert(voter);
                voter.remembers(replica, *last_voted)?;
            }
        }
        let Some(voter) = self.voters.get_mut(&replica) else { return Ok(()) };
        voter.proposals(observed);
        for event in &observed.step.events {
            voter.event(event).map_err(|(block, why)| Breach::VotingRule { replica, block, why })?;
        }
        let Some((status, core)) = observed.status.zip(observed.replica) else { return Ok(()) };
        voter.told.keep_up(core);
        if status.lock.view < voter.lock.view {
            return Err(Breach::Lock { replica, lock: status.lock, least: voter.lock });
        }
        Ok(())
    }
}

impl Voter {
    fn started(rule: CommitRule, before: Option<Self>, head: BlockRef, observed: &Observed<'_>) -> Self {
        let fresh = |told| Self {
            rule,
            told,
            high_qc: observed.status.map(|status| status.high_qc),
            lock: head,
            last_voted: View::GENESIS,
            reasons: BTreeMap::new(),
            entered: None,
        };
        match before {
            None => fresh(Told::started(None, head, observed)),
            Some(Self { told, lock, last_voted, reasons, .. }) => {
                let told = Told::started(Some(told), head, observed);
                Self { lock, last_voted, reasons, ..fresh(told) }
            }
        }
    }

    /// A replica knows at a start what it voted for before.
    fn remembers(&mut self, replica: ReplicaId, last_voted: View) -> Result<(), Breach> {
        if last_voted < self.last_voted {
            return Err(Breach::ForgottenVote { replica, voted: self.last_voted, last_voted });
        }
        self.last_voted = last_voted;
        Ok(())
    }

    /// Notes the TCs that came with proposals, others' and its own.
    fn proposals(&mut self, observed: &Observed<'_>) {
        let own = observed.sent.iter().map(|sent| sent.content());
        let received = observed.received.map(|letter| letter.content());
        let received = received.filter(|_| !observed.refuses(MessageKind::Proposal));
        for message in own.chain(received) {
            let Message::Proposal(Proposal { block, tc: Some(tc) }) = message else { continue };
            if block.view().follows(tc.view) && block.epoch() == tc.epoch && block.view() > self.last_voted {
                let high_qc = tc.high_qc.view();
                let reason = self.reasons.entry(block.id()).or_insert((block.view(), high_qc));
                reason.1 = reason.1.min(high_qc);
            }
        }
    }

    fn event(&mut self, event: &Event) -> Result<(), (BlockRef, Refusal)> {
        match event {
            Event::BlockAdded(summary) => {
                let held = Held::from(summary);
                self.told.add(held);
                self.certified(&held.parent);
                if Some(held.block) == self.high_qc {
                    self.certified(&held.block.id);
                }
            }
            Event::HighQcRaised { block } => {
                self.high_qc = Some(*block);
                self.certified(&block.id);
            }
            Event::LockRaised { block } => self.raise_lock(*block),
            Event::SnapshotInstalled { block, .. } => self.told = Told::rooted(*block),
            Event::Committed { block, .. } => {
                self.told.commit(block.block);
                self.reasons.retain(|_, (view, _)| *view > block.block.view);
            }
            Event::ViewEntered { view, leader, cause, .. } => {
                // Above a block that is missing here, or at a start, another may lead.
                let above = self.high_qc.filter(|_| *cause != EntryCause::Start);
                let above = above.filter(|block| self.told.reference(&block.id).is_some());
                self.entered = above.map(|block| (*view, *leader, block.id));
            }
            Event::Voted { block, .. } => {
                self.vote(block).map_err(|why| (*block, why))?;
                self.last_voted = block.view;
                self.reasons.retain(|_, (view, _)| *view > block.view);
            }
            _ => {}
        }
        Ok(())
    }

    /// A certificate of a block is known: locks where the block is held.
    fn certified(&mut self, id: &BlockId) {
        let locked = match self.rule {
            CommitRule::ThreeChain => {
                self.told.block(id).and_then(|certified| self.told.reference(&certified.parent))
            }
            CommitRule::TwoChain => self.told.reference(id),
        };
        if let Some(block) = locked {
            self.raise_lock(block);
        }
    }

    fn raise_lock(&mut self, block: BlockRef) {
        if block.view > self.lock.view {
            self.lock = block;
        }
    }

    fn vote(&self, block: &BlockRef) -> Result<(), Refusal> {
        let (view, last_voted, lock) = (block.view, self.last_voted, self.lock);
        if view <= last_voted {
            return Err(Refusal::AlreadyVoted { view, last_voted });
        }
        let off_branch = Refusal::OffCommittedBranch(self.told.head());
        let held = self.told.block(&block.id).ok_or(off_branch)?;
        let (justify, proposer) = (held.justify, held.proposer);
        let reason = self.reasons.get(&block.id).map(|(_, high_qc)| *high_qc);
        if !view.follows(justify) && reason.is_none() {
            return Err(Refusal::ViewNotJustified { view, justify });
        }
        match self.entered {
            Some((entered, leader, above))
                if (entered, above) == (view, held.parent) && leader != proposer =>
            {
                return Err(Refusal::NotLeader { view, proposer, leader });
            }
            _ => {}
        }
        match (self.rule, reason) {
            (CommitRule::ThreeChain, _) if justify <= lock.view && !self.told.extends(&block.id, &lock) => {
                Err(Refusal::BelowLock { justify, lock })
            }
            (CommitRule::TwoChain, Some(high_qc)) if !view.follows(justify) && justify < high_qc => {
                Err(Refusal::BelowTimeouts { justify, high_qc })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
