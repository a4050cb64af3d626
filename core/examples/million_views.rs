//! Runs four replicas for many views and shows that what they hold stays the same: in memory, by
//! [`Replica::footprint`], and on disk, by the records folded.
//!
//! `cargo run --release -p hotstuff-core --example million_views [VIEWS]`

use hotstuff_core::command::Command;
use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
use hotstuff_core::crypto::{ClusterId, Digest, Domain, SecretKey};
use hotstuff_core::footprint::Footprint;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::snapshot::SnapshotChunk;
use hotstuff_core::*;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many clients take turns.
const CLIENTS: u8 = 16;
/// How many lines a run prints.
const LINES: u64 = 20;

/// Sums up what it is told.
#[derive(Default)]
struct Sum(u64);

impl App for Sum {
    fn execute(&mut self, operation: &[u8]) -> Vec<u8> {
        self.0 = operation.iter().fold(self.0, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
        self.snapshot()
    }

    fn root(&self) -> Digest {
        Digest::of(Domain::Merkle, &[&self.snapshot()])
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.to_le_bytes().to_vec()
    }

    fn restore(&mut self, snapshot: &[u8]) -> Result<(), NoSnapshot> {
        self.0 = u64::from_le_bytes(snapshot.try_into().map_err(|_| NoSnapshot)?);
        Ok(())
    }
}

struct Lane {
    from: ReplicaId,
    to: ReplicaId,
    message: Verified<Message>,
}

/// Four replicas with their disks, and the messages between them.
struct Cluster {
    replicas: Vec<Replica<Sum>>,
    disks: Vec<Recovered>,
    lanes: VecDeque<Lane>,
    now: Time,
    committee: Arc<Committee>,
}

/// The most that any replica held, and its disk: committed blocks and uncommitted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// In memory.
    pub memory: Footprint,
    /// Blocks on disk.
    pub stored: usize,
}

impl Cluster {
    fn new() -> Self {
        let key = |id: u16| SecretKey::from_seed([id as u8; 32]);
        let member = |id| Member { id: ReplicaId(id), key: key(id).public(), power: Power(1) };
        let spec = CommitteeSpec {
            cluster: ClusterId([7; 32]),
            members: (0..4).map(member).collect(),
            leaders: LeaderRule::Reputation,
            rule: CommitRule::ThreeChain,
            operator: None,
            limits: Limits { session_replies: 8, ..Limits::default() },
        };
        let committee = Arc::new(Committee::new(spec).expect("four equal members"));
        let config = Config { retained_blocks: 64, snapshot_blocks: 256, ..Config::default() };
        let start = |id: ReplicaId| {
            let setup =
                Setup { id, key: key(id.0), committee: committee.clone(), joins_later: false, config };
            Replica::new(setup, Sum::default(), Recovered::default(), Time(0)).expect("it is a member")
        };
        let replicas = committee.ids().map(start).collect();
        let disks = vec![Recovered::default(); 4];
        Self { replicas, disks, lanes: VecDeque::new(), now: Time(0), committee }
    }

    fn input(&mut self, id: ReplicaId, input: Input) {
        let at = usize::from(id.0);
        self.replicas[at].handle(self.now, input);
        while let Some(output) = self.replicas[at].poll_output() {
            match output {
                Output::Persist(record) => self.disks[at].apply(record),
                Output::Send { to, message } => self.post(id, &[to], message),
                Output::Broadcast(message) => {
                    let others: Vec<_> = self.committee.ids().filter(|other| *other != id).collect();
                    self.post(id, &others, message);
                }
                Output::Load { peer, target, epoch, from, to } => {
                    let wanted = |block: &&Block| (from..=to).contains(&block.height());
                    let blocks = self.disks[at].committed.iter().filter(wanted).cloned().collect();
                    self.input(id, Input::Loaded { peer, target, epoch, blocks });
                }
                Output::LoadSnapshot { peer, .. } => {
                    self.input(id, Input::SnapshotLoaded { peer, chunk: SnapshotChunk::none() });
                }
                Output::Replies(_) | Output::Event(_) | Output::Committees(_) => {}
            }
        }
    }

    /// Verifies once for all receivers: they know the same committees.
    fn post(&mut self, from: ReplicaId, receivers: &[ReplicaId], message: Message) {
        let committees = self.replicas[usize::from(from.0)].committees();
        let message = verify::message(committees, message).expect("honest replicas send what is valid");
        for &to in receivers {
            self.lanes.push_back(Lane { from, to, message: message.clone() });
        }
    }

    fn submit(&mut self, number: u64) {
        let key = SecretKey::from_seed([100 + (number % u64::from(CLIENTS)) as u8; 32]);
        let operation = number.to_le_bytes().to_vec();
        let command = Command::signed(&key, self.committee.cluster(), SequenceNumber(number), operation);
        let command = verify::command(&self.committee, command).expect("it is signed");
        for id in self.committee.clone().ids() {
            self.input(id, Input::Command(command.clone()));
        }
    }

    /// Delivers what is on its way; where nothing is, lets time pass to the next timer.
    fn go_on(&mut self) {
        self.now = self.now + Span(10_000);
        let lanes = std::mem::take(&mut self.lanes);
        if lanes.is_empty() {
            let next = self.replicas.iter().filter_map(Replica::deadline).min();
            self.now = self.now.max(next.expect("no replica has halted"));
        }
        for Lane { from, to, message } in lanes {
            self.input(to, Input::Message { from, message });
        }
        for id in self.committee.clone().ids() {
            if self.replicas[usize::from(id.0)].deadline() <= Some(self.now) {
                self.input(id, Input::Tick);
            }
        }
    }

    fn held(&self) -> Held {
        let memory = self.replicas.iter().map(Replica::footprint).reduce(Footprint::max).expect("four");
        let blocks = |disk: &Recovered| disk.committed.len() + disk.uncommitted.len();
        Held { memory, stored: self.disks.iter().map(blocks).max().unwrap_or_default() }
    }

    fn view(&self) -> u64 {
        self.replicas[0].status().view.0
    }
}

/// Runs to `views` and returns the most that was held in each of [`LINES`] equal parts.
pub fn soak(views: u64, mut show: impl FnMut(u64, &Held)) -> Vec<Held> {
    let mut cluster = Cluster::new();
    let mut parts = Vec::new();
    for part in 1..=LINES {
        let mut most = cluster.held();
        while cluster.view() < views * part / LINES {
            cluster.submit(cluster.view());
            for _ in 0..8 {
                cluster.go_on();
            }
            let held = cluster.held();
            most = Held { memory: most.memory.max(held.memory), stored: most.stored.max(held.stored) };
        }
        show(cluster.view(), &most);
        parts.push(most);
    }
    parts
}

#[allow(dead_code, reason = "a test includes this file for `soak`")]
fn main() {
    let views = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse());
    let Ok(views) = views else {
        eprintln!("how many views? a number is expected");
        std::process::exit(2);
    };
    let parts = soak(views, |view, most| println!("up to view {view}: {most:?}"));
    let (early, late) = (parts[1], parts[parts.len() - 1]);
    if late != early {
        println!("grown since the second part");
        std::process::exit(1);
    }
    println!("flat: the last part held what the second did");
}
