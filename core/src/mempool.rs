//! Commands that wait to be proposed: by turns of their clients, so that who sends many does not keep the others
//! waiting, and by arrival within a turn.

use crate::command::{ClientId, Command, CommandId, NotAdmitted, Payload};
use crate::committee::Limits;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Bounded in all and per client. A command leaves when it has executed, whoever proposed it.
#[derive(Clone)]
pub(crate) struct Mempool {
    queue: BTreeMap<Place, Command>,
    places: BTreeMap<CommandId, Place>,
    per_client: BTreeMap<ClientId, Waiting>,
    next_arrival: u64,
    bytes: u64,
    bounds: MempoolBounds,
}

/// Where a command stands: its turn, and its arrival. As in start-time fair queuing (Goyal, Vin, Cheng: SIGCOMM 1996),
/// with each command as long as any other, a client's next command is a turn after its one before, and the first of a
/// client of whom none waits is in the turn that is on.
type Place = (u64, u64);

/// A client of whom commands wait.
#[derive(Clone, Copy)]
struct Waiting {
    count: u32,
    /// That of its last command.
    turn: u64,
}

/// How much a mempool holds at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MempoolBounds {
    pub(crate) commands: u32,
    pub(crate) client_commands: u32,
    /// Of operations, in all.
    pub(crate) bytes: u64,
}

