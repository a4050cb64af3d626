//! As leader abandons the block before its own, whose votes it collected.

use super::exchange::Exchange;
use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::message::Proposal;
use hotstuff_core::{Message, QuorumCertificate, View};

#[derive(Clone, Default)]
pub(super) struct TailForker(Exchange);

impl Behaviour for TailForker {
    fn conduct(&self) -> Conduct {
        Conduct::TailForker
    }

    fn instead(&mut self, scene: &mut Scene<'_>, sending: Sending) -> Vec<Sending> {
        let Some(mut sending) = self.0.instead(scene, sending, proposal) else { return Vec::new() };
        match &mut sending.message {
            Message::NewView(_) => return Vec::new(),
            Message::Timeout(timeout) => {
                let below = below(scene, timeout.high_qc.view()).unwrap_or(&timeout.high_qc).clone();
                *timeout = scene.timeout((timeout.epoch, timeout.view), below, timeout.last_vote.take());
            }
            _ => {}
        }
        vec![sending]
    }
}

/// Nothing where a QC begins the view: so that nobody hears of that QC. After a TC, the parent of the
/// newest certified block gets another child.
fn proposal(scene: &mut Scene<'_>, fresh: &Proposal) -> Option<Proposal> {
    fresh.tc.as_ref()?;
    let forked = below(scene, fresh.block.justify().view()).and_then(|qc| scene.on(qc, fresh));
    forked.or_else(|| Some(fresh.clone()))
}

/// The newest QC of a view before `view`.
fn below<'a>(scene: &Scene<'a>, view: View) -> Option<&'a QuorumCertificate> {
    scene.lore.qcs().rev().find(|qc| qc.view() < view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Intervention;
    use crate::byzantine::stage::Stage;
    use hotstuff_core::{BlockId, CommitRule, Event, Refusal};
    use std::collections::BTreeSet;

    /// r1, which leads before it, is away for a while.
    fn staged(rule: CommitRule) -> Stage {
        let mut stage = Stage::new(rule, Conduct::TailForker);
        stage.run(1_000).isolate(1);
        stage.run(8_000);
        stage.sim.intervene(Intervention::Stabilize).unwrap();
        stage.run(2_000);
        stage
    }

    /// Its proposals, each once, with the newest certified block that its TC names.
    fn forks(stage: &Stage) -> Vec<(&Proposal, BlockId)> {
        let mut forks: Vec<(&Proposal, BlockId)> = Vec::new();
        for sent in stage.said() {
            let Message::Proposal(proposal) = &sent.message else { continue };
            let tc = proposal.tc.as_ref().expect("where a QC begins the view, it keeps silent");
            if forks.iter().all(|(known, _)| known.block.id() != proposal.block.id()) {
                forks.push((proposal, tc.high_qc.block.id));
            }
        }
        forks
    }

    #[test]
    fn three_chain_voters_follow_it_and_the_block_before_is_lost() {
        let stage = staged(CommitRule::ThreeChain);
        let mut voted = BTreeSet::new();
        let mut committed = BTreeSet::new();
        for (_, event) in stage.told() {
            match event {
                Event::Voted { block, .. } => drop(voted.insert(block.id)),
                Event::Committed { block, .. } => drop(committed.insert(block.block.id)),
                _ => {}
            }
        }
        let forks = forks(&stage);
        let followed = |(fork, newest): &&(&Proposal, BlockId)| {
            fork.block.parent() != *newest && voted.contains(&fork.block.id()) && !committed.contains(newest)
        };
        assert!(forks.iter().filter(followed).count() > 1, "{forks:?}");
    }

    #[test]
    fn two_chain_voters_refuse() {
        let stage = staged(CommitRule::TwoChain);
        assert!(forks(&stage).iter().any(|(fork, newest)| fork.block.parent() != *newest));
        let refused =
            |event: &Event| matches!(event, Event::VoteRefused { why: Refusal::BelowTimeouts { .. }, .. });
        assert!(stage.told().any(|(_, event)| refused(event)));
        assert_eq!(stage.refusals().count(), 0, "the messages are what they should be");
    }

    /// It votes, collects the votes for the block before its view, and says nothing of their QC.
    #[test]
    fn the_certificates_that_it_makes_stay_with_it() {
        let mut stage = Stage::new(CommitRule::ThreeChain, Conduct::TailForker);
        stage.run(4_000);
        let own: Vec<_> = stage.steps.iter().filter(|step| step.host == Some(stage.corrupt)).collect();
        let formed = |event: &Event| matches!(event, Event::QcFormed { .. });
        assert!(own.iter().flat_map(|step| &step.events).any(formed));
        assert!(stage.said().all(|sent| !matches!(sent.message, Message::Proposal(_) | Message::NewView(_))));
        assert!(stage.said().any(|sent| matches!(sent.message, Message::Vote(_))));
    }
}
