//! Hides what it knows: after a timeout certificate it builds on the oldest certificate that still
//! fits, and its timeouts name none but the first.

use super::exchange::Exchange;
use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::Message;
use hotstuff_core::message::Proposal;

#[derive(Clone, Default)]
pub(super) struct StaleLeader(Exchange);

impl Behaviour for StaleLeader {
    fn conduct(&self) -> Conduct {
        Conduct::StaleLeader
    }

    fn instead(&mut self, scene: &mut Scene<'_>, sending: Sending) -> Vec<Sending> {
        let Some(mut sending) = self.0.instead(scene, sending, proposal) else { return Vec::new() };
        match &mut sending.message {
            Message::NewView(_) => return Vec::new(),
            Message::Timeout(timeout) => {
                let oldest = scene.committee.genesis_qc().clone();
                *timeout = scene.timeout((timeout.epoch, timeout.view), oldest, None);
            }
            _ => {}
        }
        vec![sending]
    }
}

/// A view that a QC begins takes that QC. After a TC any passes verification; below the committed
/// head there is nothing to build on.
fn proposal(scene: &mut Scene<'_>, fresh: &Proposal) -> Option<Proposal> {
    let lowest = scene.status.committed_head.height;
    let mut usable = scene.lore.qcs().filter(|qc| fresh.tc.is_some() && qc.block.height >= lowest);
    usable.find_map(|qc| scene.on(qc, fresh)).or_else(|| Some(fresh.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::{Stage, config};
    use crate::{Intervention, SimConfig};
    use hotstuff_core::{CommitRule, Event, Refusal, View};

    /// r1, which leads before it, is away for a while.
    fn staged(rule: CommitRule, replicas: u16) -> Stage {
        let mut stage = Stage::of(SimConfig { replicas, ..config(rule) }, Conduct::StaleLeader);
        stage.run(1_000).isolate(1);
        stage.run(8_000);
        stage.sim.intervene(Intervention::Stabilize).unwrap();
        stage.run(2_000);
        stage
    }

    /// How far behind the newest certificate that its timeout certificate names it builds.
    fn gaps(stage: &Stage) -> Vec<u64> {
        let proposals = stage.said().filter_map(|sent| match &sent.message {
            Message::Proposal(proposal) => Some(proposal),
            _ => None,
        });
        let gap = |proposal: &Proposal| {
            Some(proposal.tc.as_ref()?.high_qc.view().0 - proposal.block.justify().view().0)
        };
        proposals.filter_map(gap).collect()
    }

    /// Of four, one is away and one hides its vote: nobody else has the newest QC. Of seven, others do.
    #[test]
    fn after_a_tc_it_builds_on_an_old_certificate_and_two_chain_refuses() {
        let stage = staged(CommitRule::TwoChain, 7);
        assert!(gaps(&stage).iter().any(|gap| *gap > 0), "{:?}", gaps(&stage));
        let refused =
            |event: &Event| matches!(event, Event::VoteRefused { why: Refusal::BelowTimeouts { .. }, .. });
        assert!(stage.told().any(|(_, event)| refused(event)));
    }

    #[test]
    fn after_a_tc_it_builds_on_an_old_certificate_and_three_chain_refuses() {
        let stage = staged(CommitRule::ThreeChain, 4);
        assert!(gaps(&stage).iter().any(|gap| *gap > 1), "{:?}", gaps(&stage));
        let refused =
            |event: &Event| matches!(event, Event::VoteRefused { why: Refusal::BelowLock { .. }, .. });
        assert!(stage.told().any(|(_, event)| refused(event)));
    }

    #[test]
    fn its_timeouts_name_no_certificate_but_the_first_and_no_vote() {
        let stage = staged(CommitRule::ThreeChain, 4);
        let timeouts: Vec<_> = stage
            .said()
            .filter_map(|sent| match &sent.message {
                Message::Timeout(timeout) => Some(timeout),
                Message::NewView(_) => panic!("it names a newer one"),
                _ => None,
            })
            .collect();
        assert!(timeouts.len() > 3);
        for timeout in timeouts {
            assert_eq!((timeout.high_qc.view(), &timeout.last_vote), (View(0), &None));
        }
        assert_eq!(stage.refusals().count(), 0, "the messages are what they should be");
    }
}
