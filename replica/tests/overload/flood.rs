//! Clients that send at a rate, whatever they are told.

use crate::support::{BOUND, Cluster};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hotstuff_core::SequenceNumber;
use hotstuff_core::command::{Command, NotAdmitted, Outcome};
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::link::{ClientFrame, ReplicaFrame};
use hotstuff_core::wire;
use hotstuff_kv::Operation;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Clients, each with a key of its own and a connection to every replica.
const CLIENTS: u8 = 16;
/// How often what is due is sent.
const STEP: Duration = Duration::from_millis(10);
/// Keys of the store that are written, so that the state does not grow.
const KEYS: u64 = 100;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Clients at work.
pub struct Flood {
    counts: Arc<Counts>,
    is_over: Arc<AtomicBool>,
    senders: JoinSet<()>,
    readers: JoinSet<()>,
    replicas: u64,
}

#[derive(Default)]
struct Counts {
    offered: AtomicU64,
    executed: AtomicU64,
    busy: AtomicU64,
    in_flight: AtomicU64,
    closed: AtomicU64,
}

/// What was offered, and what each replica said on average.
pub struct Told {
    pub offered: u64,
    pub executed: u64,
    pub busy: u64,
    pub in_flight: u64,
    pub closed: u64,
}

impl Flood {
    /// So many commands a second, of all clients together, each to every replica.
    pub async fn start(cluster: &Cluster, rate: f64) -> Self {
        let (counts, is_over) = (Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
        let (mut senders, mut readers) = (JoinSet::new(), JoinSet::new());
        for number in 0..CLIENTS {
            let mut sinks = Vec::new();
            for addresses in cluster.file.addresses.values() {
                let (socket, _) = connect_async(format!("ws://{}/client", addresses.http)).await.unwrap();
                let (sink, stream) = socket.split();
                sinks.push(sink);
                readers.spawn(read(stream, counts.clone()));
            }
            let key = SecretKey::from_seed([60 + number; 32]);
            let (counts, is_over) = (counts.clone(), is_over.clone());
            let cluster = *cluster.file.committee.cluster();
            senders.spawn(send(key, cluster, sinks, rate / f64::from(CLIENTS), counts, is_over));
        }
        let replicas = cluster.file.addresses.len() as u64;
        Self { counts, is_over, senders, readers, replicas }
    }

    /// How many commands were sent, or could not be because a replica does not read.
    pub fn offered(&self) -> u64 {
        self.counts.offered.load(Ordering::Relaxed)
    }

    /// How often a client was told to slow down.
    pub fn refused(&self) -> u64 {
        self.counts.busy.load(Ordering::Relaxed) + self.counts.in_flight.load(Ordering::Relaxed)
    }

    /// Ends all, and sums up.
    pub async fn end(mut self) -> Told {
        self.is_over.store(true, Ordering::Relaxed);
        let ended = async { while self.senders.join_next().await.is_some() {} };
        timeout(BOUND, ended).await.expect("the clients end");
        self.readers.shutdown().await;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let each = |counter| count(counter) / self.replicas;
        let Counts { offered, executed, busy, in_flight, closed } = &*self.counts;
        Told {
            offered: count(offered),
            executed: each(executed),
            busy: each(busy),
            in_flight: each(in_flight),
            closed: count(closed),
        }
    }
}

async fn send(
    key: SecretKey,
    cluster: ClusterId,
    mut sinks: Vec<SplitSink<Socket, Message>>,
    rate: f64,
    counts: Arc<Counts>,
    is_over: Arc<AtomicBool>,
) {
    let (started, mut sent) = (Instant::now(), 0u64);
    let mut ticks = interval(STEP);
    while !is_over.load(Ordering::Relaxed) {
        ticks.tick().await;
        let due = (started.elapsed().as_secs_f64() * rate) as u64;
        // No more at once than in a second, wherever this machine was meanwhile.
        let until = due.min(sent + rate as u64 + 1);
        while sent < until {
            sent += 1;
            let operation =
                Operation::Set { key: format!("k{}", sent % KEYS).into(), value: b"value".to_vec() };
            let command = Command::signed(&key, &cluster, SequenceNumber(sent), operation.encode());
            let frame = Bytes::from(wire::encode(&ClientFrame::Submit(command)));
            for sink in &mut sinks {
                // A replica that does not read has its connection full: what is due is offered to the others.
                let fed = timeout(STEP, sink.feed(Message::Binary(frame.clone()))).await;
                if matches!(fed, Ok(Err(_))) {
                    counts.closed.fetch_add(1, Ordering::Relaxed);
                }
            }
            counts.offered.fetch_add(1, Ordering::Relaxed);
        }
        for sink in &mut sinks {
            timeout(STEP, sink.flush()).await.ok();
        }
    }
}

async fn read(mut stream: SplitStream<Socket>, counts: Arc<Counts>) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Binary(bytes) = message else { continue };
        let ReplicaFrame::Replies(replies) = wire::decode(&bytes).expect("replicas send frames");
        for (_, outcome) in replies.outcomes {
            let counter = match outcome {
                Outcome::Executed { .. } | Outcome::TooOld => &counts.executed,
                Outcome::NotAdmitted(NotAdmitted::Busy) => &counts.busy,
                Outcome::NotAdmitted(NotAdmitted::TooManyInFlight) => &counts.in_flight,
                Outcome::NotAdmitted(why) => panic!("a valid command was refused: {why}"),
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}
