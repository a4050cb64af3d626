//! The client's side of the protocol: sign commands, send them to all replicas, send them again
//! with back-off, and believe an outcome once f+1 replicas say the same (PBFT, section 4.1).
//!
//! Sans-IO like the replica: time comes in, outputs come out.

use crate::command::{ClientId, Command, NotAdmitted, Operation, Outcome, Replies};
use crate::committee::Committee;
use crate::crypto::SecretKey;
use crate::ids::{ReplicaId, SequenceNumber, Span, Time};
use crate::verify::Verified;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How a client is to behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// A command without an outcome is sent again after this long; doubled each time.
    pub retry_min_us: Span,
    /// The most that back-off makes of it.
    pub retry_max_us: Span,
    /// A command without an outcome for this long is given up.
    pub give_up_us: Span,
    /// Most commands in flight.
    pub in_flight: u32,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            retry_min_us: Span::millis(1_000),
            retry_max_us: Span::millis(8_000),
            give_up_us: Span::millis(30_000),
            in_flight: 1_024,
        }
    }
}

/// One thing for the client's driver to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientOutput {
    /// Send the command to every replica that is connected.
    Broadcast(Command),
    /// A command is through.
    Done {
        /// Which.
        sequence: SequenceNumber,
        /// What f+1 replicas, or more, agree on.
        outcome: Outcome,
        /// Who they are.
        replicas: Vec<ReplicaId>,
        /// Who had said something else by then.
        others: Vec<ReplicaId>,
        /// From submission to the first reply.
        first_reply: Span,
        /// From submission to agreement.
        latency: Span,
    },
    /// A command was given up; it may still execute later.
    GaveUp {
        /// Which.
        sequence: SequenceNumber,
        /// What single replicas said, if anything.
        replies: Vec<(ReplicaId, Outcome)>,
    },
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// As many commands are in flight as the config allows, or as the replicas remember.
    #[error("too many commands are in flight")]
    InFlight,
    /// Longer than the committee's `command_bytes`.
    #[error("the operation has {bytes} bytes, and {limit} is the limit")]
    TooLarge {
        /// The operation's length.
        bytes: u64,
        /// The committee's limit.
        limit: u32,
    },
}

#[derive(Clone)]
struct Pending {
    command: Command,
    submitted: Time,
    retry_at: Time,
    retries: u32,
    replies: BTreeMap<ReplicaId, Outcome>,
    first_reply: Option<Time>,
}

/// A client with commands in flight.
///
/// Sequence numbers ascend from the one given at the start. A client that starts anew with the
/// same key must begin above all it used before; the wall clock in microseconds will do. Nor may a
/// clone go on beside it: clones are for those who ask what could happen next.
#[derive(Clone)]
pub struct Client {
    key: SecretKey,
    committee: Arc<Committee>,
    config: ClientConfig,
    next: SequenceNumber,
    pending: BTreeMap<SequenceNumber, Pending>,
    outputs: VecDeque<ClientOutput>,
}

impl Client {
    /// A client of the committee's cluster.
    #[must_use]
    pub fn new(
        key: SecretKey,
        committee: Arc<Committee>,
        config: ClientConfig,
        first: SequenceNumber,
    ) -> Self {
        Self { key, committee, config, next: first, pending: BTreeMap::new(), outputs: VecDeque::new() }
    }

    /// Signs `operation` and sends it off.
    ///
    /// # Errors
    /// When too many commands are in flight or the operation is too large.
    pub fn submit(
        &mut self,
        now: Time,
        operation: impl Into<Operation>,
    ) -> Result<SequenceNumber, SubmitError> {
        if self.pending.len() >= self.config.in_flight as usize || !self.is_in_window() {
            return Err(SubmitError::InFlight);
        }
        let operation = operation.into();
        let (bytes, limit) = (operation.size(), self.committee.limits().command_bytes);
        if bytes > u64::from(limit) {
            return Err(SubmitError::TooLarge { bytes, limit });
        }
        let sequence = self.next;
        self.next = SequenceNumber(sequence.0.saturating_add(1));
        let command = Command::signed(&self.key, self.committee.cluster(), sequence, operation);
        self.outputs.push_back(ClientOutput::Broadcast(command.clone()));
        let retry_at = now + self.config.retry_min_us;
        let (replies, first_reply) = (BTreeMap::new(), None);
        let pending = Pending { command, submitted: now, retry_at, retries: 0, replies, first_reply };
        self.pending.insert(sequence, pending);
        Ok(sequence)
    }