impl Mempool {
    pub(crate) fn new(bounds: MempoolBounds) -> Self {
        Self {
            queue: BTreeMap::new(),
            places: BTreeMap::new(),
            per_client: BTreeMap::new(),
            next_arrival: 0,
            bytes: 0,
            bounds,
        }
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.queue.len()).unwrap_or(u32::MAX)
    }

    /// The commands that wait, in the order in which they are proposed.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Command> {
        self.queue.values()
    }

    /// Bytes of operations waiting.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes a command in; false where it waits already.
    ///
    /// # Errors
    /// When a bound is reached.
    pub(crate) fn add(&mut self, command: Command) -> Result<bool, NotAdmitted> {
        if self.places.contains_key(&command.id) {
            return Ok(false);
        }
        let size = command.operation.size();
        if self.len() >= self.bounds.commands || self.bytes + size > self.bounds.bytes {
            return Err(NotAdmitted::Busy);
        }
        let of_client = self.per_client.get(&command.id.client).copied();
        let count = of_client.map_or(0, |waiting| waiting.count);
        if count >= self.bounds.client_commands {
            return Err(NotAdmitted::TooManyInFlight);
        }
        let on = self.queue.first_key_value().map_or(0, |((turn, _), _)| *turn);
        let turn = of_client.map_or(on, |waiting| on.max(waiting.turn + 1));
        self.bytes += size;
        self.per_client.insert(command.id.client, Waiting { count: count + 1, turn });
        self.places.insert(command.id, (turn, self.next_arrival));
        self.queue.insert((turn, self.next_arrival), command);
        self.next_arrival += 1;
        Ok(true)
    }

    /// Drops a command that has executed.
    pub(crate) fn remove(&mut self, id: &CommandId) {
        let Some(place) = self.places.remove(id) else { return };
        if let Some(command) = self.queue.remove(&place) {
            self.bytes -= command.operation.size();
        }
        if let Some(waiting) = self.per_client.get_mut(&id.client) {
            waiting.count -= 1;
            if waiting.count == 0 {
                self.per_client.remove(&id.client);
            }
        }
    }

    /// Drops commands that need not wait any more.
    pub(crate) fn retain(&mut self, waits: impl Fn(&CommandId) -> bool) {
        let done: Vec<CommandId> = self.places.keys().filter(|id| !waits(id)).copied().collect();
        done.iter().for_each(|id| self.remove(id));
    }

    /// The next batch, without what the branch holds already.
    pub(crate) fn batch(&self, limits: &Limits, in_branch: &BTreeSet<CommandId>) -> Payload {
        let mut payload = Payload::default();
        let mut bytes = 0u64;
        for command in self.queue.values().filter(|command| !in_branch.contains(&command.id)) {
            bytes += command.operation.size();
            let is_full = payload.commands.len() >= limits.block_commands as usize;
            if is_full || bytes > u64::from(limits.block_bytes) {
                break;
            }
            payload.commands.push(command.clone());
        }
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::committee::testing::{CLUSTER, key};
    use crate::ids::SequenceNumber;
    use alloc::vec;

    fn command(client: u16, sequence: u64, bytes: usize) -> Command {
        Command::signed(&key(client), &CLUSTER, SequenceNumber(sequence), vec![0; bytes])
    }

    #[test]
    fn pitfall_26_commands_are_bounded_per_client_in_number_and_in_bytes() {
        let mut mempool = Mempool::new(MempoolBounds { commands: 3, client_commands: 2, bytes: 10 });
        assert_eq!(mempool.add(command(1, 1, 2)), Ok(true));
        assert_eq!(mempool.add(command(1, 1, 2)), Ok(false), "it waits already");
        assert_eq!(mempool.add(command(1, 2, 2)), Ok(true));
        assert_eq!(mempool.add(command(1, 3, 2)), Err(NotAdmitted::TooManyInFlight));
        assert_eq!(mempool.add(command(2, 1, 7)), Err(NotAdmitted::Busy), "too many bytes");
        assert_eq!(mempool.add(command(2, 1, 6)), Ok(true));
        assert_eq!(mempool.add(command(3, 1, 0)), Err(NotAdmitted::Busy), "too many commands");
        assert_eq!((mempool.len(), mempool.bytes()), (3, 10));
        for command in [command(1, 1, 2), command(1, 2, 2), command(2, 1, 6), command(2, 1, 6)] {
            mempool.remove(&command.id);
        }
        assert_eq!((mempool.len(), mempool.bytes(), mempool.per_client.len()), (0, 0, 0));
    }

    #[test]
    fn a_client_with_many_commands_does_not_keep_the_others_waiting() {
        let mut mempool = Mempool::new(MempoolBounds { commands: 99, client_commands: 99, bytes: 99 });
        let order = |mempool: &Mempool| -> Vec<(u16, u64)> {
            let client = |id: &CommandId| (1..9).find(|client| key(*client).public() == id.client).unwrap();
            mempool.all().map(|command| (client(&command.id), command.id.sequence.0)).collect()
        };
        for sequence in 1..=4 {
            mempool.add(command(1, sequence, 0)).unwrap();
        }
        mempool.add(command(2, 9, 0)).unwrap();
        mempool.add(command(3, 5, 0)).unwrap();
        mempool.add(command(2, 7, 0)).unwrap();
        let fair = [(1, 1), (2, 9), (3, 5), (1, 2), (2, 7), (1, 3), (1, 4)];
        assert_eq!(order(&mempool), fair, "each in turn, a client's own by arrival");
        // Of those that have executed nobody goes without a turn, and none is made up for.
        for done in [command(1, 1, 0), command(1, 2, 0), command(2, 9, 0), command(3, 5, 0)] {
            mempool.remove(&done.id);
        }
        mempool.add(command(3, 6, 0)).unwrap();
        mempool.add(command(1, 5, 0)).unwrap();
        assert_eq!(order(&mempool), [(2, 7), (3, 6), (1, 3), (1, 4), (1, 5)]);
        mempool.retain(|id| id.client == key(1).public());
        mempool.add(command(2, 8, 0)).unwrap();
        assert_eq!(order(&mempool), [(1, 3), (2, 8), (1, 4), (1, 5)]);
    }

    #[test]
    fn a_batch_is_bounded_and_leaves_out_what_the_branch_holds() {
        let mut mempool = Mempool::new(MempoolBounds { commands: 9, client_commands: 9, bytes: 99 });
        for sequence in 1..=4 {
            mempool.add(command(1, sequence, 3)).unwrap();
        }
        let batch = |commands, bytes, held: &[u64]| -> Vec<u64> {
            let limits = Limits { block_commands: commands, block_bytes: bytes, ..Limits::default() };
            let in_branch = held.iter().map(|sequence| command(1, *sequence, 0).id).collect();
            let payload = mempool.batch(&limits, &in_branch);
            payload.commands.iter().map(|command| command.id.sequence.0).collect()
        };
        assert_eq!(batch(9, 99, &[]), [1, 2, 3, 4]);
        assert_eq!(batch(3, 99, &[2]), [1, 3, 4]);
        assert_eq!(batch(9, 6, &[]), [1, 2]);
        assert_eq!(batch(9, 5, &[]), [1]);
    }
}
