//! As leader puts into its blocks what is committed already, and everything twice.

use super::exchange::Exchange;
use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::command::{Command, Payload};
use hotstuff_core::message::Proposal;

/// How many committed commands it repeats in a block.
const REPEATED: usize = 8;

#[derive(Default)]
pub(super) struct Repeater(Exchange);

impl Behaviour for Repeater {
    fn conduct(&self) -> Conduct {
        Conduct::Repeater
    }

    fn instead(&mut self, scene: &mut Scene<'_>, sending: Sending) -> Vec<Sending> {
        self.0.instead(scene, sending, proposal).into_iter().collect()
    }
}

/// The state that a block's header names is that of blocks before it: the payload does not matter.
fn proposal(scene: &mut Scene<'_>, fresh: &Proposal) -> Option<Proposal> {
    let committed = scene.lore.branch(&scene.status.committed_head.id);
    let commands =
        |block| -> std::slice::Iter<'_, Command> { hotstuff_core::Block::payload(block).commands.iter() };
    let old = committed.flat_map(commands).take(REPEATED);
    let limits = scene.committee.limits();
    let mut payload = Payload::default();
    let mut bytes = 0;
    for command in old.chain(commands(&fresh.block)) {
        bytes += 2 * command.operation.size();
        let count = payload.commands.len() as u64 + 2;
        if count > u64::from(limits.block_commands) || bytes > u64::from(limits.block_bytes) {
            break;
        }
        payload.commands.extend([command.clone(), command.clone()]);
    }
    Some(Proposal { block: scene.block(fresh.block.header().clone(), payload), tc: fresh.tc.clone() })
}
