//! A client at work: the core's client state machine, a link to each replica, and many callers
//! whose commands are in flight side by side.

use super::link::{self, LinkError, LinkEvent};
use super::transport::Transport;
use hotstuff_core::client::{Client, ClientConfig, ClientOutput, SubmitError};
use hotstuff_core::command::{NotAdmitted, Operation, Outcome};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::ClientFrame;
use hotstuff_core::{Committee, ReplicaId, SequenceNumber, Span, Time, wire};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Bytes;

/// Link events that wait for the client.
const EVENTS_QUEUED: usize = 1_024;
/// How long the links may take to say goodbye.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// Where a replica takes commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The replica.
    pub replica: ReplicaId,
    /// The URL of its client endpoint: `ws://`, or `wss://` where the transport encrypts.
    pub url: String,
}

/// A command that is through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its number.
    pub sequence: SequenceNumber,
    /// What became of it.
    pub outcome: Outcome,
    /// Who agreed on that: at least f+1.
    pub replicas: Vec<ReplicaId>,
    /// Who had said something else by then.
    pub others: Vec<ReplicaId>,
    /// From submission to the first reply.
    pub first_reply: Span,
    /// From submission to agreement.
    pub latency: Span,
}

/// Why there is no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Too few equal replies in time. The command may still execute later.
    #[error("{0}")]
    NoAgreement(NoAgreement),
    /// The command was not taken at all.
    #[error(transparent)]
    Refused(#[from] SubmitError),
    /// The driver was closed.
    #[error("the client was closed")]
    Closed,
}

/// What was known of each replica when a command was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAgreement {
    /// How long was waited.
    pub waited: Span,
    /// What single replicas said.
    pub replies: Vec<(ReplicaId, Outcome)>,
    /// Whether f+1 of them, one of them honest, said that they are too busy to take the command in.
    pub is_busy: bool,
    /// Each replica's link: `None` where it stands, otherwise why it does not.
    pub links: Vec<(ReplicaId, Option<String>)>,
}

/// A handle to a running client. Clones share it; it ends when the last one is gone.
#[derive(Clone, Debug)]
pub struct ClientDriver {
    submissions: mpsc::Sender<Submission>,
    /// Open as long as there is a handle.
    open: mpsc::Sender<Infallible>,
    closed: mpsc::Sender<()>,
}

#[derive(Debug)]
struct Submission {
    operation: Operation,
    done: oneshot::Sender<Result<Done, ClientError>>,
}

impl ClientDriver {
    /// Starts a client of `committee`'s cluster, on the current tokio runtime, that talks to all
    /// `endpoints` at once.
    ///
    /// Sequence numbers start from the wall clock, so `key` must not be used by a clock that is
    /// behind. The replicas remember only a client's last commands, so at most
    /// [`Limits::session_replies`](hotstuff_core::committee::Limits) numbers are in flight at a
    /// time, whatever `config` says: an older one could then not be passed by too many younger.
    #[must_use]
    pub fn start(
        key: SecretKey,
        committee: Arc<Committee>,
        endpoints: Vec<Endpoint>,
        config: ClientConfig,
    ) -> Self {
        Self::start_by(Transport::default(), key, committee, endpoints, config)
    }

    /// Starts a client as [`start`](Self::start) does, whose links use `transport`.
    #[must_use]
    pub fn start_by(
        transport: Transport,
        key: SecretKey,
        committee: Arc<Committee>,
        endpoints: Vec<Endpoint>,
        config: ClientConfig,
    ) -> Self {
        let window = config.in_flight.min(committee.limits().session_replies).max(1);
        let (submissions, submitted) = mpsc::channel(window as usize);
        let (events_sender, events) = mpsc::channel(EVENTS_QUEUED);
        let (open, given_up) = mpsc::channel(1);
        let (closed, closing) = mpsc::channel(1);
        let mut links = BTreeMap::new();
        let mut tasks = JoinSet::new();
        for Endpoint { replica, url } in endpoints {
            links.insert(replica, Err(LinkError::Dialling));
            tasks.spawn(link::keep(
                transport.clone(),
                replica,
                url,
                committee.clone(),
                events_sender.clone(),
            ));
        }
        let first = first_sequence();
        let client = Client::new(key, committee.clone(), config, first);
        let waiting = BTreeMap::new();
        let started = Instant::now();
        let worker = Worker { client, committee, config, window, links, waiting, last: first, started };
        tokio::spawn(worker.run(submitted, given_up, events, tasks, closing));
        Self { submissions, open, closed }
    }

    /// Sends `operation` to the replicas and waits for what f+1 of them agree on. Waits first for
    /// room, where as many commands are in flight as may be. A caller that stops waiting does not
    /// take its command back.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn submit(&self, operation: impl Into<Operation>) -> Result<Done, ClientError> {
        let (done, outcome) = oneshot::channel();
        let submission = Submission { operation: operation.into(), done };
        self.submissions.send(submission).await.map_err(|_| ClientError::Closed)?;
        outcome.await.unwrap_or(Err(ClientError::Closed))
    }

    /// Gives up this handle, and waits until the last one is given up and the links are closed: not for commands in
    /// flight, for then nobody waits for those any more.
    pub async fn close(self) {
        drop((self.submissions, self.open));
        self.closed.closed().await;
    }
}

