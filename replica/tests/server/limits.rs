//! Whoever goes past a limit of the public port is refused, and meanwhile the cluster commits what
//! another client asks for.

use crate::cluster::{answer, cluster_with, connect_all, set, shut_down};
use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use hotstuff_core::client::ClientConfig;
use hotstuff_core::command::{Command, NotAdmitted, Outcome};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::{ClientFrame, ReplicaFrame};
use hotstuff_core::{ReplicaId, SequenceNumber, Span, verify, wire};
use hotstuff_kv::{Answer, Operation};
use hotstuff_replica::client::{ClientDriver, Endpoint};
use hotstuff_replica::config::ReplicaConfig;
use hotstuff_replica::server::Running;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message as Frame};

/// A cluster, and a client that was there before trouble came.
struct Scene {
    site: Site,
    replicas: Vec<Running>,
    honest: ClientDriver,
    commands: u64,
}

impl Scene {
    async fn new(change: impl Fn(&mut ReplicaConfig)) -> Self {
        let (site, replicas) = cluster_with(change).await;
        let url = |replica: &Running| format!("ws://{}/client", replica.http_address());
        let endpoints = (0..).map(ReplicaId).zip(&replicas);
        let endpoints = endpoints.map(|(id, at)| Endpoint { replica: id, url: url(at) }).collect();
        let config = ClientConfig { give_up_us: Span::millis(60_000), ..ClientConfig::default() };
        let honest = ClientDriver::start(site.client_key(), site.committee().clone(), endpoints, config);
        let mut scene = Self { site, replicas, honest, commands: 0 };
        scene.commits().await;
        // Now it is linked to all of them.
        for replica in &scene.replicas {
            clients(replica.http_address(), 1).await;
        }
        scene
    }

    /// That a command of the honest client commits and executes.
    async fn commits(&mut self) {
        self.commands += 1;
        let operation = set("honest", &self.commands.to_string());
        let done = within(self.honest.submit(operation.encode())).await.unwrap();
        assert_eq!(answer(&done.outcome), Answer::Ok);
    }

    fn target(&self) -> SocketAddr {
        self.replicas[0].http_address()
    }

    /// A command of somebody else.
    fn command(&self, sequence: u64, operation: &Operation) -> ClientFrame {
        let key = SecretKey::from_seed([77; 32]);
        let cluster = self.site.committee().cluster();
        ClientFrame::Submit(Command::signed(&key, cluster, SequenceNumber(sequence), operation.encode()))
    }

    async fn end(mut self) {
        self.commits().await;
        within(self.honest.close()).await;
        shut_down(self.replicas).await;
    }
}

/// A connection from another address of this machine than the honest client's.
pub async fn connect_as(last: u8, target: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
    within(socket.connect(target)).await.unwrap()
}

