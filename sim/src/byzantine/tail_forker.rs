//! As leader abandons the block before its own, whose votes it collected.

use super::exchange::Exchange;
use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::message::Proposal;
use hotstuff_core::{Message, QuorumCertificate, View};

#[derive(Default)]
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
