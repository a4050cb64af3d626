//! The bounded ways into the driver: verified messages, verified commands, and questions.

use super::observers::Observer;
use super::reads::Read;
use hotstuff_core::Input;
use std::sync::Arc;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Most peers' messages waiting.
pub const MESSAGES: usize = 1_024;
/// Most bytes of peers' messages waiting; a larger message waits alone.
const MESSAGE_BYTES: u32 = 64 << 20;
/// Most clients' commands waiting.
pub const COMMANDS: usize = 2_048;
/// Most questions waiting.
const QUESTIONS: usize = 64;

/// A question that only the driver can answer.
#[derive(Debug)]
pub enum Question {
    /// Is it alive?
    Alive(oneshot::Sender<()>),
    /// What does the state say of this key, with proof?
    Read(Vec<u8>, oneshot::Sender<Read>),
    /// What is there to see, and what comes next?
    Observe(oneshot::Sender<Observer>),
}

/// The driver's end.
pub(super) struct Inbox {
    /// Each with its room, free again when it is handled.
    pub messages: mpsc::Receiver<(Input, Room)>,
    pub commands: mpsc::Receiver<Input>,
    pub questions: mpsc::Receiver<Question>,
}

/// A waiting message's share of what may wait, of all and of its own peer.
pub(super) struct Room(#[allow(dead_code, reason = "held until it is dropped")] [OwnedSemaphorePermit; 3]);

/// How much of one peer may wait, so that whoever sends most does not keep the others waiting.
#[derive(Clone, Debug)]
pub struct Quota {
    messages: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    bytes_max: u32,
}

impl Quota {
    /// Room for so many messages, and so many bytes of them; a larger message waits alone.
    #[must_use]
    pub fn new(messages_max: u32, bytes_max: u32) -> Self {
        let messages = Arc::new(Semaphore::new(messages_max as usize));
        Self { messages, bytes: Arc::new(Semaphore::new(bytes_max as usize)), bytes_max }
    }
}

/// The connections' end. Peers and clients have a queue each, so that a flood of commands does
/// not hold messages up.
#[derive(Clone, Debug)]
pub struct Inlet {
    messages: mpsc::Sender<(Input, Room)>,
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

/// What waits for the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Peers' messages.
    pub messages: u64,
    /// Clients' commands.
    pub commands: u64,
}

impl Inlet {
    /// What waits for the driver now.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        let (messages, commands) = (&self.messages, &self.commands);
        Waiting {
            messages: (messages.max_capacity() - messages.capacity()) as u64,
            commands: (commands.max_capacity() - commands.capacity()) as u64,
        }
    }

    /// Hands over what came from a peer in a frame of so many bytes; waits while the queue is full, or
    /// the peer's part of it.
    ///
    /// # Errors
    /// When the driver has ended.
    pub async fn message(&self, input: Input, bytes: usize, quota: &Quota) -> Result<(), DriverEnded> {
        let share = |most: u32| u32::try_from(bytes).unwrap_or(most).min(most);
        let room = async {
            // Its own part first: whoever waits for that takes nothing from the others.
            let message = Arc::clone(&quota.messages).acquire_owned().await?;
            let own = Arc::clone(&quota.bytes).acquire_many_owned(share(quota.bytes_max)).await?;
            let all = Arc::clone(&self.message_bytes).acquire_many_owned(share(MESSAGE_BYTES)).await?;
            Ok::<_, AcquireError>(Room([message, own, all]))
        };
        // The queue is watched too: the driver frees no room after its end.
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

    /// What the state says of a key, once it can be proven.
    ///
    /// # Errors
    /// When the driver has ended.
    pub async fn read(&self, key: Vec<u8>) -> Result<Read, DriverEnded> {
        let (sender, answer) = oneshot::channel();
        self.questions.send(Question::Read(key, sender)).await.map_err(|_| DriverEnded)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    /// Whether a message of so many bytes finds room at once.
    fn fits(inlet: &Inlet, bytes: usize, quota: &Quota) -> bool {
        inlet.message(Input::Tick, bytes, quota).now_or_never().is_some()
    }

    #[test]
    fn a_peer_that_floods_fills_its_own_part_and_leaves_the_others_theirs() {
        let (inlet, mut inbox) = inbox();
        let (flooder, other) = (Quota::new(4, 1_000), Quota::new(4, 1_000));
        let taken = (0..100).filter(|_| fits(&inlet, 10, &flooder)).count();
        assert_eq!(taken, 4);
        assert!(fits(&inlet, 10, &other));
        assert_eq!(inbox.messages.len(), 5);
        drop(inbox.messages.try_recv().unwrap());
        assert!(fits(&inlet, 10, &flooder) && !fits(&inlet, 10, &flooder));
    }

    #[test]
    fn bytes_have_a_quota_too_and_what_is_larger_waits_alone() {
        let (inlet, mut inbox) = inbox();
        let quota = Quota::new(100, 1_000);
        assert!(fits(&inlet, 600, &quota) && fits(&inlet, 400, &quota) && !fits(&inlet, 1, &quota));
        while inbox.messages.try_recv().is_ok() {}
        assert!(fits(&inlet, 5_000, &quota) && !fits(&inlet, 1, &quota));
    }

    #[test]
    fn the_queue_is_bounded_whatever_the_quotas_are() {
        let (inlet, inbox) = inbox();
        let quotas: Vec<Quota> = (0..100).map(|_| Quota::new(100, 1_000)).collect();
        let taken = (0..10_000).filter(|number| fits(&inlet, 1, &quotas[number % 100])).count();
        assert_eq!((taken, inbox.messages.len()), (MESSAGES, MESSAGES));
    }
}
