//! Four replicas in this process, without links or clocks, and the records of each: what real stores
//! hold.

use hotstuff_core::command::{Command, Operation};
use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::snapshot::SnapshotChunk;
use hotstuff_core::{
    CommitRule, Committee, Config, Input, Message, Output, Power, Record, Recovered, Replica, ReplicaId,
    SequenceNumber, Setup, Span, Time, Verified, verify,
};
use hotstuff_kv::{KvStore, Operation as KvOperation};
use std::collections::VecDeque;
use std::sync::Arc;

pub const CLUSTER: ClusterId = ClusterId([7; 32]);

pub fn secret(id: u16) -> SecretKey {
    SecretKey::from_seed([id as u8 + 1; 32])
}

pub fn operator() -> SecretKey {
    SecretKey::from_seed([200; 32])
}

pub fn member(id: u16, power: u64) -> Member {
    Member { id: ReplicaId(id), key: secret(id).public(), power: Power(power) }
}

/// A committee of four whose operator may change it.
pub fn committee(rule: CommitRule) -> Arc<Committee> {
    let spec = CommitteeSpec {
        cluster: CLUSTER,
        members: (0..4).map(|id| member(id, 1)).collect(),
        leaders: LeaderRule::Reputation,
        rule,
        operator: Some(operator().public()),
        limits: Limits { session_replies: 8, ..Limits::default() },
    };
    Arc::new(Committee::new(spec).unwrap())
}

/// Four replicas, and the records that each has given out.
pub struct Chain {
    pub committee: Arc<Committee>,
    replicas: Vec<Replica<KvStore>>,
    /// Those of r0 since they were last taken.
    records: Vec<Record>,
    lanes: VecDeque<(ReplicaId, ReplicaId, Verified<Message>)>,
    now: Time,
    sequence: u64,
}

impl Chain {
    pub fn start(rule: CommitRule, snapshot_blocks: u32) -> Self {
        let committee = committee(rule);
        let config = Config { snapshot_blocks, retained_blocks: 16, ..Config::default() };
        let start = |id: ReplicaId| {
            let committee = committee.clone();
            let setup = Setup { id, key: secret(id.0), committee, joins_later: false, config };
            Replica::new(setup, KvStore::default(), Recovered::default(), Time(0)).unwrap()
        };
        let replicas = committee.ids().map(start).collect();
        let (records, lanes) = (Vec::new(), VecDeque::new());
        Self { committee, replicas, records, lanes, now: Time(0), sequence: 0 }
    }

    /// Sets `key` to `value`, and lets the replicas run until r0 has committed that.
    pub fn set(&mut self, key: &str, value: &[u8]) {
        let operation = KvOperation::Set { key: key.into(), value: value.to_vec() };
        self.submit(&SecretKey::from_seed([100; 32]), Operation::App(operation.encode()));
    }

    /// Has `client` ask for `operation`, and lets the replicas run until r0 has answered it.
    pub fn submit(&mut self, client: &SecretKey, operation: Operation) {
        self.sequence += 1;
        let command = Command::signed(client, &CLUSTER, SequenceNumber(self.sequence), operation);
        let verified = verify::command(&self.committee, command.clone()).unwrap();
        let mut is_done = false;
        for id in self.committee.clone().ids() {
            is_done |= self.input(id, Input::Command(verified.clone()));
        }
        for _ in 0..1_000 {
            if is_done {
                return;
            }
            is_done = self.hop();
        }
        panic!("r0 has not answered");
    }

    /// The records that r0 gave out since the last call, in order.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// Delivers what is on its way; where nothing is, lets time pass to the next timer. Returns whether
    /// r0 has answered a client.
    fn hop(&mut self) -> bool {
        self.now = self.now + Span(10_000);
        let lanes = std::mem::take(&mut self.lanes);
        if lanes.is_empty() {
            let next = self.replicas.iter().filter_map(Replica::deadline).min();
            self.now = self.now.max(next.unwrap());
        }
        let mut is_answered = false;
        for (from, to, message) in lanes {
            is_answered |= self.input(to, Input::Message { from, message });
        }
        for id in self.committee.clone().ids() {
            if self.replicas[usize::from(id.0)].deadline() <= Some(self.now) {
                is_answered |= self.input(id, Input::Tick);
            }
        }
        is_answered
    }

    fn input(&mut self, id: ReplicaId, input: Input) -> bool {
        let at = usize::from(id.0);
        self.replicas[at].handle(self.now, input);
        let mut is_answered = false;
        while let Some(output) = self.replicas[at].poll_output() {
            match output {
                Output::Persist(record) if id.0 == 0 => self.records.push(record),
                Output::Send { to, message } => self.post(id, &[to], message),
                Output::Broadcast(message) => {
                    let others: Vec<_> = self.committee.ids().filter(|other| *other != id).collect();
                    self.post(id, &others, message);
                }
                Output::Replies(_) => is_answered |= id.0 == 0,
                Output::LoadSnapshot { peer, .. } => {
                    self.input(id, Input::SnapshotLoaded { peer, chunk: SnapshotChunk::none() });
                }
                Output::Load { .. } => panic!("nobody falls behind"),
                Output::Persist(_) | Output::Committees(_) | Output::Event(_) => {}
            }
        }
        is_answered
    }

    fn post(&mut self, from: ReplicaId, to: &[ReplicaId], message: Message) {
        let committees = self.replicas[usize::from(from.0)].committees();
        let message = verify::message(committees, message).unwrap();
        self.lanes.extend(to.iter().map(|to| (from, *to, message.clone())));
    }
}
