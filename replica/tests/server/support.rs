//! A committee of four with replicas of it in this process, and raw connections to their ports.

use futures_util::{SinkExt, StreamExt};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::{Handshake, ObserveFrame, PeerFrame, Role};
use hotstuff_core::{Committee, Committees, Config, ReplicaId, Span, wire};
use hotstuff_replica::config::{CommitteeFile, Listen, MemberAddresses, ReplicaConfig, load_key};
use hotstuff_replica::http::StatusBody;
use hotstuff_replica::peers::Roster;
use hotstuff_replica::peers::tls::{PeerTls, Session};
use hotstuff_replica::server::{self, Bound, Running};
use hotstuff_replica::testnet::{Place, Testnet};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

pub type Socket = WebSocketStream<TcpStream>;
/// A dialled peer link.
pub type Link = WebSocketStream<TlsStream<TcpStream>>;

/// What a WebSocket runs over.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// The most that anything in these tests is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `future` gives, which must not take longer than [`PATIENCE`].
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it took too long")
}

/// A committee of four and its files.
pub struct Site {
    pub folder: TempDir,
    pub testnet: Testnet,
    pub configs: Vec<ReplicaConfig>,
}

impl Site {
    /// The files of a cluster whose replicas have the ports of `bound`; those beyond have none.
    pub fn new(bound: &[Bound]) -> Self {
        let nowhere: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let places: Vec<Place> = (0..4)
            .map(|number| {
                let address = |of: fn(&Bound) -> SocketAddr| bound.get(number).map_or(nowhere, of);
                let (peer, http) = (address(Bound::peer_address), address(Bound::http_address));
                let addresses = MemberAddresses { peer: peer.into(), http: http.into() };
                Place { addresses, listen: Listen { peer, http }, data: "data".into() }
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        // Short patience: a replica that is down should not hold a test up.
        let timing = Config { timeout_min_us: Span::millis(250), ..Config::default() };
        let testnet = Testnet::create(&folder.path().join("net"), &places, timing).unwrap();
        let configs = testnet.replicas.values().map(|path| ReplicaConfig::load(path).unwrap()).collect();
        Self { folder, testnet, configs }
    }

    pub fn committee(&self) -> &Arc<Committee> {
        &self.configs[0].committee.committee
    }

    pub fn key(&self, id: u16) -> &SecretKey {
        &self.configs[usize::from(id)].key
    }

    /// The encryption of whoever holds `key` and has this cluster's committee.
    pub fn tls(&self, key: &SecretKey) -> PeerTls {
        tls(key, self.committee())
    }

    pub fn client_key(&self) -> SecretKey {
        load_key(&self.testnet.client_key).unwrap()
    }
}

/// The encryption of whoever holds `key` and knows this committee alone.
pub fn tls(key: &SecretKey, committee: &Arc<Committee>) -> PeerTls {
    let file = CommitteeFile::new(Arc::clone(committee), BTreeMap::new());
    let roster = Roster::new(&Committees::of(Arc::clone(committee)), &BTreeSet::new(), &file);
    PeerTls::new(key, committee.cluster(), watch::channel(Arc::new(roster)).1)
}

/// Two free ports, open.
pub async fn bind() -> Bound {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    server::bind(&Listen { peer: any, http: any }).await.unwrap()
}

/// r0 alone, with `change` made to its config.
pub async fn lone_replica(change: impl FnOnce(&mut ReplicaConfig)) -> (Site, Running) {
    let bound = bind().await;
    let mut site = Site::new(std::slice::from_ref(&bound));
    change(&mut site.configs[0]);
    let running = bound.start(site.configs[0].clone()).await.unwrap();
    (site, running)
}

/// A WebSocket to `path` on a replica's port.
pub async fn connect(address: SocketAddr, path: &str) -> Socket {
    let stream = within(TcpStream::connect(address)).await.unwrap();
    let url = format!("ws://{address}{path}");
    within(tokio_tungstenite::client_async(url, stream)).await.unwrap().0
}

/// The HTTP answer to the attempt to open a WebSocket from a page of `origin`.
pub async fn connect_from(
    address: SocketAddr,
    path: &str,
    origin: &str,
) -> Result<Socket, tungstenite::http::StatusCode> {
    use tungstenite::client::IntoClientRequest;
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    request.headers_mut().insert("origin", origin.parse().unwrap());
    let stream = within(TcpStream::connect(address)).await.unwrap();
    match within(tokio_tungstenite::client_async(request, stream)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => Err(response.status()),
        Err(error) => panic!("{error}"),
    }
}

/// A WebSocket to r0's peer port, encrypted under `key`, and its session.
pub async fn encrypted(site: &Site, address: SocketAddr, key: &SecretKey) -> (Link, Session) {
    let stream = within(TcpStream::connect(address)).await.unwrap();
    let (stream, session) = within(site.tls(key).connect(stream, ReplicaId(0))).await.unwrap();
    let url = format!("ws://{address}/peer");
    (within(tokio_tungstenite::client_async(url, stream)).await.unwrap().0, session)
}

/// A link to r0's peer port as its peer `id`, past the handshake.
pub async fn peer_link(site: &Site, address: SocketAddr, id: u16) -> Link {
    let (mut socket, session) = encrypted(site, address, site.key(id)).await;
    let hello = hello(site, &mut socket, &session, id, site.key(id)).await;
    send(&mut socket, &hello).await;
    assert!(matches!(receive(&mut socket).await, PeerFrame::Welcome { .. }));
    socket
}

/// The right hello of `id` to r0's challenge on `socket` in `session`, signed with `key`.
pub async fn hello(site: &Site, socket: &mut Link, session: &Session, id: u16, key: &SecretKey) -> PeerFrame {
    let PeerFrame::Challenge { nonce: acceptor_nonce } = receive(socket).await else {
        panic!("the acceptor speaks first");
    };
    let (dialer, dialer_nonce) = (ReplicaId(id), [5; 32]);
    let (acceptor, channel) = (ReplicaId(0), session.channel);
    let handshake = Handshake { dialer, acceptor, dialer_nonce, acceptor_nonce, channel };
    let proof = handshake.sign(key, site.committee().cluster(), Role::Dialer);
    PeerFrame::Hello { from: dialer, nonce: dialer_nonce, proof }
}

pub async fn send<T: serde::Serialize>(socket: &mut WebSocketStream<impl Stream>, frame: &T) {
    within(socket.send(Message::binary(wire::encode(frame)))).await.unwrap();
}

/// The next binary frame.
pub async fn receive<T: serde::de::DeserializeOwned>(socket: &mut WebSocketStream<impl Stream>) -> T {
    within(async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Binary(bytes))) => return wire::decode(&bytes).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a frame, got {other:?}"),
            }
        }
    })
    .await
}

