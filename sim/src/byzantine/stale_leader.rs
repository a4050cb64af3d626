//! Hides what it knows: after a timeout certificate it builds on the oldest certificate that still
//! fits, and its timeouts name none but the first.

use super::exchange::Exchange;
use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::Message;
use hotstuff_core::message::Proposal;

#[derive(Default)]
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
