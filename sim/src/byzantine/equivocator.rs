//! As leader signs two blocks for one view, shows each to half of the others, and votes for both.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::message::Proposal;
use hotstuff_core::{BlockId, Message};

/// The latest view's blocks.
#[derive(Clone, Default)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::Stage;
    use hotstuff_core::{BlockRef, CommitRule, Committees, Event, View, verify};
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    #[test]
    fn each_half_is_shown_another_block_of_the_view_and_everyone_votes_for_both() {
        let mut stage = Stage::new(CommitRule::ThreeChain, Conduct::EquivocatingLeader);
        stage.run(3_000);
        let mut shown: BTreeMap<View, BTreeMap<u16, BlockRef>> = BTreeMap::new();
        let mut votes: BTreeMap<View, BTreeSet<BlockRef>> = BTreeMap::new();
        for sent in stage.said() {
            match &sent.message {
                Message::Proposal(proposal) => {
                    let block = proposal.block.reference();
                    shown.entry(block.view).or_default().entry(sent.to.replica.0).or_insert(block);
                }
                Message::Vote(vote) => drop(votes.entry(vote.block.view).or_default().insert(vote.block)),
                _ => {}
            }
        }
        assert!(shown.len() > 3, "{shown:?}");
        for (view, shown) in shown {
            assert_eq!(shown.len(), 3, "r0, r1 and r3 are shown one each");
            assert!(shown[&0] == shown[&3] && shown[&0] != shown[&1], "{shown:?}");
            assert_eq!(votes[&view], shown.into_values().collect());
        }
        assert_eq!(stage.refusals().count(), 0, "both are what a block should be");
    }

    #[test]
    fn the_proof_against_it_holds() {
        let mut stage = Stage::new(CommitRule::TwoChain, Conduct::EquivocatingLeader);
        stage.run(3_000);
        let committees = Committees::of(Arc::new(stage.sim.committee().clone()));
        let mut kinds = BTreeSet::new();
        for (_, event) in stage.told() {
            if let Event::Equivocation(evidence) = event {
                assert_eq!(verify::evidence(&committees, evidence), Ok(stage.corrupt.replica));
                kinds.insert(evidence.kind());
            }
        }
        assert_eq!(kinds.len(), 2, "votes and, once they are sent again, proposals: {kinds:?}");
    }
}
