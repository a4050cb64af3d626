//! What surrounds the state machine: one task that owns the replica and its store, feeds it what
//! comes in, and performs what comes out, in order.

mod clients;
mod events;
mod inbox;
mod observers;
mod reads;
mod segment;

pub use clients::{ClientConnection, Clients, QueuedReplies, TooManyKeys};
pub use inbox::{COMMANDS, DriverEnded, Inlet, MESSAGES, Question, Quota, Waiting};
pub use observers::Observer;
pub use reads::{NotProven, ProvenRead, READERS, Read};

use crate::clock::Clock;
use crate::metrics::{Meter, Metrics};
use crate::peers::Peers;
use crate::shutdown::Stop;
use crate::store::{Store, StoreError};
use axum::body::Bytes;
use hotstuff_core::link::{ObserveFrame, PeerFrame};
use hotstuff_core::replica::Replica;
use hotstuff_core::{Committee, Committees, Input, Message, Output, ReplicaId, Status, Time, wire};
use hotstuff_kv::KvStore;
use inbox::Inbox;
use observers::Observers;
use reads::Reads;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How many waiting inputs of each kind are handled before their records are made durable, all
/// in one transaction.
const BATCH: usize = 64;
/// How often observers are told the status.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// The owner of the replica and its store.
pub struct Driver {
    id: ReplicaId,
    replica: Replica<KvStore>,
    store: Store,
    clock: Clock,
    committee: Arc<Committee>,
    peers: Arc<Peers>,
    clients: Arc<Clients>,
    observers: Observers,
    meter: Meter,
    /// When the last input was handled.
    handled: Time,
    reads: Reads,
    status: watch::Sender<Status>,
    committees: watch::Sender<Arc<Committees>>,
    inbox: Inbox,
}

/// What a driver works with.
pub struct Parts {
    /// The state machine.
    pub replica: Replica<KvStore>,
    /// Where its records go.
    pub store: Store,
    /// The clock that the replica was made with.
    pub clock: Clock,
    /// The committee.
    pub committee: Arc<Committee>,
    /// Where its messages go.
    pub peers: Arc<Peers>,
    /// Where its replies go.
    pub clients: Arc<Clients>,
    /// Where it counts.
    pub metrics: Arc<Metrics>,
    /// Most observations waiting for one observer.
    pub observer_frames: u32,
}

impl Driver {
    /// A driver, the way in, and the replica's status as it changes.
    #[must_use]
    pub fn new(parts: Parts) -> (Self, Inlet, watch::Receiver<Status>) {
        let Parts { replica, store, clock, committee, peers, clients, metrics, observer_frames } = parts;
        let (inlet, inbox) = inbox::inbox();
        let (status, status_receiver) = watch::channel(replica.status());
        let observers = Observers::new(observer_frames);
        let id = replica.status().id;
        let committees = watch::Sender::new(Arc::clone(replica.committees()));
        let driver = Self {
            id,
            replica,
            store,
            clock,
            committee,
            peers,
            clients,
            observers,
            meter: Meter::new(metrics),
            handled: clock.now(),
            reads: Reads::default(),
            status,
            committees,
            inbox,
        };
        (driver, inlet, status_receiver)
    }

    /// The committees to verify messages with, as they change.
    #[must_use]
    pub fn committees(&self) -> watch::Receiver<Arc<Committees>> {
        self.committees.subscribe()
    }

    /// Drives the replica until `stop`, and then through what waits already. Blocks its thread while it writes to disk.
    ///
    /// # Errors
    /// When the store fails: nothing more may be sent then.
    pub async fn run(mut self, mut stop: Stop) -> Result<(), StoreError> {
        self.perform()?;
        let mut next_status = Instant::now() + STATUS_INTERVAL;
        loop {
            let deadline = self.replica.deadline();
            let until_deadline = deadline.map_or(Duration::MAX, |time| self.clock.until(time));
            let until_status = next_status.saturating_duration_since(Instant::now());
            let patience =
                until_deadline.min(if self.observers.is_empty() { Duration::MAX } else { until_status });
            tokio::select! {
                biased;
                () = stop.stopped() => return self.drain(),
                Some(question) = self.inbox.questions.recv() => self.answer(question),
                Some((input, _room)) = self.inbox.messages.recv() => self.handle(input),
                Some(input) = self.inbox.commands.recv() => self.handle(input),
                () = tokio::time::sleep(patience) => {}
            }
            self.handle_waiting();
            self.perform()?;
            self.reads.settle(&mut self.replica);
            let status = self.replica.status();
            if next_status <= Instant::now() {
                next_status = Instant::now() + STATUS_INTERVAL;
                self.observers.publish_status(&status);
            }
            self.status.send_if_modified(|last| {
                let changed = *last != status;
                *last = status;
                changed
            });
        }
    }

