//! Commands in, and what clients are told of them.

use super::Replica;
use crate::app::App;
use crate::command::{Command, CommandId, NotAdmitted, Outcome, Reply};
use crate::event::Event;
use crate::io::Output;

impl<A: App> Replica<A> {
    /// Admits a verified command, or replies at once: with the outcome it had before (pitfall 30),
    /// or with why it cannot wait here.
    pub(super) fn on_command(&mut self, command: Command) {
        let id = command.id;
        if let Some(outcome) = self.ledger.outcome(&id) {
            self.reply(id, outcome);
            return;
        }
        match self.mempool.add(command) {
            Ok(true) => self.event(Event::CommandAdmitted(id)),
            Ok(false) => {}
            Err(why) => self.refuse_command(id, why),
        }
    }

    pub(super) fn refuse_command(&mut self, command: CommandId, why: NotAdmitted) {
        self.event(Event::CommandRefused { command, why });
        self.reply(command, Outcome::NotAdmitted(why));
    }

    pub(super) fn reply(&mut self, command: CommandId, outcome: Outcome) {
        let reply = Reply::signed(&self.key, self.committee.cluster(), self.id, command, outcome);
        self.outputs.push_back(Output::Reply(reply));
    }
}