/// That the connection is closed without a word.
pub async fn refused(mut stream: TcpStream) {
    let mut answer = Vec::new();
    // Closed, or reset before that could be read.
    let _ = within(stream.read_to_end(&mut answer)).await;
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn connections_in_total_and_from_one_address() {
    let mut scene = Scene::new(|config| {
        config.links.http_connections = 8;
        config.links.http_address_connections = 3;
    })
    .await;
    let mut held = Vec::new();
    for last in [2, 3] {
        for _ in 0..3 {
            held.push(connect_as(last, scene.target()).await);
        }
        refused(connect_as(last, scene.target()).await).await;
        scene.commits().await;
    }
    // With the honest client's they are seven; the eighth is the last.
    held.push(connect_as(4, scene.target()).await);
    refused(connect_as(4, scene.target()).await).await;
    scene.commits().await;
    drop(held);
    // Room comes back once the connections are closed at the other end too.
    let shown = within(async {
        loop {
            if let Some(status) = try_status(scene.target()).await {
                return status;
            }
        }
    })
    .await;
    assert!(shown.refused.connections >= 3, "{shown:?}");
    scene.end().await;
}

#[tokio::test]
async fn the_rate_of_one_connection() {
    let mut scene = Scene::new(|config| {
        config.links.client_commands_per_s = 1;
        config.links.client_burst_commands = 20;
    })
    .await;
    let mut fast = connect(scene.target(), "/client").await;
    for sequence in 1..=30 {
        send(&mut fast, &scene.command(sequence, &set("k", "v"))).await;
    }
    let busy = loop {
        let ReplicaFrame::Replies(replies) = receive(&mut fast).await;
        let replies = verify::replies(scene.site.committee(), replies).unwrap().into_inner();
        if let [(sequence, Outcome::NotAdmitted(NotAdmitted::Busy))] = replies.outcomes[..] {
            break sequence.0;
        }
    };
    assert!(busy > 20, "{busy}");
    scene.commits().await;
    for sequence in 31..=100 {
        let command = Frame::binary(wire::encode(&scene.command(sequence, &set("k", "v"))));
        if within(fast.send(command)).await.is_err() {
            break;
        }
    }
    let close = closed(&mut fast).await;
    assert_eq!(close.code, CloseCode::Again);
    assert!(close.reason.contains("far more than 1 commands per second"), "{close:?}");
    scene.commits().await;
    assert_eq!(status(scene.target()).await.refused.clients, 1);
    scene.end().await;
}

/// Valid commands as fast as they are taken, on several connections to each replica. All but the first of
/// a client are repeats, so that each is checked, handled and answered, and none takes a place.
#[tokio::test]
async fn a_flood_of_commands() {
    const FLOODERS: u8 = 2;
    let mut scene = Scene::new(|_| {}).await;
    let targets: Vec<SocketAddr> = scene.replicas.iter().map(Running::http_address).collect();
    let frame = |number: u8| {
        let key = SecretKey::from_seed([150 + number; 32]);
        let operation = set("flood", "1").encode();
        let cluster = scene.site.committee().cluster();
        let command = Command::signed(&key, cluster, SequenceNumber(1), operation);
        Bytes::from(wire::encode(&ClientFrame::Submit(command)))
    };
    let frames: Vec<Bytes> = (0..FLOODERS).map(frame).collect();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let flood = std::thread::spawn(move || flood(frames, targets, ended));

    for _ in 0..3 {
        scene.commits().await;
    }
    drop(end);
    let [sent, answered] = flood.join().unwrap();
    assert!(sent > 200 && answered > 200, "{sent} and {answered} were no flood");
    scene.end().await;
}

/// Sends each of `frames` again and again to all `targets`, on a thread and connections of its own, until
/// the other end of `ended` is dropped: how many were sent, and how many answers came.
fn flood(
    frames: Vec<Bytes>,
    targets: Vec<SocketAddr>,
    ended: tokio::sync::oneshot::Receiver<()>,
) -> [u64; 2] {
    let counts = Arc::new([const { AtomicU64::new(0) }; 2]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for frame in frames {
            for target in &targets {
                let (mut sink, mut stream) = connect(*target, "/client").await.split();
                let (frame, sent, answered) = (frame.clone(), Arc::clone(&counts), Arc::clone(&counts));
                tasks.spawn(async move {
                    while sink.send(Frame::Binary(frame.clone())).await.is_ok() {
                        sent[0].fetch_add(1, Ordering::Relaxed);
                    }
                });
                tasks.spawn(async move {
                    while let Some(Ok(_)) = stream.next().await {
                        answered[1].fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        }
        ended.await.ok();
        tasks.shutdown().await;
    });
    [0, 1].map(|kind: usize| counts[kind].load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_client_that_does_not_read() {
    let mut scene = Scene::new(|config| {
        config.links.client_frames = 16;
        config.links.client_bytes = 1 << 20;
    })
    .await;
    let limit = scene.site.committee().limits().command_bytes as usize;
    let large = Operation::Set { key: b"large".to_vec(), value: vec![7; limit / 2] };
    let mut everywhere = connect_all(&scene.replicas).await;
    let mut ask = Vec::new();
    for (sequence, operation) in [(1, large), (2, Operation::Get { key: b"large".to_vec() })] {
        ask.push(scene.command(sequence, &operation));
        for socket in &mut everywhere {
            send(socket, &ask[ask.len() - 1]).await;
        }
    }
    for socket in &mut everywhere {
        let mut answered = 0;
        while answered < 2 {
            let ReplicaFrame::Replies(replies) = receive(socket).await;
            for (sequence, outcome) in replies.outcomes {
                assert!(matches!(outcome, Outcome::Executed { .. }), "{outcome:?}");
                answered = answered.max(sequence.0);
            }
        }
    }
    drop(everywhere);
    clients(scene.target(), 1).await;
    // The reply comes again for each repeat, until it finds no more room: on the wire, or in the queue.
    let mut deaf = connect(scene.target(), "/client").await;
    let command = Frame::binary(wire::encode(&ask[1]));
    let mut repeats = 0;
    while within(deaf.send(command.clone())).await.is_ok() {
        repeats += 1;
        assert!(repeats < 100_000, "it is never disconnected");
        if repeats % 100 == 0 {
            scene.commits().await;
        }
    }
    clients(scene.target(), 1).await;
    scene.commits().await;
    let told = within(async {
        while let Some(Ok(frame)) = deaf.next().await {
            if let Frame::Close(close) = frame {
                return close;
            }
        }
        None
    })
    .await;
    assert!(told.is_none_or(|close| close.reason.contains("too slow")));
    scene.end().await;
}

/// Waits until so many clients are connected.
async fn clients(address: SocketAddr, count: u64) {
    within(async {
        while status(address).await.clients != count {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn messages_heads_and_conversations() {
    let mut scene = Scene::new(|config| {
        config.links.http_head_bytes = 8_192;
        config.links.http_conversation_us = Span::millis(1_000);
    })
    .await;
    let limit = scene.site.committee().limits().command_bytes as usize;
    let mut large = connect(scene.target(), "/client").await;
    within(large.send(Frame::binary(vec![0; limit + 1_000]))).await.unwrap();
    assert_eq!(closed(&mut large).await.code, CloseCode::Size);
    scene.commits().await;

    let mut talkative = within(TcpStream::connect(scene.target())).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nhost: r0\r\nx: {}\r\n\r\n", "x".repeat(20_000));
    let _ = within(talkative.write_all(head.as_bytes())).await;
    let mut answer = Vec::new();
    let _ = within(talkative.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    scene.commits().await;

    // It has its answer, and keeps the connection.
    let mut lasting = within(TcpStream::connect(scene.target())).await.unwrap();
    within(lasting.write_all(b"GET /healthz HTTP/1.1\r\nhost: r0\r\n\r\n")).await.unwrap();
    let mut answer = Vec::new();
    let _ = within(lasting.read_to_end(&mut answer)).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    scene.end().await;
}
