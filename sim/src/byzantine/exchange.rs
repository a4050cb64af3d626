//! Another block in place of the one that its core proposes, or none. The core's votes follow.

use super::{Scene, Sending};
use hotstuff_core::certificate::Vote;
use hotstuff_core::message::Proposal;
use hotstuff_core::{BlockId, Message};

/// The core's latest block, and what went out in its place.
#[derive(Clone, Default)]
pub(super) struct Exchange(Option<(BlockId, Option<Proposal>)>);

impl Exchange {
    /// What is sent in place of what the core would send. `make` says what becomes of a proposal; it
    /// is asked once for each, also where that is sent again.
    pub(super) fn instead(
        &mut self,
        scene: &mut Scene<'_>,
        mut sending: Sending,
        make: impl FnOnce(&mut Scene<'_>, &Proposal) -> Option<Proposal>,
    ) -> Option<Sending> {
        match &mut sending.message {
            Message::Proposal(proposal) => *proposal = self.proposal(scene, proposal, make)?,
            Message::Vote(vote) => *vote = self.vote(scene, vote.clone())?,
            Message::Timeout(timeout) => {
                timeout.last_vote = timeout.last_vote.take().and_then(|vote| self.vote(scene, vote));
            }
            _ => {}
        }
        Some(sending)
    }

    fn proposal(
        &mut self,
        scene: &mut Scene<'_>,
        original: &Proposal,
        make: impl FnOnce(&mut Scene<'_>, &Proposal) -> Option<Proposal>,
    ) -> Option<Proposal> {
        let id = original.block.id();
        match &self.0 {
            Some((known, sent)) if *known == id => sent.clone(),
            _ => {
                let sent = make(scene, original);
                self.0 = Some((id, sent.clone()));
                sent
            }
        }
    }

    fn vote(&self, scene: &Scene<'_>, vote: Vote) -> Option<Vote> {
        match &self.0 {
            Some((original, sent)) if *original == vote.block.id => {
                sent.as_ref().map(|sent| scene.vote(sent.block.reference()))
            }
            _ => Some(vote),
        }
    }
}
