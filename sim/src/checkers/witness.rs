//! What clients believe is what comes of executing the committed commands one after the other, and a
//! command that was sent after another had returned executes after it.
//!
//! The chain is the witness: that order shows the clients' history to be linearizable.

use super::execution::executions;
use super::{Breach, Checker, Observed};
use crate::client::CommandResult;
use crate::cluster;
use crate::config::SimConfig;
use crate::ids::ClientNumber;
use crate::request::Answered;
use crate::step::Cause;
use hotstuff_core::certificate::BlockId;
use hotstuff_core::command::{ClientId, Command, CommandId, Operation, Outcome};
use hotstuff_core::{App as _, Block, Height, Message, ReplicaId, SequenceNumber};
use hotstuff_kv::{KvStore, Response};
use std::collections::{BTreeMap, BTreeSet};

/// How many heights may wait for one that is missing. A replica may crash between a commit and telling
/// of it; if nobody else tells, nothing above can be judged any more.
const WAITING_MAX: usize = 4_096;

/// The committed commands, executed once more.
#[derive(Clone)]
pub(super) struct Witness {
    clients: BTreeMap<ClientNumber, ClientId>,
    /// The last command that each has sent.
    sent: BTreeMap<ClientId, SequenceNumber>,
    /// Blocks that may be committed at a later height.
    blocks: BTreeMap<BlockId, Block>,
    /// What was told of heights to come: by whom, the block, and the commands that executed.
    told: BTreeMap<Height, (ReplicaId, BlockId, Vec<CommandId>)>,
    top: Height,
    store: KvStore,
    /// The commands that have not both executed and returned.
    calls: BTreeMap<CommandId, Call>,
    /// What is believed of heights to come.
    early: BTreeSet<(Height, CommandId)>,
    /// Of all commands executed so far the one that was sent last, and the step.
    latest: Option<(u64, CommandId)>,
    is_blind: bool,
}

/// A command that a client has sent.
#[derive(Clone)]
struct Call {
    invoked: u64,
    /// The height, and the result if it is known.
    executed: Option<(Height, Option<Vec<u8>>)>,
    /// The step, and what the client believes.
    returned: Option<(u64, CommandResult)>,
}

impl Witness {
    pub(super) fn new(config: &SimConfig) -> Self {
        let numbers = (0..config.clients).map(ClientNumber).chain([ClientNumber::OPERATOR]);
        let id = |number| cluster::client_key(config, number).public();
        Self {
            clients: numbers.map(|number| (number, id(number))).collect(),
            sent: BTreeMap::new(),
            blocks: BTreeMap::new(),
            told: BTreeMap::new(),
            top: Height::GENESIS,
            store: KvStore::default(),
            calls: BTreeMap::new(),
            early: BTreeSet::new(),
            latest: None,
            is_blind: false,
        }
    }

    fn id(&self, client: ClientNumber, sequence: SequenceNumber) -> CommandId {
        CommandId { client: self.clients[&client], sequence }
    }

    /// Keeps the blocks of a message: what they hold is known when they commit.
    fn keep(&mut self, message: &Message) {
        let blocks = match message {
            Message::Proposal(proposal) => core::slice::from_ref(&proposal.block),
            Message::FetchResponse(response) => &response.blocks,
            _ => return,
        };
        for block in blocks.iter().filter(|block| block.height() > self.top) {
            self.blocks.entry(block.id()).or_insert_with(|| block.clone());
        }
    }

    /// Executes what was told of the next heights, as far as there is no gap.
    fn advance(&mut self) -> Result<(), Breach> {
        let before = self.top;
        while let Some((replica, block, commands)) = self.told.remove(&self.top.next()) {
            let Some(block) = self.blocks.remove(&block) else {
                self.is_blind = true;
                return Ok(());
            };
            self.top = block.height();
            for id in commands {
                let command = block.payload().commands.iter().find(|command| command.id == id);
                let apart = Breach::ExecutedApart { replica, command: id, height: self.top };
                self.execute(command.ok_or(apart)?)?;
            }
        }
        if self.top > before {
            self.blocks.retain(|_, block| block.height() > self.top);
            while let Some((height, command)) =
                self.early.first().copied().filter(|(height, _)| *height <= self.top)
            {
                self.early.remove(&(height, command));
                self.compare(command)?;
            }
        }
        Ok(())
    }

