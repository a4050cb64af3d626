//! A key signs one block per view (pitfalls 7 and 11).

use super::firsts::Firsts;
use super::{Breach, Checker, Observed};
use hotstuff_core::{BlockRef, Event, Message, ReplicaId, View};

/// Every block, by who proposed it for which view.
#[derive(Clone, Default)]
pub(super) struct Proposals {
    blocks: Firsts<(ReplicaId, View), BlockRef>,
}

impl Checker for Proposals {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        for sent in observed.sent {
            if let Message::Proposal(proposal) = sent.content() {
                self.one_per_view(proposal.block.header().proposer, proposal.block.reference())?;
            }
        }
        for event in &observed.step.events {
            if let Event::Proposed(block) = event {
                self.one_per_view(block.proposer, block.block)?;
            }
        }
        Ok(())
    }
}

impl Proposals {
    fn one_per_view(&mut self, replica: ReplicaId, second: BlockRef) -> Result<(), Breach> {
        let first = self.blocks.or_insert((replica, second.view), second);
        if first == second { Ok(()) } else { Err(Breach::TwoProposals { replica, first, second }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::fabricated::{block, committed, tell};

    fn proposed(branch: u8, height: u64) -> Event {
        match committed(branch, height, 0) {
            Event::Committed { block, .. } => Event::Proposed(block),
            _ => unreachable!("it is a commit"),
        }
    }

    #[test]
    fn proposals_in_turn_and_the_same_one_again_pass() {
        let mut checker = Proposals::default();
        assert_eq!(tell(&mut checker, 0, vec![proposed(0, 1), proposed(0, 2), proposed(0, 2)]), Ok(()));
    }

    #[test]
    fn two_proposals_in_one_view_are_found() {
        let mut checker = Proposals::default();
        tell(&mut checker, 0, vec![proposed(0, 1)]).unwrap();
        let found = tell(&mut checker, 0, vec![proposed(1, 1)]);
        let breach = Breach::TwoProposals { replica: ReplicaId(0), first: block(0, 1), second: block(1, 1) };
        assert_eq!(found, Err(breach));
    }
}
