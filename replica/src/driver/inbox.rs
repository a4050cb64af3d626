//! The bounded ways into the driver: verified messages, verified commands, and questions.

use super::observers::Observer;
use hotstuff_core::Input;
use tokio::sync::{mpsc, oneshot};

/// Most peers' messages waiting. Each may hold a block, so there are few.
const MESSAGES: usize = 256;
/// Most clients' commands waiting.
const COMMANDS: usize = 2_048;
/// Most questions waiting.
const QUESTIONS: usize = 64;

/// A question that only the driver can answer.
#[derive(Debug)]
pub enum Question {
    /// Is it alive?
    Alive(oneshot::Sender<()>),
    /// What is there to see, and what comes next?
    Observe(oneshot::Sender<Observer>),
}

/// The driver's end.
pub(super) struct Inbox {
    pub messages: mpsc::Receiver<Input>,
    pub commands: mpsc::Receiver<Input>,
    pub questions: mpsc::Receiver<Question>,
}

/// The connections' end. Peers and clients have a queue each, so that a flood of commands does
/// not hold messages up.
#[derive(Clone, Debug)]
pub struct Inlet {
    messages: mpsc::Sender<Input>,
    commands: mpsc::Sender<Input>,
    questions: mpsc::Sender<Question>,
}

/// The driver has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the replica's driver has ended")]
pub struct DriverEnded;

pub(super) fn inbox() -> (Inlet, Inbox) {
    let (message_sender, messages) = mpsc::channel(MESSAGES);
    let (command_sender, commands) = mpsc::channel(COMMANDS);
    let (question_sender, questions) = mpsc::channel(QUESTIONS);
    let inlet = Inlet { messages: message_sender, commands: command_sender, questions: question_sender };
    (inlet, Inbox { messages, commands, questions })
}

impl Inlet {
    /// Hands over what came from a peer; waits while the queue is full.
    ///
    /// # Errors
    /// When the driver has ended.
    pub async fn message(&self, input: Input) -> Result<(), DriverEnded> {
        self.messages.send(input).await.map_err(|_| DriverEnded)
    }

    /// Hands over what came from a client; waits while the queue is full.
    ///
    /// # Errors
    /// When the driver has ended.
    pub async fn command(&self, input: Input) -> Result<(), DriverEnded> {
        self.commands.send(input).await.map_err(|_| DriverEnded)
    }

    /// Returns once the driver has answered.
    ///
    /// # Errors
    /// When the driver has ended.
    pub async fn alive(&self) -> Result<(), DriverEnded> {
        let (sender, answer) = oneshot::channel();
        self.questions.send(Question::Alive(sender)).await.map_err(|_| DriverEnded)?;
        answer.await.map_err(|_| DriverEnded)
    }

    /// Begins to observe.
    ///
    /// # Errors
    /// When the driver has ended.
    pub async fn observe(&self) -> Result<Observer, DriverEnded> {
        let (sender, answer) = oneshot::channel();
        self.questions.send(Question::Observe(sender)).await.map_err(|_| DriverEnded)?;
        answer.await.map_err(|_| DriverEnded)
    }
}