    fn execute(&mut self, command: &Command) -> Result<(), Breach> {
        let id = command.id;
        let result = match &command.operation {
            Operation::App(operation) => Some(self.store.execute(operation)),
            Operation::Committee(_) => None,
        };
        let is_own = self.clients.values().any(|client| *client == id.client);
        if is_own && self.sent.get(&id.client) < Some(&id.sequence) {
            return Err(Breach::Unasked { command: id, height: self.top });
        }
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        call.executed = Some((self.top, result));
        let latest = self.latest.max(Some((call.invoked, id)));
        if let (Some((returned, _)), Some((invoked, later))) = (&call.returned, self.latest)
            && *returned < invoked
        {
            return Err(Breach::RealTime { earlier: id, later });
        }
        self.latest = latest;
        Ok(())
    }

    /// Nothing can be judged any more.
    fn look_away(&mut self) {
        self.is_blind = true;
        self.blocks.clear();
        self.told.clear();
        self.calls.clear();
        self.early.clear();
    }

    /// A client has learnt something of a command.
    fn learn(&mut self, step: u64, result: &CommandResult) -> Result<(), Breach> {
        let id = self.id(result.client, result.sequence);
        let Some(Outcome::Executed { height, .. }) = result.outcome else {
            self.calls.remove(&id); // it may execute yet; nobody will know
            return Ok(());
        };
        if let Some(call) = self.calls.get_mut(&id) {
            call.returned = Some((step, result.clone()));
        }
        if height > self.top {
            self.early.insert((height, id));
            return Ok(());
        }
        self.compare(id)
    }

    /// Compares what is believed with what was executed.
    fn compare(&mut self, id: CommandId) -> Result<(), Breach> {
        let Some(Call { executed, returned: Some((_, believed)), .. }) = self.calls.remove(&id) else {
            return Ok(());
        };
        let is_it = match (&executed, &believed.outcome) {
            (Some((own, own_result)), Some(Outcome::Executed { height, result })) => {
                own == height && own_result.as_ref().is_none_or(|own| own == result)
            }
            _ => false,
        };
        if is_it {
            return Ok(());
        }
        let CommandResult { client, sequence, answer: believed, .. } = believed;
        let believed = believed.as_ref().and_then(Answered::of_store).cloned();
        let answer = |(_, result): (Height, Option<Vec<u8>>)| Response::decode(&result?).ok();
        Err(Breach::Believed { client, sequence, believed, executed: executed.and_then(answer) })
    }
}

impl Checker for Witness {
    fn check(&mut self, observed: &Observed<'_>) -> Result<(), Breach> {
        if self.is_blind {
            return Ok(());
        }
        let step = observed.step;
        if let Cause::Submitted { client, sequence, .. } = step.cause {
            let id = self.id(client, sequence);
            self.sent.insert(id.client, sequence);
            self.calls.insert(id, Call { invoked: step.index, executed: None, returned: None });
        }
        let received = observed.received.map(|letter| letter.content());
        let received = received.filter(|message| !observed.refuses(message.kind()));
        observed
            .sent
            .iter()
            .map(|sent| sent.content())
            .chain(received)
            .for_each(|message| self.keep(message));
        if let Some(replica) = observed.id() {
            for (block, commands) in executions(&step.events).into_iter().flatten() {
                if block.height > self.top {
                    let told = || (replica, block.id, commands.collect());
                    self.told.entry(block.height).or_insert_with(told);
                }
            }
            self.advance()?;
            if self.is_blind || self.told.len() > WAITING_MAX {
                self.look_away();
                return Ok(());
            }
        }
        step.results.iter().try_for_each(|result| self.learn(step.index, result))
    }
}

#[cfg(test)]
mod tests;
