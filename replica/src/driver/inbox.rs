//! The bounded ways into the driver: verified messages, verified commands, and questions.

use super::observers::Observer;
use hotstuff_core::Input;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Most peers' messages waiting.
const MESSAGES: usize = 1_024;
/// Most bytes of peers' messages waiting; a larger message waits alone.
const MESSAGE_BYTES: u32 = 64 << 20;
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
    /// Each with its share of the bytes, free again when it is handled.
    pub messages: mpsc::Receiver<(Input, OwnedSemaphorePermit)>,
    pub commands: mpsc::Receiver<Input>,
    pub questions: mpsc::Receiver<Question>,
}

/// The connections' end. Peers and clients have a queue each, so that a flood of commands does
/// not hold messages up.
#[derive(Clone, Debug)]
pub struct Inlet {
    messages: mpsc::Sender<(Input, OwnedSemaphorePermit)>,
    message_bytes: Arc<Semaphore>,
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
    let inlet = Inlet {
        messages: message_sender,
        message_bytes: Arc::new(Semaphore::new(MESSAGE_BYTES as usize)),
        commands: command_sender,
        questions: question_sender,
    };
    (inlet, Inbox { messages, commands, questions })
}

impl Inlet {
    /// Hands over what came from a peer in a frame of so many bytes; waits while the queue is full.
    ///
    /// # Errors
    /// When the driver has ended.
    pub async fn message(&self, input: Input, bytes: usize) -> Result<(), DriverEnded> {
        let share = u32::try_from(bytes).unwrap_or(MESSAGE_BYTES).min(MESSAGE_BYTES);
        let room = Arc::clone(&self.message_bytes).acquire_many_owned(share);
        // The queue is watched too: the driver frees no bytes after its end.
        tokio::select! {
            room = room => {
                let room = room.map_err(|_| DriverEnded)?;
                self.messages.send((input, room)).await.map_err(|_| DriverEnded)
            }
            () = self.messages.closed() => Err(DriverEnded),
        }
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
