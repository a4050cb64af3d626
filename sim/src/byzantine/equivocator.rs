//! As leader signs two blocks for one view, shows each to half of the others, and votes for both.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::message::Proposal;
use hotstuff_core::{BlockId, Message};

/// The latest view's blocks.
#[derive(Default)]
pub(super) struct Equivocator(Option<(BlockId, Proposal)>);

impl Behaviour for Equivocator {
    fn conduct(&self) -> Conduct {
        Conduct::EquivocatingLeader
    }

    fn instead(&mut self, scene: &mut Scene<'_>, sending: Sending) -> Vec<Sending> {
        let Message::Proposal(first) = &sending.message else { return vec![sending] };
        let first = first.clone();
        match &self.0 {
            // All have seen one of the two by now, so there is nothing left to hide.
            Some((known, second)) if *known == first.block.id() => {
                vec![sending, Sending::all(Message::Proposal(second.clone()))]
            }
            _ => {
                let second = Self::second(scene, &first);
                self.0 = Some((first.block.id(), second.clone()));
                Self::split(scene, &first, &second)
            }
        }
    }
}

impl Equivocator {
    /// The same block with another payload.
    fn second(scene: &Scene<'_>, Proposal { block, tc }: &Proposal) -> Proposal {
        Proposal { block: scene.block(block.header().clone(), scene.other_payload(block)), tc: tc.clone() }
    }

    fn split(scene: &Scene<'_>, first: &Proposal, second: &Proposal) -> Vec<Sending> {
        let both = [first, second];
        let shown = scene.others().zip(both.into_iter().cycle());
        let proposals = shown.map(|(to, one)| Sending::to(to, Message::Proposal(one.clone())));
        let votes = both.map(|one| Sending::all(Message::Vote(scene.vote(one.block.reference()))));
        proposals.chain(votes).collect()
    }
}