/// The wall clock in microseconds: above every number that this key used before.
fn first_sequence() -> SequenceNumber {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SequenceNumber(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
}

struct Worker {
    client: Client,
    committee: Arc<Committee>,
    config: ClientConfig,
    window: u32,
    links: BTreeMap<ReplicaId, Result<mpsc::Sender<Bytes>, LinkError>>,
    waiting: BTreeMap<SequenceNumber, oneshot::Sender<Result<Done, ClientError>>>,
    last: SequenceNumber,
    started: Instant,
}

impl Worker {
    async fn run(
        mut self,
        mut submissions: mpsc::Receiver<Submission>,
        mut given_up: mpsc::Receiver<Infallible>,
        mut events: mpsc::Receiver<LinkEvent>,
        mut tasks: JoinSet<()>,
        closing: mpsc::Receiver<()>,
    ) {
        loop {
            let deadline = self.client.deadline();
            let due = self.started + Duration::from_micros(deadline.unwrap_or_default().0);
            tokio::select! {
                Some(submission) = submissions.recv(), if self.has_room() => self.submit(submission),
                None = given_up.recv() => break,
                Some(event) = events.recv() => self.handle(event),
                () = sleep_until(due), if deadline.is_some() => self.client.handle_tick(self.now()),
            }
            while let Some(output) = self.client.poll_output() {
                self.perform(output);
            }
        }
        // Without their queues and their listener the links end, politely where the peer lets them.
        drop((self, events));
        timeout(CLOSE_TIMEOUT, async { while tasks.join_next().await.is_some() {} }).await.ok();
        drop(closing);
    }

    fn now(&self) -> Time {
        Time(u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Whether the numbers from the oldest in flight to the next one fit in the window.
    fn has_room(&self) -> bool {
        let oldest = self.waiting.first_key_value();
        oldest.is_none_or(|(oldest, _)| self.last.0 - oldest.0 + 1 < u64::from(self.window))
    }

    fn submit(&mut self, Submission { operation, done }: Submission) {
        match self.client.submit(self.now(), operation) {
            Ok(sequence) => {
                self.last = sequence;
                self.waiting.insert(sequence, done);
            }
            Err(error) => {
                done.send(Err(error.into())).ok();
            }
        }
    }

    fn handle(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Up(replica, queue) => {
                for command in self.client.in_flight() {
                    queue.try_send(frame(command.clone())).ok();
                }
                self.links.insert(replica, Ok(queue));
            }
            LinkEvent::Replies(replies) => self.client.handle_replies(self.now(), replies),
            LinkEvent::Down(replica, why) => {
                tracing::debug!("link to {replica}: {why}");
                self.links.insert(replica, Err(why));
            }
        }
    }

    fn perform(&mut self, output: ClientOutput) {
        match output {
            ClientOutput::Broadcast(command) => {
                let frame = frame(command);
                for queue in self.links.values().flatten() {
                    // A full queue is a slow replica: the retry reaches it, and the others go on.
                    queue.try_send(frame.clone()).ok();
                }
            }
            ClientOutput::Done { sequence, outcome, replicas, others, first_reply, latency } => {
                let done = Done { sequence, outcome, replicas, others, first_reply, latency };
                self.finish(sequence, Ok(done));
            }
            ClientOutput::GaveUp { sequence, replies } => {
                let why = |link: &Result<_, LinkError>| link.as_ref().err().map(LinkError::to_string);
                let links = self.links.iter().map(|(id, link)| (*id, why(link))).collect();
                let full = [NotAdmitted::Busy, NotAdmitted::TooManyInFlight].map(Outcome::NotAdmitted);
                let busy = replies.iter().filter(|(_, outcome)| full.contains(outcome)).map(|(id, _)| *id);
                let is_busy = self.committee.is_weak_quorum(busy);
                let given_up = NoAgreement { waited: self.config.give_up_us, replies, is_busy, links };
                self.finish(sequence, Err(ClientError::NoAgreement(given_up)));
            }
        }
    }

    fn finish(&mut self, sequence: SequenceNumber, result: Result<Done, ClientError>) {
        if let Some(done) = self.waiting.remove(&sequence) {
            done.send(result).ok(); // a caller that no longer waits misses nothing
        }
    }
}

fn frame(command: hotstuff_core::command::Command) -> Bytes {
    wire::encode(&ClientFrame::Submit(command)).into()
}

impl fmt::Display for NoAgreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let busy = if self.is_busy { "the cluster is busy: " } else { "" };
        write!(f, "{busy}no agreement among the replicas within {} s", self.waited.0 / 1_000_000)?;
        for (replica, link) in &self.links {
            let reply = self.replies.iter().find(|(from, _)| from == replica);
            match (reply, link) {
                (Some((_, outcome)), _) => write!(f, "; {replica} replied: {outcome:?}")?,
                (None, None) => write!(f, "; {replica} did not reply")?,
                (None, Some(why)) => write!(f, "; {replica} is not reachable: {why}")?,
            }
        }
        Ok(())
    }
}
