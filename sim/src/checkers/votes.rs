//! A key signs one vote per view, and none in a view after a timeout of it (pitfalls 7 and 8).
//!
//! Looks at what is sent, not only at what is told: votes, and the last votes in timeouts.

use super::firsts::Firsts;
use super::{Breach, Checker, Observed};
use hotstuff_core::{BlockRef, Event, Message, ReplicaId, View};
use std::collections::BTreeMap;

/// Every vote, and the last view that each replica gave up.
#[derive(Clone, Default)]
pub(super) struct Votes {
    votes: Firsts<(ReplicaId, View), BlockRef>,
    timed_out: BTreeMap<ReplicaId, View>,
}

impl Checker for Votes {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        for sent in observed.sent {
            match sent.content() {
                Message::Vote(vote) => self.vote(vote.voter, vote.block)?,
                Message::Timeout(timeout) => {
                    if let Some(vote) = &timeout.last_vote {
                        self.vote(vote.voter, vote.block)?;
                    }
                    let last = self.timed_out.entry(timeout.replica).or_default();
                    *last = timeout.view.max(*last);
                }
                _ => {}
            }
        }
        // A leader that collects its own vote sends nothing.
        for event in &observed.step.events {
            if let (Some(replica), Event::Voted { block, .. }) = (observed.id(), event) {
                self.one_per_view(replica, *block)?;
            }
        }
        Ok(())
    }
}

impl Votes {
    fn vote(&mut self, replica: ReplicaId, block: BlockRef) -> Result<(), Breach> {
        match (self.votes.of(&(replica, block.view)), self.timed_out.get(&replica)) {
            (None, Some(&timed_out)) if block.view <= timed_out => {
                Err(Breach::VoteAfterTimeout { replica, block, timed_out })
            }
            _ => self.one_per_view(replica, block),
        }
    }

    fn one_per_view(&mut self, replica: ReplicaId, second: BlockRef) -> Result<(), Breach> {
        let first = self.votes.or_insert((replica, second.view), second);
        if first == second { Ok(()) } else { Err(Breach::TwoVotes { replica, first, second }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::fabricated::{block, send, tell, timeout, vote};

    const R1: ReplicaId = ReplicaId(1);

    fn voted(block: BlockRef) -> Event {
        Event::Voted { block, collector: ReplicaId(2) }
    }

    #[test]
    fn votes_in_turn_and_the_same_vote_again_pass() {
        let mut checker = Votes::default();
        assert_eq!(send(&mut checker, 1, vec![vote(1, block(0, 1)), vote(1, block(0, 2))]), Ok(()));
        assert_eq!(send(&mut checker, 2, vec![vote(2, block(1, 2))]), Ok(()), "another key");
        assert_eq!(send(&mut checker, 1, vec![timeout(1, 3, Some(block(0, 2)))]), Ok(()));
        assert_eq!(send(&mut checker, 1, vec![vote(1, block(0, 2)), vote(1, block(0, 4))]), Ok(()));
        assert_eq!(tell(&mut checker, 1, vec![voted(block(0, 4)), voted(block(0, 5))]), Ok(()));
    }

    #[test]
    fn two_votes_in_one_view_are_found_however_they_show() {
        let (first, second) = (block(0, 4), block(1, 4));
        let breach = Err(Breach::TwoVotes { replica: R1, first, second });
        let mut checker = Votes::default();
        assert_eq!(send(&mut checker, 1, vec![vote(1, first), vote(1, second)]), breach);
        let mut checker = Votes::default();
        send(&mut checker, 1, vec![vote(1, first)]).unwrap();
        assert_eq!(send(&mut checker, 1, vec![timeout(1, 6, Some(second))]), breach);
        let mut checker = Votes::default();
        send(&mut checker, 1, vec![timeout(1, 6, Some(first))]).unwrap();
        assert_eq!(tell(&mut checker, 1, vec![voted(second)]), breach);
    }

    #[test]
    fn pitfall_08_a_vote_in_a_view_that_was_given_up_is_found() {
        let mut checker = Votes::default();
        send(&mut checker, 1, vec![timeout(1, 4, None)]).unwrap();
        assert_eq!(send(&mut checker, 1, vec![vote(1, block(0, 5))]), Ok(()));
        let found = send(&mut checker, 1, vec![vote(1, block(0, 4))]);
        let breach = Breach::VoteAfterTimeout { replica: R1, block: block(0, 4), timed_out: View(4) };
        assert_eq!(found, Err(breach));
    }
}
