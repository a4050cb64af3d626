//! As leader puts into its blocks what is committed already, and everything twice.

use super::exchange::Exchange;
use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::Block;
use hotstuff_core::command::{Command, Payload};
use hotstuff_core::message::Proposal;

/// How many committed commands it repeats in a block.
const REPEATED: usize = 8;

#[derive(Clone, Default)]
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
    let committed = scene.lore.branch(&scene.status.committed_head.id).flat_map(commands);
    let limits = scene.committee.limits();
    let mut payload = Payload::default();
    let mut bytes = 0;
    for command in committed.take(REPEATED).chain(commands(&fresh.block)).flat_map(|one| [one, one]) {
        bytes += command.operation.size();
        let is_full = payload.commands.len() as u64 == u64::from(limits.block_commands);
        if is_full || bytes > u64::from(limits.block_bytes) {
            break;
        }
        payload.commands.push(command.clone());
    }
    Some(Proposal { block: scene.block(fresh.block.header().clone(), payload), tc: fresh.tc.clone() })
}

fn commands(block: &Block) -> impl Iterator<Item = &Command> {
    block.payload().commands.iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::Stage;
    use crate::ids::HostId;
    use crate::weakness::Weakness;
    use hotstuff_core::command::CommandId;
    use hotstuff_core::{CommitRule, Event, Message, Refusal};
    use std::collections::{BTreeMap, BTreeSet};

    /// How often each honest replica executed each command.
    fn executions(stage: &Stage) -> BTreeMap<(HostId, CommandId), u32> {
        let mut executions = BTreeMap::new();
        for (host, event) in stage.told() {
            if let Event::Executed { command, .. } = event {
                *executions.entry((host, *command)).or_default() += 1;
            }
        }
        executions
    }

    #[test]
    fn committed_commands_come_again_and_each_twice_and_nobody_refuses() {
        for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
            let mut stage = Stage::new(rule, Conduct::Repeater);
            stage.run(3_000);
            let mut proposed = BTreeSet::new();
            let mut repeated = 0;
            let mut blocks = BTreeSet::new();
            for sent in &stage.sent {
                let Message::Proposal(proposal) = &sent.message else { continue };
                let commands: Vec<CommandId> =
                    proposal.block.payload().commands.iter().map(|command| command.id).collect();
                if sent.from == stage.corrupt && blocks.insert(proposal.block.id()) {
                    assert!(commands.chunks(2).all(|pair| pair[0] == pair[1]), "each twice");
                    repeated += commands.iter().filter(|id| proposed.contains(*id)).count();
                }
                proposed.extend(commands);
            }
            assert!(repeated > 20, "{repeated}");
            let refused = |event: &Event| matches!(event, Event::VoteRefused { why, .. } if !matches!(why, Refusal::Stale { .. }));
            assert!(!stage.told().any(|(_, event)| refused(event)));
            assert_eq!(stage.refusals().count(), 0);
            assert!(executions(&stage).values().all(|times| *times == 1));
            assert!(executions(&stage).len() > 60);
        }
    }

    #[test]
    fn a_cluster_that_executes_twice_does() {
        let mut stage = Stage::weak(CommitRule::ThreeChain, Conduct::Repeater, Weakness::ExecuteTwice);
        stage.run(3_000);
        assert!(executions(&stage).values().any(|times| *times > 1));
    }
}
