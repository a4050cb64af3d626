//! A client of the simulated cluster: the core's client, and what it was told.

use crate::config::Workload;
use crate::ids::ClientNumber;
use crate::queue::Ticket;
use crate::request::{Answered, Request};
use core::fmt;
use hotstuff_core::client::{Client, ClientConfig, ClientOutput, SubmitError};
use hotstuff_core::command::{ClientId, Command, Outcome, Replies};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::{Committee, ReplicaId, SequenceNumber, Span, Time, Verified};
use hotstuff_kv::{self as kv, Condition, Expected, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// Whose command it was.
    pub client: ClientNumber,
    /// The command's number.
    pub sequence: SequenceNumber,
    /// What it asked for.
    pub request: Request,
    /// What the client believes; `None` when it gave up.
    pub outcome: Option<Outcome>,
    /// The answer, where the command executed.
    pub answer: Option<Answered>,
    /// The replicas that say so: f+1 or more.
    pub replicas: Vec<ReplicaId>,
    /// From submission on.
    pub latency: Option<Span>,
}

impl fmt::Display for CommandResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, sequence, request, .. } = self;
        write!(f, "{client}, {sequence} ({request}): ")?;
        match (&self.outcome, &self.answer) {
            (_, Some(answer)) => write!(f, "{answer}")?,
            (Some(Outcome::NotAdmitted(why)), _) => write!(f, "not admitted, {why}")?,
            (Some(Outcome::TooOld), _) => f.write_str("too old")?,
            (Some(Outcome::Executed { .. }), None) => f.write_str("executed, with an unreadable answer")?,
            (None, _) => f.write_str("given up")?,
        }
        for (position, replica) in self.replicas.iter().enumerate() {
            write!(f, "{}{replica}", if position == 0 { ", say " } else { " " })?;
        }
        self.latency.map_or(Ok(()), |latency| write!(f, " after {latency}"))
    }
}

/// A client's host. Clients never crash.
#[derive(Clone)]
pub(crate) struct ClientHost {
    number: ClientNumber,
    client: Client,
    /// What is in flight asked for.
    requests: BTreeMap<SequenceNumber, Request>,
    workload: Workload,
    generated: u64,
    /// The queued timer, if any.
    pub(crate) timer: Option<Ticket>,
}

impl ClientHost {
    pub(crate) fn new(
        number: ClientNumber,
        key: SecretKey,
        committee: Arc<Committee>,
        workload: Workload,
    ) -> Self {
        let config = ClientConfig { in_flight: workload.in_flight, ..ClientConfig::default() };
        let client = Client::new(key, committee, config, SequenceNumber(1));
        Self { number, client, requests: BTreeMap::new(), workload, generated: 0, timer: None }
    }

    pub(crate) fn number(&self) -> ClientNumber {
        self.number
    }

    /// Its name in commands.
    pub(crate) fn id(&self) -> ClientId {
        self.client.id()
    }

    pub(crate) fn submit(&mut self, now: Time, request: Request) -> Result<SequenceNumber, SubmitError> {
        let sequence = self.client.submit(now, request.to_operation())?;
        self.requests.insert(sequence, request);
        Ok(sequence)
    }

    /// Submits the workload's next command. `None` when too many are in flight:
    /// then it is for the next time.
    pub(crate) fn generate(&mut self, now: Time) -> Option<(SequenceNumber, Request)> {
        let request = Request::Store(workload_request(self.number, self.generated));
        let sequence = self.submit(now, request.clone()).ok()?;
        self.generated += 1;
        Some((sequence, request))
    }

    /// When the workload's next command is due; `None` after the last.
    pub(crate) fn next_generation(&self, now: Time) -> Option<Time> {
        (self.generated < self.workload.commands).then_some(now + self.workload.interval_us)
    }

    pub(crate) fn handle_replies(&mut self, now: Time, replies: Verified<Replies>) {
        self.client.handle_replies(now, replies);
    }

    pub(crate) fn handle_tick(&mut self, now: Time) {
        self.client.handle_tick(now);
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        self.client.deadline()
    }

    /// The commands to send out now, and the results that are new.
    pub(crate) fn drain(&mut self) -> (Vec<Command>, Vec<CommandResult>) {
        let (mut commands, mut results) = (Vec::new(), Vec::new());
        while let Some(output) = self.client.poll_output() {
            match output {
                ClientOutput::Broadcast(command) => commands.push(command),
                ClientOutput::Done { sequence, outcome, replicas, latency, .. } => {
                    results.push(self.result(sequence, Some(outcome), replicas, Some(latency)));
                }
                ClientOutput::GaveUp { sequence, .. } => {
                    results.push(self.result(sequence, None, Vec::new(), None));
                }
            }
        }
        (commands, results)
    }

    fn result(
        &mut self,
        sequence: SequenceNumber,
        outcome: Option<Outcome>,
        replicas: Vec<ReplicaId>,
        latency: Option<Span>,
    ) -> CommandResult {
        let request = self.requests.remove(&sequence).expect("each command submitted ends once");
        let answer = outcome.as_ref().and_then(|outcome| request.answer(outcome));
        CommandResult { client: self.number, sequence, request, outcome, answer, replicas, latency }
    }
}

/// Sets for the most part, with everything else in between: about the same few keys, some of them counts.
fn workload_request(client: ClientNumber, number: u64) -> kv::Request {
    let key = key_of(number);
    let value = value_of(client, number);
    match number % 20 {
        2 => Operation::Incr { key: count(number), by: 1 }.into(),
        // What the client itself has set last, if nobody else has done so since.
        6 => {
            Operation::Cas { key, expected: number.checked_sub(7).map(|last| value_of(client, last)), value }
                .into()
        }
        4 | 14 => Operation::Get { key }.into(),
        9 => Operation::Delete { key }.into(),
        11 => kv::Request::Transaction {
            conditions: vec![Condition { key: key.clone(), is: Expected::Present }],
            operations: vec![Operation::Get { key: key.clone() }, Operation::Set { key, value }],
        },
        // From one count to another: their sum stays.
        16 => kv::Request::Transaction {
            conditions: Vec::new(),
            operations: vec![
                Operation::Incr { key: count(number), by: -1 },
                Operation::Incr { key: count(number + 1), by: 1 },
            ],
        },
        18 => Operation::List { prefix: b"count".to_vec(), after: None, limit: 10 }.into(),
        _ => Operation::Set { key, value }.into(),
    }
}

fn key_of(number: u64) -> Vec<u8> {
    format!("key {}", number % 7).into_bytes()
}

fn count(number: u64) -> Vec<u8> {
    format!("count {}", number % 3).into_bytes()
}

fn value_of(client: ClientNumber, number: u64) -> Vec<u8> {
    format!("value {number} of {client}").into_bytes()
}