    /// Whether the replicas still remember the oldest command in flight once the next one has
    /// executed: they keep `session_replies` of a client, and judge what is below too old.
    fn is_in_window(&self) -> bool {
        let kept = u64::from(self.committee.limits().session_replies);
        let oldest = self.pending.keys().next();
        oldest.is_none_or(|oldest| self.next.0.saturating_sub(oldest.0) < kept)
    }

    /// The public half of its key, which names it.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.key.public()
    }

    /// Goes by another committee of the same cluster from now on: whose replies count changes with
    /// each change of the committee.
    pub fn follow(&mut self, committee: Arc<Committee>) {
        self.committee = committee;
    }

    /// Takes a replica's replies in. Those that nobody waits for are ignored.
    pub fn handle_replies(&mut self, now: Time, replies: Verified<Replies>) {
        let Replies { client, outcomes, replica, .. } = replies.into_inner();
        if client != self.key.public() {
            return;
        }
        for (sequence, outcome) in outcomes {
            self.handle_outcome(now, replica, sequence, outcome);
        }
    }

    fn handle_outcome(&mut self, now: Time, replica: ReplicaId, sequence: SequenceNumber, outcome: Outcome) {
        let Some(pending) = self.pending.get_mut(&sequence) else { return };
        pending.replies.insert(replica, outcome.clone());
        let first_reply = *pending.first_reply.get_or_insert(now) - pending.submitted;
        if matches!(outcome, Outcome::NotAdmitted(NotAdmitted::Busy | NotAdmitted::TooManyInFlight)) {
            return; // not the last word: sent again after the back-off
        }
        let agree = pending.replies.iter().filter(|(_, said)| **said == outcome);
        let replicas: Vec<ReplicaId> = agree.map(|(id, _)| *id).collect();
        if self.committee.is_weak_quorum(replicas.iter().copied()) {
            let latency = now - pending.submitted;
            let others = pending.replies.keys().filter(|id| !replicas.contains(id)).copied().collect();
            self.pending.remove(&sequence);
            let done = ClientOutput::Done { sequence, outcome, replicas, others, first_reply, latency };
            self.outputs.push_back(done);
        }
    }

    /// Sends again and gives up what is due by `now`. To be called at the [`deadline`](Self::deadline).
    pub fn handle_tick(&mut self, now: Time) {
        let config = self.config;
        let late = |pending: &Pending| pending.submitted + config.give_up_us <= now;
        let given_up: Vec<_> = self.pending.iter().filter(|(_, p)| late(p)).map(|(s, _)| *s).collect();
        for sequence in given_up {
            let replies = self.pending.remove(&sequence).map(|pending| pending.replies).unwrap_or_default();
            self.outputs.push_back(ClientOutput::GaveUp { sequence, replies: replies.into_iter().collect() });
        }
        for pending in self.pending.values_mut().filter(|pending| pending.retry_at <= now) {
            pending.retries += 1;
            pending.retry_at = now + config.retry_min_us.backed_off(pending.retries, config.retry_max_us);
            self.outputs.push_back(ClientOutput::Broadcast(pending.command.clone()));
        }
    }

    /// The next thing to do, if any.
    pub fn poll_output(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_tick`](Self::handle_tick) next; changes with every call.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        let due = |pending: &Pending| pending.retry_at.min(pending.submitted + self.config.give_up_us);
        self.pending.values().map(due).min()
    }

    /// Commands without an outcome, to be sent to a replica that has just been connected.
    pub fn in_flight(&self) -> impl Iterator<Item = &Command> + '_ {
        self.pending.values().map(|pending| &pending.command)
    }
}
