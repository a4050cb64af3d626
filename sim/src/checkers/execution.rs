//! Each command executes once, and at each height all replicas execute the same ones in the same order.
//!
//! What a replica executes again in a restart it does not tell, and what a snapshot stands for neither.

use super::firsts::Firsts;
use super::{Breach, Checker, Observed};
use hotstuff_core::command::{ClientId, CommandId};
use hotstuff_core::{BlockRef, Committee, Event, Height, ReplicaId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What executed at each height, by who told first, and where each command did.
#[derive(Clone)]
pub(super) struct Execution {
    orders: Firsts<Height, (ReplicaId, Arc<[CommandId]>)>,
    heights: Firsts<CommandId, Height>,
    clients: BTreeSet<ClientId>,
    /// How many clients replicas remember: of more, one that is forgotten may execute again.
    clients_max: usize,
}

impl Execution {
    pub(super) fn new(committee: &Committee) -> Self {
        let (orders, heights) = (Firsts::default(), Firsts::default());
        Self { orders, heights, clients: BTreeSet::new(), clients_max: committee.limits().sessions as usize }
    }

    /// A replica has executed the block at `height`.
    fn executed(
        &mut self,
        replica: ReplicaId,
        height: Height,
        commands: impl Iterator<Item = CommandId>,
    ) -> Result<(), Breach> {
        let Some((first, order)) = self.orders.of(&height) else {
            let commands: Arc<[CommandId]> = commands.collect();
            commands.iter().try_for_each(|command| self.once(replica, *command, height))?;
            self.orders.or_insert(height, (replica, commands));
            return Ok(());
        };
        let (mut ones, mut others) = (order.iter().copied(), commands);
        loop {
            match (ones.next(), others.next()) {
                (None, None) => return Ok(()),
                (one, other) if one == other => {}
                (one, other) => {
                    let (first, second) = ((*first, one), (replica, other));
                    return Err(Breach::ExecutionOrder { height, first, second });
                }
            }
        }
    }

    fn once(&mut self, replica: ReplicaId, command: CommandId, second: Height) -> Result<(), Breach> {
        self.clients.insert(command.client);
        match self.heights.of(&command) {
            Some(&first) if self.clients.len() <= self.clients_max => {
                Err(Breach::ExecutedTwice { replica, command, first, second })
            }
            _ => {
                self.heights.or_insert(command, second);
                Ok(())
            }
        }
    }
}

impl Checker for Execution {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        let Some(replica) = observed.id() else { return Ok(()) };
        let apart = |(command, height)| Breach::ExecutedApart { replica, command, height };
        let mut executions = executions(&observed.step.events).map_err(apart)?;
        executions.try_for_each(|(block, commands)| self.executed(replica, block.height, commands))
    }
}

/// The blocks that committed in a step, each with the commands that executed in it.
///
/// # Errors
/// When a command executed in none of them.
pub(super) fn executions(
    events: &[Event],
) -> Result<impl Iterator<Item = (BlockRef, impl Iterator<Item = CommandId>)>, (CommandId, Height)> {
    let mut last = None;
    for event in events {
        match event {
            Event::Committed { block, .. } => last = Some(block.block.height),
            Event::Executed { command, height } if last != Some(*height) => return Err((*command, *height)),
            _ => {}
        }
    }
    Ok(events.iter().enumerate().filter_map(|(at, event)| match event {
        Event::Committed { block, .. } => Some((block.block, commands(&events[at + 1..]))),
        _ => None,
    }))
}

