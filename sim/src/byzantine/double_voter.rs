//! Votes for every block it sees, whatever it voted for or gave up before, and tells all.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::Message;

/// How many blocks it has voted for.
#[derive(Clone, Default)]
pub(super) struct DoubleVoter(u64);

impl Behaviour for DoubleVoter {
    fn conduct(&self) -> Conduct {
        Conduct::DoubleVoter
    }

    fn beside(&mut self, scene: &mut Scene<'_>) -> Vec<Sending> {
        let new = scene.lore.blocks_since(self.0);
        let votes = new.map(|block| Sending::all(Message::Vote(scene.vote(block.reference())))).collect();
        self.0 = scene.lore.noted();
        votes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::{Stage, config};
    use crate::{Intervention, SimConfig};
    use hotstuff_core::{BlockRef, CommitRule, Config, Event, ReplicaId, Span, View};
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn all_are_sent_a_vote_for_every_block_also_of_views_it_gave_up() {
        // Many blocks arrive when patience has ended.
        let replica = Config { timeout_min_us: Span::millis(10), ..Config::default() };
        let config = SimConfig { replica, ..config(CommitRule::ThreeChain) };
        let mut stage = Stage::of(config, Conduct::DoubleVoter);
        stage.run(8_000);
        let mut receivers: BTreeMap<BlockRef, BTreeSet<ReplicaId>> = BTreeMap::new();
        let (mut gave_up, mut late) = (View(0), 0);
        for sent in stage.said() {
            match &sent.message {
                Message::Vote(vote) => {
                    late += u32::from(vote.block.view <= gave_up);
                    receivers.entry(vote.block).or_default().insert(sent.to.replica);
                }
                Message::Timeout(timeout) => gave_up = gave_up.max(timeout.view),
                _ => {}
            }
        }
        assert!(late > 0, "it voted in no view that it gave up");
        assert!(receivers.len() > 30 && receivers.values().all(|receivers| receivers.len() == 3));
        assert_eq!(stage.refusals().count(), 0);
    }

    #[test]
    fn beside_an_equivocating_leader_it_votes_twice_in_a_view_and_is_told_of() {
        let config = SimConfig { replicas: 7, ..config(CommitRule::TwoChain) };
        let mut stage = Stage::of(config, Conduct::DoubleVoter);
        let (host, conduct) = (ReplicaId(5).into(), Conduct::EquivocatingLeader);
        stage.sim.intervene(Intervention::Corrupt { host, conduct }).unwrap();
        stage.run(4_000);
        let of_both = |event: &Event| match event {
            Event::Equivocation(evidence) => evidence.replica() == stage.corrupt.replica,
            _ => false,
        };
        assert!(stage.told().any(|(_, event)| of_both(event)));
    }
}
