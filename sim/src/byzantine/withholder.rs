//! Does everything but vote, so that others wait for it in vain. Its vote does not reach anyone in a
//! certificate either: one that holds it is kept, and a block that would show it is not proposed.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::{Message, QuorumCertificate, ReplicaId};

#[derive(Clone)]
pub(super) struct Withholder;

impl Behaviour for Withholder {
    fn conduct(&self) -> Conduct {
        Conduct::WithholdVotes
    }

    fn instead(&mut self, scene: &mut Scene<'_>, mut sending: Sending) -> Vec<Sending> {
        match &mut sending.message {
            Message::Vote(_) => return Vec::new(),
            Message::Proposal(proposal) if holds_vote(proposal.block.justify(), scene.id) => {
                return Vec::new();
            }
            Message::NewView(new_view) if holds_vote(&new_view.high_qc, scene.id) => return Vec::new(),
            Message::Timeout(timeout) => {
                let high_qc = if holds_vote(&timeout.high_qc, scene.id) {
                    let mut others = scene.lore.qcs().rev().filter(|qc| !holds_vote(qc, scene.id));
                    others.next().unwrap_or(scene.committee.genesis_qc()).clone()
                } else {
                    timeout.high_qc.clone()
                };
                *timeout = scene.timeout((timeout.epoch, timeout.view), high_qc, None);
            }
            _ => {}
        }
        vec![sending]
    }
}

fn holds_vote(qc: &QuorumCertificate, voter: ReplicaId) -> bool {
    qc.signers().any(|signer| signer == voter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::Stage;
    use hotstuff_core::{CommitRule, Event};

    #[test]
    fn its_votes_get_to_nobody_and_its_timeouts_do() {
        for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
            let mut stage = Stage::new(rule, Conduct::WithholdVotes);
            stage.run(6_000);
            assert!(stage.told().any(|(_, event)| matches!(event, Event::Committed { .. })));
            stage.isolate(1);
            let (first, before) = (stage.sent.len(), stage.steps.len());
            stage.run(10_000);
            let votes =
                stage.sent.iter().filter(|sent| sent.from == stage.corrupt).any(|sent| match &sent.message {
                    Message::Vote(_) => true,
                    Message::Timeout(timeout) => timeout.last_vote.is_some(),
                    Message::Proposal(proposal) => {
                        holds_vote(proposal.block.justify(), stage.corrupt.replica)
                    }
                    Message::NewView(new_view) => holds_vote(&new_view.high_qc, stage.corrupt.replica),
                    _ => false,
                });
            assert!(!votes);
            let said = stage.sent[first..].iter().filter(|sent| sent.from == stage.corrupt);
            assert!(said.into_iter().any(|sent| matches!(sent.message, Message::Timeout(_))));
            // What was on its way when r1 was cut off may still commit something.
            let late = stage.steps[before..].iter().filter(|step| step.time.0 > 7_000_000);
            let mut events =
                late.filter(|step| step.host != Some(stage.corrupt)).flat_map(|step| &step.events);
            assert!(!events.any(|event| matches!(event, Event::Committed { .. })), "{rule:?}");
        }
    }
}