/// The commands that executed before the next block committed.
fn commands(events: &[Event]) -> impl Iterator<Item = CommandId> {
    let of_block = events.iter().take_while(|event| !matches!(event, Event::Committed { .. }));
    of_block.filter_map(|event| match event {
        Event::Executed { command, .. } => Some(*command),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkers::fabricated::{Cluster, block, command, committed, executed, tell};
    use hotstuff_core::View;

    fn checker() -> Execution {
        Execution::new(&Cluster::new(None).committee)
    }

    /// A commit at `height` in which these commands of client 1 execute.
    fn commit(height: u64, sequences: &[u64]) -> Vec<Event> {
        let executed = sequences.iter().map(|sequence| executed(command(1, *sequence), height));
        [committed(0, height, 5)].into_iter().chain(executed).collect()
    }

    /// With heights 1 and 2 executed by r0.
    fn at_height_2() -> Execution {
        let mut checker = checker();
        tell(&mut checker, 0, [commit(1, &[1, 3]), commit(2, &[2])].concat()).unwrap();
        checker
    }

    #[test]
    fn equal_orders_pass_and_so_do_gaps_left_by_restarts_and_snapshots() {
        let mut checker = at_height_2();
        assert_eq!(
            tell(&mut checker, 1, [commit(1, &[1, 3]), commit(2, &[2]), commit(3, &[])].concat()),
            Ok(())
        );
        let started = Event::Started { head: block(0, 3), last_voted: View(0) };
        assert_eq!(tell(&mut checker, 0, vec![started]), Ok(()));
        let block = block(0, 5);
        let installed =
            Event::SnapshotInstalled { block, peer: ReplicaId(1), state_root: Default::default() };
        assert_eq!(tell(&mut checker, 2, [vec![installed], commit(6, &[4])].concat()), Ok(()));
        assert_eq!(
            tell(&mut checker, 0, [commit(4, &[]), commit(5, &[5]), commit(6, &[4])].concat()),
            Ok(())
        );
    }

    #[test]
    fn a_command_that_executes_again_is_found_at_another_height_and_at_the_same() {
        let twice = |second| Breach::ExecutedTwice {
            replica: ReplicaId(1),
            command: command(1, 3),
            first: Height(1),
            second: Height(second),
        };
        assert_eq!(tell(&mut at_height_2(), 1, commit(3, &[4, 3])), Err(twice(3)));
        assert_eq!(tell(&mut checker(), 1, commit(1, &[3, 3])), Err(twice(1)));
    }

    #[test]
    fn another_order_one_command_more_and_one_less_are_found() {
        let breach = |first: Option<u64>, second: Option<u64>| {
            let first = (ReplicaId(0), first.map(|sequence| command(1, sequence)));
            let second = (ReplicaId(1), second.map(|sequence| command(1, sequence)));
            Err(Breach::ExecutionOrder { height: Height(1), first, second })
        };
        assert_eq!(tell(&mut at_height_2(), 1, commit(1, &[3, 1])), breach(Some(1), Some(3)));
        assert_eq!(tell(&mut at_height_2(), 1, commit(1, &[1, 3, 7])), breach(None, Some(7)));
        assert_eq!(tell(&mut at_height_2(), 1, commit(1, &[1])), breach(Some(3), None));
        assert_eq!(tell(&mut at_height_2(), 1, commit(1, &[])), breach(Some(1), None));
    }

    #[test]
    fn a_command_that_executes_outside_its_block_is_found() {
        let apart =
            Breach::ExecutedApart { replica: ReplicaId(1), command: command(1, 1), height: Height(2) };
        assert_eq!(tell(&mut checker(), 1, vec![executed(command(1, 1), 2)]), Err(apart.clone()));
        let events = vec![committed(0, 1, 5), executed(command(1, 1), 2)];
        assert_eq!(tell(&mut checker(), 1, events), Err(apart));
    }

    #[test]
    fn a_client_that_was_forgotten_may_execute_again() {
        let again = |sessions| {
            let mut checker = Execution { clients_max: sessions, ..checker() };
            let of_another = vec![committed(0, 3, 5), executed(command(2, 1), 3)];
            tell(&mut checker, 1, [commit(1, &[1]), of_another, commit(4, &[1])].concat())
        };
        assert!(matches!(again(2), Err(Breach::ExecutedTwice { .. })));
        assert_eq!(again(1), Ok(()));
    }
}
