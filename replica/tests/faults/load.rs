//! Clients at work, and what each has asked for and was told.

use crate::containers::Containers;
use crate::support::{BOUND, Chance, until};
use futures_util::{StreamExt, stream};
use hotstuff_core::command::Outcome;
use hotstuff_core::crypto::SecretKey;
use hotstuff_kv::{Condition, Expected, Operation, Request, Response};
use hotstuff_replica::client::ClientDriver;
use hotstuff_sim::{Call, ClientNumber};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::task::JoinSet;
use tokio::time::timeout;

const CLIENTS: u16 = 6;
/// Most commands of one client under one fault.
const COMMANDS_MAX: u64 = 20_000;
/// After so many commands a client turns to other keys, so that no key's history is too long to judge.
const COMMANDS_ON_SAME_KEYS: u64 = 48;
const KEYS: u64 = 3;
/// Keys that are read at once in the end.
const READS: usize = 32;

/// Clients of the cluster, each with a key of its own.
pub struct Clients {
    clients: Vec<Client>,
}

#[derive(Clone)]
struct Client {
    number: ClientNumber,
    driver: ClientDriver,
    /// The order of all clients' sendings and answers.
    moments: Arc<AtomicU64>,
}

impl Clients {
    /// Connects them.
    pub fn start(containers: &Containers) -> Self {
        Self::with(containers, Arc::default())
    }

    /// Connects them anew, by the committee that there is now.
    pub async fn restart(self, containers: &Containers) -> Self {
        let moments = self.clients[0].moments.clone();
        self.close().await;
        Self::with(containers, moments)
    }

    fn with(containers: &Containers, moments: Arc<AtomicU64>) -> Self {
        let client = |number: u16| {
            let key = SecretKey::from_seed([u8::try_from(number).unwrap(); 32]);
            let driver = containers.cluster.client_by(key);
            Client { number: ClientNumber(number), driver, moments: moments.clone() }
        };
        Self { clients: (0..CLIENTS).map(client).collect() }
    }

    /// Has all of them work, on keys that no other round uses.
    pub fn work(&self, round: u64, seed: u64) -> Load {
        let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut working = JoinSet::new();
        for client in &self.clients {
            let (client, is_over, answered) = (client.clone(), is_over.clone(), answered.clone());
            let mut chance = Chance(seed ^ (round << 32) ^ u64::from(client.number.0));
            working.spawn(async move {
                let mut calls = Vec::new();
                for number in 0..COMMANDS_MAX {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    calls.push(client.call(request(&mut chance, round, client.number, number)).await);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                calls
            });
        }
        Load { working, is_over, answered }
    }

    /// Reads all keys that occur in `calls`.
    pub async fn read_back(&self, calls: &[Call]) -> Vec<Call> {
        let keys: BTreeSet<Vec<u8>> = calls
            .iter()
            .flat_map(|call| call.request.operations())
            .filter_map(Operation::key)
            .map(<[u8]>::to_vec)
            .collect();
        let read = |key| self.clients[0].call(Operation::Get { key }.into());
        stream::iter(keys).map(read).buffer_unordered(READS).collect().await
    }

    /// Closes their links.
    pub async fn close(self) {
        for client in self.clients {
            client.driver.close().await;
        }
    }
}

impl Client {
    /// One command, which must be answered.
    async fn call(&self, request: Request) -> Call {
        let moment = || self.moments.fetch_add(1, Ordering::SeqCst);
        let invoked = moment();
        let done = self.driver.submit(request.encode()).await;
        let returned = moment();
        let done = done.unwrap_or_else(|failure| panic!("{}: {request} failed: {failure}", self.number));
        let Outcome::Executed { result, .. } = done.outcome else {
            panic!("{}: {request}: {:?}", self.number, done.outcome)
        };
        let answer = Response::decode(&result).expect("replies hold answers");
        let (client, sequence) = (self.number, done.sequence);
        Call { client, sequence, request, invoked, returned: Some((returned, answer)) }
    }
}

/// Clients at work.
pub struct Load {
    working: JoinSet<Vec<Call>>,
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Load {
    /// How many commands were answered.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Returns when so many more commands are answered.
    pub async fn more(&self, commands: u64) {
        let target = self.answered() + commands;
        let reached = async || (self.answered() >= target).then_some(());
        until(&format!("{commands} more commands are answered"), reached).await;
    }

    /// Ends the work, once each client's last command is answered: all commands.
    pub async fn end(self) -> Vec<Call> {
        self.is_over.store(true, Ordering::Relaxed);
        timeout(BOUND, self.working.join_all()).await.expect("the last commands end").concat()
    }
}

fn request(chance: &mut Chance, round: u64, client: ClientNumber, number: u64) -> Request {
    let stage = number / COMMANDS_ON_SAME_KEYS;
    let key = format!("{round}-{stage}-{}", chance.below(KEYS)).into_bytes();
    let value = format!("{number} of {client}").into_bytes();
    let count = |which: u64| format!("{round}-{stage}-count {which}").into_bytes();
    let incr = |which, by| Operation::Incr { key: count(which), by };
    match chance.below(16) {
        0..5 => Operation::Set { key, value }.into(),
        5..9 => Operation::Get { key }.into(),
        9 => Operation::Delete { key }.into(),
        10 => Operation::Cas { key, expected: None, value }.into(),
        11 => Request::Transaction {
            conditions: vec![Condition { key: key.clone(), is: Expected::Present }],
            operations: vec![Operation::Get { key: key.clone() }, Operation::Set { key, value }],
        },
        12..14 => incr(0, 1).into(),
        14 => Request::Transaction { conditions: Vec::new(), operations: vec![incr(0, -1), incr(1, 1)] },
        _ => Operation::List { prefix: count(0), after: None, limit: 10 }.into(),
    }
}
