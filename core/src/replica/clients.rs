//! Commands in, and what clients are told of them.

use super::Replica;
use crate::app::App;
use crate::command::{self, Command, CommandId, NotAdmitted, Outcome, Replies};
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

    fn reply(&mut self, command: CommandId, outcome: Outcome) {
        self.reply_to_all([(command, outcome)]);
    }

    /// Replies to many commands, with one signature for each client.
    pub(super) fn reply_to_all(&mut self, outcomes: impl IntoIterator<Item = (CommandId, Outcome)>) {
        for (client, lot) in command::lots(outcomes) {
            let cluster = self.committee.cluster();
            let replies = Replies::signed(&self.key, cluster, self.id, client, lot);
            self.outputs.push_back(Output::Replies(replies));
        }
    }
}