/// The close frame that the connection ends with; frames before it do not matter.
pub async fn closed(socket: &mut WebSocketStream<impl Stream>) -> CloseFrame {
    within(async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(frame))) => return frame.expect("a close says why"),
                Some(Ok(_)) => {}
                other => panic!("expected a close frame, got {other:?}"),
            }
        }
    })
    .await
}

/// An observer of the replica: whatever happens from now on, it sees.
pub async fn observer(address: SocketAddr) -> Socket {
    let mut socket = connect(address, "/observe").await;
    assert!(matches!(receive(&mut socket).await, ObserveFrame::Welcome { .. }));
    socket
}

/// The first thing that `wanted` finds in an observer's frames.
pub async fn observed<T>(socket: &mut Socket, mut wanted: impl FnMut(&ObserveFrame) -> Option<T>) -> T {
    within(async {
        loop {
            if let Some(found) = wanted(&receive(socket).await) {
                return found;
            }
        }
    })
    .await
}

/// Sends the head of a binary frame that announces `bytes` bytes, and none of them.
pub async fn announce(socket: &mut WebSocketStream<impl Stream>, bytes: u64) {
    let mut head = vec![0x82, 0x80 | 127];
    head.extend_from_slice(&bytes.to_be_bytes());
    head.extend_from_slice(&[1, 2, 3, 4]);
    within(socket.get_mut().write_all(&head)).await.unwrap();
}

/// The whole answer, as text, to a GET of `path` with more lines in its head.
pub async fn get(address: SocketAddr, path: &str, head: &str) -> String {
    let mut stream = within(TcpStream::connect(address)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{head}\r\n");
    within(stream.write_all(request.as_bytes())).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status, or `None` when the connection is refused.
pub async fn try_status(address: SocketAddr) -> Option<StatusBody> {
    let mut stream = within(TcpStream::connect(address)).await.ok()?;
    within(stream.write_all(b"GET /status HTTP/1.1\r\nhost: r0\r\nconnection: close\r\n\r\n")).await.ok()?;
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

pub async fn status(address: SocketAddr) -> StatusBody {
    let answer = get(address, "/status", "").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// That the replica is alive: it answers, and shows observers what happens.
pub async fn assert_alive(running: &Running) {
    let answer = get(running.http_address(), "/healthz", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut observer = observer(running.http_address()).await;
    within(observer.close(None)).await.unwrap();
}
