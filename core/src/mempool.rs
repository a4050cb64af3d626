//! Commands that wait to be proposed, in order of arrival.

use crate::command::{ClientId, Command, CommandId, NotAdmitted, Payload};
use crate::committee::Limits;
use alloc::collections::{BTreeMap, BTreeSet};

/// Bounded in all and per client. A command leaves when it has executed, whoever proposed it.
pub(crate) struct Mempool {
    queue: BTreeMap<u64, Command>,
    arrivals: BTreeMap<CommandId, u64>,
    per_client: BTreeMap<ClientId, u32>,
    next_arrival: u64,
    commands_max: u32,
    client_commands_max: u32,
}

impl Mempool {
    pub(crate) fn new(commands_max: u32, client_commands_max: u32) -> Self {
        Self {
            queue: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            per_client: BTreeMap::new(),
            next_arrival: 0,
            commands_max,
            client_commands_max,
        }
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.queue.len()).unwrap_or(u32::MAX)
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
        if self.len() >= self.commands_max {
            return Err(NotAdmitted::Busy);
        }
        let of_client = self.per_client.get(&command.id.client).copied().unwrap_or(0);
        if of_client >= self.client_commands_max {
            return Err(NotAdmitted::TooManyInFlight);
        }
        self.per_client.insert(command.id.client, of_client + 1);
        self.arrivals.insert(command.id, self.next_arrival);
        self.queue.insert(self.next_arrival, command);
        self.next_arrival += 1;
        Ok(true)
    }

    /// Drops a command that has executed.
    pub(crate) fn remove(&mut self, id: &CommandId) {
        let Some(arrival) = self.arrivals.remove(id) else { return };
        self.queue.remove(&arrival);
        if let Some(count) = self.per_client.get_mut(&id.client) {
            *count -= 1;
            if *count == 0 {
                self.per_client.remove(&id.client);
            }
        }
    }

    /// The next batch, by arrival, without what the branch holds already.
    pub(crate) fn batch(&self, limits: &Limits, in_branch: &BTreeSet<CommandId>) -> Payload {
        let mut payload = Payload::default();
        let mut bytes = 0u64;
        for command in self.queue.values().filter(|command| !in_branch.contains(&command.id)) {
            bytes += command.operation.len() as u64;
            let is_full = payload.commands.len() >= limits.block_commands as usize;
            if is_full || bytes > u64::from(limits.block_bytes) {
                break;
            }
            payload.commands.push(command.clone());
        }
        payload
    }
}
