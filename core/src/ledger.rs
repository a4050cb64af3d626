//! Execution: committed blocks in, state and answers out, each command once.

use crate::app::App;
use crate::block::Block;
use crate::command::{CommandId, Outcome};
use crate::committee::Limits;
use crate::crypto::{Digest, Domain};
use crate::sessions::{Known, Sessions};
use alloc::vec::Vec;

/// The application and the client table: the whole of the replicated state.
pub(crate) struct Ledger<A> {
    app: A,
    sessions: Sessions,
}

/// A command of a committed block and what became of it; `is_new` where it executed just now.
pub(crate) struct Settled {
    pub(crate) command: CommandId,
    pub(crate) outcome: Outcome,
    pub(crate) is_new: bool,
}

impl<A: App> Ledger<A> {
    pub(crate) fn new(app: A, limits: &Limits) -> Self {
        Self { app, sessions: Sessions::new(limits.sessions, limits.session_replies) }
    }

    pub(crate) fn app(&self) -> &A {
        &self.app
    }

    /// Executes a block's commands in order, each unless it did before.
    pub(crate) fn execute(&mut self, block: &Block) -> Vec<Settled> {
        let mut settled = Vec::new();
        for command in &block.payload().commands {
            let before = self.outcome(&command.id);
            let is_new = before.is_none();
            let outcome = before.unwrap_or_else(|| {
                let result = self.app.execute(&command.operation);
                self.sessions.record(command.id, block.height(), result.clone());
                Outcome::Executed { height: block.height(), result }
            });
            settled.push(Settled { command: command.id, outcome, is_new });
        }
        settled
    }

    /// What became of a command, if it executed or is too old to tell.
    pub(crate) fn outcome(&self, id: &CommandId) -> Option<Outcome> {
        match self.sessions.known(id) {
            Known::New => None,
            Known::TooOld => Some(Outcome::TooOld),
            Known::Executed(executed) => {
                Some(Outcome::Executed { height: executed.height, result: executed.result.clone() })
            }
        }
    }

    /// The state root.
    pub(crate) fn root(&mut self) -> Digest {
        let (app, sessions) = (self.app.root(), self.sessions.root());
        Digest::of(Domain::StateRoot, &[&app.0, &sessions.0])
    }
}
