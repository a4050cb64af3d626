//! What a batch of records costs, and what waits for it.

use crate::chain::{CLUSTER, Chain, committee, secret};
use hotstuff_core::command::Command;
use hotstuff_core::link::PeerFrame;
use hotstuff_core::{
    CommitRule, Committees, Config, Input, Message, Recovered, Replica, ReplicaId, SequenceNumber, Setup,
    Status, verify, wire,
};
use hotstuff_kv::{KvStore, Operation};
use hotstuff_replica::clock::Clock;
use hotstuff_replica::config::LinkConfig;
use hotstuff_replica::driver::{Clients, Driver, Inlet, Parts, Quota};
use hotstuff_replica::peers::Peers;
use hotstuff_replica::shutdown::{Shutdown, Stop};
use hotstuff_replica::store::Store;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// A disk that forgets with the power what was not synchronised.
#[derive(Clone, Debug, Default)]
struct Disk {
    written: Arc<InMemoryBackend>,
    /// What is left without power, and how often was synchronised.
    synced: Arc<Mutex<(Vec<u8>, u64)>>,
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.written.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.written.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.written.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut bytes = vec![0; self.written.len()? as usize];
        self.written.read(0, &mut bytes)?;
        let mut synced = self.synced.lock().unwrap();
        *synced = (bytes, synced.1 + 1);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.written.write(offset, data)
    }
}

impl Disk {
    fn open(&self, id: ReplicaId) -> (Store, Recovered) {
        Store::on(self.clone(), "memory".into(), &CLUSTER, id).unwrap()
    }

    fn syncs(&self) -> u64 {
        self.synced.lock().unwrap().1
    }

    /// What a replica would find if the power failed now.
    fn after_power_loss(&self, id: ReplicaId) -> Recovered {
        let synced = self.synced.lock().unwrap().0.clone();
        let disk = Self::default();
        disk.set_len(synced.len() as u64).unwrap();
        disk.write(0, &synced).unwrap();
        disk.open(id).1
    }
}

#[test]
fn many_records_cost_one_commit() {
    let disk = Disk::default();
    let (store, _) = disk.open(ReplicaId(0));
    let mut chain = Chain::start(CommitRule::ThreeChain, 1_000);
    let mut cost = |values: u32| {
        for value in 0..values {
            chain.set(&format!("key {value}"), b"v");
        }
        let records = chain.take_records();
        let before = disk.syncs();
        store.append(&records).unwrap();
        (records.len(), disk.syncs() - before)
    };
    let (few, syncs) = cost(1);
    assert!(few > 3 && syncs == 2, "what is new, then what points to it: {few} records, {syncs} syncs");
    let (many, syncs) = cost(40);
    assert!(many > 200 && syncs <= 4, "the file may have grown: {many} records, {syncs} syncs");
}

/// A replica's driver on a disk of its own.
struct Driven {
    id: ReplicaId,
    disk: Disk,
    peers: Arc<Peers>,
    inlet: Inlet,
    status: watch::Receiver<Status>,
    committees: watch::Receiver<Arc<Committees>>,
}

fn drive(id: ReplicaId, stop: Stop) -> Driven {
    let committee = committee(CommitRule::ThreeChain);
    let disk = Disk::default();
    let (store, recovered) = disk.open(id);
    let clock = Clock::start();
    let setup = Setup {
        id,
        key: secret(id.0),
        committee: committee.clone(),
        joins_later: false,
        config: Config::default(),
    };
    let replica = Replica::new(setup, KvStore::default(), recovered, clock.now()).unwrap();
    let peers = Arc::new(Peers::new(&LinkConfig::default()));
    for other in committee.ids().filter(|other| *other != id) {
        peers.join(other);
    }
    let clients = Arc::new(Clients::default());
    let (metrics, observer_frames) = (Arc::default(), 8);
    let driven = Arc::clone(&peers);
    let parts = Parts { replica, store, clock, committee, peers: driven, clients, metrics, observer_frames };
    let (driver, inlet, status) = Driver::new(parts);
    let committees = driver.committees();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    std::thread::spawn(move || runtime.block_on(driver.run(stop)));
    Driven { id, disk, peers, inlet, status, committees }
}

/// Whether a message says no more than its sender's disk remembers; `None` where it promises nothing.
fn is_remembered(message: &Message, from: &Driven) -> Option<bool> {
    let safety = || from.disk.after_power_loss(from.id).safety;
    match message {
        Message::Vote(vote) => {
            let last = safety().and_then(|safety| safety.last_vote);
            Some(last.is_some_and(|last| last == *vote || last.block.view > vote.block.view))
        }
        Message::Proposal(proposal) if proposal.block.header().proposer == from.id => {
            Some(safety().is_some_and(|safety| safety.last_proposed >= proposal.block.view()))
        }
        Message::Timeout(timeout) => Some(safety().is_some_and(|safety| safety.last_timeout >= timeout.view)),
        _ => None,
    }
}

/// Carries what `from` says to `to`, and looks on the way whether it may be said.
async fn carry(from: Arc<Driven>, to: Arc<Driven>, checked: Arc<Mutex<u64>>) {
    let outbox = from.peers.peer(to.id).unwrap().outbox.clone();
    outbox.set_linked(true);
    let quota = Quota::new(1_024, 64 << 20);
    loop {
        let frame = outbox.next().await;
        let Ok(PeerFrame::Message(message)) = wire::decode(&frame) else { panic!("only messages") };
        if let Some(is_remembered) = is_remembered(&message, &from) {
            assert!(is_remembered, "{} has said what it may forget: {message:?}", from.id);
            *checked.lock().unwrap() += 1;
        }
        let committees = to.committees.borrow().clone();
        let message = verify::message(&committees, message).unwrap();
        to.inlet.message(Input::Message { from: from.id, message }, frame.len(), &quota).await.ok();
    }
}

#[tokio::test]
async fn nothing_is_said_that_a_loss_of_power_would_make_forgotten() {
    let (shutdown, stop) = Shutdown::new();
    let driven: Vec<Arc<Driven>> = (0..4).map(|id| Arc::new(drive(ReplicaId(id), stop.clone()))).collect();
    let checked = Arc::new(Mutex::new(0));
    let mut carriers = tokio::task::JoinSet::new();
    for from in &driven {
        for to in driven.iter().filter(|to| to.id != from.id) {
            carriers.spawn(carry(from.clone(), to.clone(), checked.clone()));
        }
    }
    let committee = committee(CommitRule::ThreeChain);
    for number in 1..=12u8 {
        let operation = Operation::Set { key: vec![number], value: vec![number] }.encode();
        let key = hotstuff_core::crypto::SecretKey::from_seed([100; 32]);
        let command = Command::signed(&key, &CLUSTER, SequenceNumber(number.into()), operation);
        let command = verify::command(&committee, command).unwrap();
        let before = driven[0].status.borrow().committed_head.height;
        for replica in &driven {
            replica.inlet.command(Input::Command(command.clone())).await.unwrap();
        }
        let mut status = driven[0].status.clone();
        let committed = status.wait_for(|status| status.committed_head.height > before);
        tokio::select! {
            committed = tokio::time::timeout(Duration::from_secs(60), committed) => {
                committed.expect("a command commits in time").expect("the driver runs");
            }
            // A carrier ends only by a failed check.
            Some(ended) = carriers.join_next() => ended.unwrap(),
        }
    }
    shutdown.give();
    assert!(*checked.lock().unwrap() > 50, "{} messages were looked at", checked.lock().unwrap());
}
