//! Execution: committed blocks in, state and answers out, each command once.

use crate::app::{App, NoSnapshot, RESULT_BYTES_MAX};
use crate::block::Block;
use crate::command::{Command, CommandId, Operation, Outcome};
use crate::committee::Committee;
use crate::crypto::Digest;
use crate::ids::{Height, View};
use crate::rules::Rules;
use crate::schedule::Schedules;
use crate::sessions::{Known, Sessions};
use crate::snapshot::{StateImage, StateParts, state_root};
use crate::state_proof::StateRoots;
use crate::wire;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The application, the client table and the schedules: the whole of the replicated state.
#[derive(Clone)]
pub(crate) struct Ledger<A> {
    app: A,
    sessions: Sessions,
    schedules: Schedules,
    rules: &'static dyn Rules,
}

/// A command of a committed block and what became of it; `is_new` where it executed just now.
pub(crate) struct Settled {
    pub(crate) command: CommandId,
    pub(crate) outcome: Outcome,
    pub(crate) is_new: bool,
}

impl<A: App> Ledger<A> {
    pub(crate) fn new(app: A, committee: Arc<Committee>) -> Self {
        let sessions = Sessions::new(committee.limits()).keeping(committee.spec().operator);
        let rules = committee.rules();
        Self { app, sessions, schedules: Schedules::new(committee), rules }
    }

    pub(crate) fn app(&self) -> &A {
        &self.app
    }

    pub(crate) fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// How many clients are remembered.
    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Executes a block's commands in order, each unless it did before. `parent_view` is the view
    /// of the block's parent, and `commits` the height of the last block that its justify commits.
    pub(crate) fn execute(&mut self, block: &Block, parent_view: View, commits: Height) -> Vec<Settled> {
        let mut settled = Vec::new();
        for command in &block.payload().commands {
            let before = self.outcome(&command.id);
            let is_new = before.is_none();
            let outcome = before.unwrap_or_else(|| self.execute_one(command, block));
            settled.push(Settled { command: command.id, outcome, is_new });
        }
        self.schedules.note_committed(block, parent_view, commits);
        settled
    }

    fn execute_one(&mut self, command: &Command, block: &Block) -> Outcome {
        let height = block.height();
        let result = match &command.operation {
            Operation::App(operation) => {
                let result = self.app.execute(operation);
                assert!(result.len() <= RESULT_BYTES_MAX as usize, "the application's result is too long");
                result
            }
            Operation::Committee(change) => {
                let made = self.schedules.change(&command.id.client, change, height, block.epoch());
                wire::encode(&made)
            }
        };
        self.sessions.record(command.id, height, result.clone());
        Outcome::Executed { height, result }
    }

    /// What became of a command, if it executed or is too old to tell.
    pub(crate) fn outcome(&self, id: &CommandId) -> Option<Outcome> {
        match self.sessions.known(id) {
            _ if !self.rules.executes_once() => None,
            Known::New => None,
            Known::TooOld => Some(Outcome::TooOld),
            Known::Executed(executed) => {
                Some(Outcome::Executed { height: executed.height, result: executed.result.clone() })
            }
        }
    }

    /// The state root.
    pub(crate) fn root(&mut self) -> Digest {
        self.roots().root()
    }

    /// The parts of the root.
    pub(crate) fn roots(&mut self) -> StateRoots {
        let (app, sessions) = (self.app.root(), self.sessions.root());
        StateRoots { app, sessions, schedules: self.schedules.digest() }
    }

    /// What the root is made of.
    pub(crate) fn parts(&mut self) -> StateParts {
        let (app, sessions) = (self.app.root(), self.sessions.root());
        StateParts { app, sessions, schedules: self.schedules.image() }
    }

    /// The whole state.
    pub(crate) fn image(&self) -> StateImage {
        let (sessions, schedules) = (self.sessions.image(), self.schedules.image());
        StateImage { app: self.app.snapshot(), sessions, schedules }
    }

    /// Takes over the state of `image` if its root is `root`; otherwise nothing has changed.
    ///
    /// # Errors
    /// When the image is none, or its root another.
    pub(crate) fn restore(
        &mut self,
        committee: &Committee,
        image: StateImage,
        root: &Digest,
    ) -> Result<(), NoSnapshot> {
        let schedules = Schedules::restored(committee, &image.schedules).ok_or(NoSnapshot)?;
        let mut sessions = Sessions::restored(committee.limits(), &image.sessions)
            .ok_or(NoSnapshot)?
            .keeping(committee.spec().operator);
        let before = self.app.snapshot();
        self.app.restore(&image.app)?;
        if state_root(&self.app.root(), &sessions.root(), &schedules.digest()) != *root {
            self.app.restore(&before).expect("an application restores its own snapshot");
            return Err(NoSnapshot);
        }
        (self.sessions, self.schedules) = (sessions, schedules);
        Ok(())
    }
}
