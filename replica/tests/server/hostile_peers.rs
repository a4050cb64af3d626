//! Anything but honest peers on the peer port: closed with a reason, and the replica lives on.

use crate::limits::{connect_as, refused};
use crate::support::*;
use futures_util::SinkExt;
use hotstuff_core::certificate::Vote;
use hotstuff_core::crypto::{Digest, Signature};
use hotstuff_core::link::{ObserveFrame, PeerFrame};
use hotstuff_core::{BlockRef, Event, Height, Message, Refusal, ReplicaId, Span, View, wire};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const BAD: Signature = Signature([9; 64]);

#[tokio::test]
async fn whatever_is_sent_instead_of_a_handshake() {
    let (site, running) = lone_replica(|_| {}).await;
    let address = running.peer_address();
    let hello_bytes = wire::encode(&PeerFrame::Hello { from: ReplicaId(1), nonce: [0; 32], proof: BAD });
    let welcome = PeerFrame::Welcome { proof: BAD };
    let vote = PeerFrame::Message(Message::Vote(bad_vote()));
    let cases = [
        (Frame::text("hello"), CloseCode::Unsupported, "only binary"),
        (Frame::binary(vec![0xff; 64]), CloseCode::Invalid, "cannot be read"),
        (Frame::binary(Vec::new()), CloseCode::Invalid, "cannot be read"),
        (Frame::binary(hello_bytes[..60].to_vec()), CloseCode::Invalid, "cannot be read"),
        (Frame::binary([hello_bytes.as_slice(), &[0]].concat()), CloseCode::Invalid, "left over"),
        (Frame::binary(vec![0; 5_000]), CloseCode::Size, "more than"),
        (Frame::binary(wire::encode(&welcome)), CloseCode::Policy, "a welcome frame"),
        (Frame::binary(wire::encode(&vote)), CloseCode::Policy, "a message frame"),
        (Frame::binary(hello_bytes), CloseCode::Policy, "signature of r1 is not valid"),
    ];
    let count = cases.len() as u64;
    for (frame, code, reason) in cases {
        let (mut socket, _) = encrypted(&site, address, site.key(1)).await;
        within(socket.send(frame)).await.unwrap();
        let close = closed(&mut socket).await;
        assert_eq!(close.code, code, "{close:?}");
        assert!(close.reason.contains(reason), "{close:?}");
    }
    assert_alive(&running).await;
    assert_eq!(status(running.http_address()).await.refused.peers, count);
    drop(peer_link(&site, address, 1).await);
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn whatever_a_member_sends_that_is_no_valid_message() {
    let (site, running) = lone_replica(|_| {}).await;
    let mut observer = observer(running.http_address()).await;
    let vote = wire::encode(&PeerFrame::Message(Message::Vote(bad_vote())));
    let challenge = wire::encode(&PeerFrame::Challenge { nonce: [0; 32] });
    let cases = [
        (Frame::text("hello"), CloseCode::Unsupported, "only binary", None),
        (Frame::binary(vec![0xff; 64]), CloseCode::Invalid, "cannot be read", Some("no valid encoding")),
        (Frame::binary(vote[..20].to_vec()), CloseCode::Invalid, "cannot be read", Some("no valid encoding")),
        (Frame::binary(challenge), CloseCode::Policy, "a challenge frame", Some("challenge frame")),
        (Frame::binary(vote), CloseCode::Policy, "signature of r1 is not valid", Some("r1 is not valid")),
    ];
    for (frame, code, reason, event) in cases {
        let mut socket = peer_link(&site, running.peer_address(), 1).await;
        within(socket.send(frame)).await.unwrap();
        let close = closed(&mut socket).await;
        assert_eq!(close.code, code, "{close:?}");
        assert!(close.reason.contains(reason), "{close:?}");
        if let Some(part) = event {
            let why = observed(&mut observer, refusal_of_r1).await;
            assert!(why.to_string().contains(part), "{why}");
        }
    }
    assert_alive(&running).await;
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_member_that_announces_more_than_any_message_has() {
    let (site, running) = lone_replica(|_| {}).await;
    let mut socket = peer_link(&site, running.peer_address(), 1).await;
    announce(&mut socket, 1 << 40).await;
    assert_eq!(closed(&mut socket).await.code, CloseCode::Size);
    assert_alive(&running).await;
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_newer_link_of_a_member_ends_the_older_one() {
    let (site, running) = lone_replica(|_| {}).await;
    let mut older = peer_link(&site, running.peer_address(), 1).await;
    let other = peer_link(&site, running.peer_address(), 2).await;
    let newer = peer_link(&site, running.peer_address(), 1).await;
    let close = closed(&mut older).await;
    assert!(close.reason.contains("newer"), "{close:?}");
    let receiving: Vec<bool> =
        status(running.http_address()).await.peers.iter().map(|peer| peer.receiving).collect();
    assert_eq!(receiving, [true, true, false]);
    drop((other, newer));
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_member_that_falls_silent_is_closed() {
    let (site, running) = lone_replica(|config| {
        config.links.ping_us = Span::millis(40);
        config.links.dead_us = Span::millis(80);
    })
    .await;
    let mut silent = peer_link(&site, running.peer_address(), 1).await;
    assert!(closed(&mut silent).await.reason.contains("nothing was heard"));
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed() {
    let (site, running) = lone_replica(|config| config.links.peer_connections = 1).await;
    let first = peer_link(&site, running.peer_address(), 1).await;
    let mut second = within(TcpStream::connect(running.peer_address())).await.unwrap();
    let mut answer = Vec::new();
    // Closed, or reset before it could be read: either way nothing is said.
    let _ = within(second.read_to_end(&mut answer)).await;
    assert_eq!(answer, b"");
    assert_eq!(status(running.http_address()).await.refused_links["too_many"], 1);
    drop(first);
    running.shutdown().await.unwrap();
}

/// Connections that never say a word hold no more places than one address has.
#[tokio::test]
async fn strangers_from_one_address_leave_room_for_members() {
    let (site, running) = lone_replica(|config| {
        config.links.peer_connections = 6;
        config.links.peer_address_connections = 3;
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(connect_as(2, running.peer_address()).await);
    }
    refused(connect_as(2, running.peer_address()).await).await;
    assert_eq!(status(running.http_address()).await.refused_links["too_many"], 1);
    let members = [1, 2, 3].map(|id| peer_link(&site, running.peer_address(), id));
    let members = futures_util::future::join_all(members).await;
    let shown = status(running.http_address()).await;
    assert!(shown.peers.iter().all(|peer| peer.receiving), "{shown:?}");
    drop((held, members));
    running.shutdown().await.unwrap();
}

fn bad_vote() -> Vote {
    let block =
        BlockRef { epoch: hotstuff_core::Epoch(0), view: View(3), height: Height(2), id: Digest([1; 32]) };
    Vote { block, voter: ReplicaId(1), signature: BAD }
}

fn refusal_of_r1(frame: &ObserveFrame) -> Option<Refusal> {
    match frame {
        ObserveFrame::Observation(observation) => match &observation.event {
            Event::MessageRefused { from: ReplicaId(1), why, .. } => Some(why.clone()),
            _ => None,
        },
        _ => None,
    }
}