    fn handle(&mut self, input: Input) {
        self.handled = self.clock.now();
        self.replica.handle(self.handled, input);
    }

    /// Handles some of what waits, from peers and clients alike, and the timer when it is due.
    fn handle_waiting(&mut self) {
        for _ in 0..BATCH {
            let Ok((input, _room)) = self.inbox.messages.try_recv() else { break };
            self.handle(input);
        }
        for _ in 0..BATCH {
            let Ok(input) = self.inbox.commands.try_recv() else { break };
            self.handle(input);
        }
        let now = self.clock.now();
        if self.replica.deadline().is_some_and(|deadline| deadline <= now) {
            self.handle(Input::Tick);
        }
    }

    /// Handles what waits already, and performs what comes of it: the last thing there is to do.
    fn drain(mut self) -> Result<(), StoreError> {
        let waiting = self.inbox.messages.len() + self.inbox.commands.len();
        for _ in 0..=waiting / BATCH {
            self.handle_waiting();
            self.perform()?;
        }
        Ok(())
    }

    /// Performs all outputs, segment by segment: first every record, in one transaction, then the rest in
    /// order.
    fn perform(&mut self) -> Result<(), StoreError> {
        loop {
            let outputs = segment::next(|| self.replica.poll_output());
            if outputs.is_empty() {
                return Ok(());
            }
            let mut records = outputs
                .iter()
                .filter_map(|output| if let Output::Persist(record) = output { Some(record) } else { None })
                .peekable();
            if records.peek().is_some() {
                self.meter.metrics().time_sync(|| self.store.append(records))?;
            }
            for output in outputs {
                self.perform_one(output)?;
            }
        }
    }

    fn perform_one(&mut self, output: Output) -> Result<(), StoreError> {
        match output {
            Output::Persist(_) => {}
            Output::Send { to, message } => self.peers.send(to, frame(message)),
            Output::Broadcast(message) => self.peers.broadcast(&frame(message)),
            Output::Replies(replies) => self.clients.deliver(replies),
            Output::Committees(committees) => {
                self.committees.send_replace(committees);
            }
            Output::Load { peer, target, epoch, from, to } => {
                let blocks = self.store.committed(from, to)?;
                self.handle(Input::Loaded { peer, target, epoch, blocks });
            }
            Output::LoadSnapshot { peer, request, bytes_max } => {
                let chunk = self.store.snapshot_chunk(request, bytes_max)?;
                self.handle(Input::SnapshotLoaded { peer, chunk });
            }
            Output::Event(event) => {
                events::log(self.id, &event);
                let now = self.clock.now();
                self.meter.note(self.handled, now, &event);
                self.observers.publish(now, event);
            }
        }
        Ok(())
    }

    fn answer(&mut self, question: Question) {
        match question {
            Question::Alive(answer) => {
                let _ = answer.send(());
            }
            Question::Read(key, answer) => self.reads.ask(&mut self.replica, key, answer),
            Question::Observe(answer) => {
                let welcome = ObserveFrame::Welcome {
                    committee: self.committee.spec().clone(),
                    status: self.replica.status(),
                    blocks: self.replica.recent_blocks(),
                    genesis: self.committee.genesis_qc().block,
                    next_sequence: self.observers.next_sequence(),
                };
                // Whoever asked may be gone already; then the observer is dropped here.
                let _ = answer.send(self.observers.add(&welcome));
            }
        }
    }
}

fn frame(message: Message) -> Bytes {
    wire::encode(&PeerFrame::Message(message)).into()
}
