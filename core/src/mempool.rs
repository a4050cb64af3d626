//! Commands that wait to be proposed, in order of arrival.

use crate::command::{ClientId, Command, CommandId, NotAdmitted, Payload};
use crate::committee::Limits;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Bounded in all and per client. A command leaves when it has executed, whoever proposed it.
#[derive(Clone)]
pub(crate) struct Mempool {
    queue: BTreeMap<u64, Command>,
    arrivals: BTreeMap<CommandId, u64>,
    per_client: BTreeMap<ClientId, u32>,
    next_arrival: u64,
    bytes: u64,
    bounds: MempoolBounds,
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
            arrivals: BTreeMap::new(),
            per_client: BTreeMap::new(),
            next_arrival: 0,
            bytes: 0,
            bounds,
        }
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.queue.len()).unwrap_or(u32::MAX)
    }

    /// The commands that wait, by arrival.
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
        if self.arrivals.contains_key(&command.id) {
            return Ok(false);
        }
        let size = command.operation.size();
        if self.len() >= self.bounds.commands || self.bytes + size > self.bounds.bytes {
            return Err(NotAdmitted::Busy);
        }
        let of_client = self.per_client.get(&command.id.client).copied().unwrap_or(0);
        if of_client >= self.bounds.client_commands {
            return Err(NotAdmitted::TooManyInFlight);
        }
        self.bytes += size;
        self.per_client.insert(command.id.client, of_client + 1);
        self.arrivals.insert(command.id, self.next_arrival);
        self.queue.insert(self.next_arrival, command);
        self.next_arrival += 1;
        Ok(true)
    }

    /// Drops a command that has executed.
    pub(crate) fn remove(&mut self, id: &CommandId) {
        let Some(arrival) = self.arrivals.remove(id) else { return };
        if let Some(command) = self.queue.remove(&arrival) {
            self.bytes -= command.operation.size();
        }
        if let Some(count) = self.per_client.get_mut(&id.client) {
            *count -= 1;
            if *count == 0 {
                self.per_client.remove(&id.client);
            }
        }
    }

    /// Drops commands that need not wait any more.
    pub(crate) fn retain(&mut self, waits: impl Fn(&CommandId) -> bool) {
        let done: Vec<CommandId> = self.arrivals.keys().filter(|id| !waits(id)).copied().collect();
        done.iter().for_each(|id| self.remove(id));
    }

    /// The next batch, by arrival, without what the branch holds already.
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
