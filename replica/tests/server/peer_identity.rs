//! Who a link is with: whoever is not the member that it says is refused, and counted by reason.

use crate::support::*;
use hotstuff_core::committee::CommitteeSpec;
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::link::{Handshake, PeerFrame, Role};
use hotstuff_core::{Committee, ReplicaId, Span};
use hotstuff_replica::client::http;
use hotstuff_replica::client::transport::Transport;
use hotstuff_replica::fault::{Ended, Fault};
use hotstuff_replica::peers::tls::{PeerTls, Session};
use hotstuff_replica::server::Running;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Waits until r0 has refused `count` links for `reason`, and none for another one.
async fn refused(running: &Running, reason: &str, count: u64) {
    within(async {
        loop {
            let shown = status(running.http_address()).await;
            let others: BTreeMap<&String, &u64> =
                shown.refused_links.iter().filter(|(name, count)| *name != reason && **count > 0).collect();
            assert!(others.is_empty(), "{others:?}");
            assert_eq!(shown.refused.peers, shown.refused_links[reason]);
            if shown.refused_links[reason] == count {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// What r0's port says to a TLS handshake of `tls`, read to its end.
async fn answer_to(running: &Running, tls: &PeerTls) -> Result<(), Ended> {
    let stream = within(TcpStream::connect(running.peer_address())).await.unwrap();
    let (mut stream, _) = within(tls.connect(stream, ReplicaId(0))).await?;
    // The dialer's part ends before the acceptor has judged its key.
    let read = within(stream.read_to_end(&mut Vec::new())).await;
    Err(Ended::Theirs(read.expect_err("nothing is said to a stranger").to_string()))
}

#[tokio::test]
async fn a_stranger_is_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    let stranger = SecretKey::from_seed([1; 32]);
    let ended = answer_to(&running, &site.tls(&stranger)).await.unwrap_err();
    assert!(matches!(&ended, Ended::Theirs(why) if why.contains("AccessDenied")), "{ended:?}");
    refused(&running, "stranger", 1).await;
    drop(peer_link(&site, running.peer_address(), 1).await);
    running.shutdown().await.unwrap();
}

/// TLS as the rest of the world speaks it, without a key that would be a replica's.
#[tokio::test]
async fn tls_without_a_key_is_refused() {
    let (_site, running) = lone_replica(|_| {}).await;
    let ca = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates/ca.pem");
    let transport = Transport::trusting(&ca).unwrap();
    let url = format!("https://{}/peer", running.peer_address());
    within(http::get(&transport, &url, Duration::from_secs(60))).await.unwrap_err();
    refused(&running, "stranger", 1).await;
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_replica_with_the_identity_of_another_is_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    let cases =
        [(2, 1, "another key than that of r1"), (1, 9, "another key than that of r9"), (0, 0, "r0 itself")];
    for (key, claimed, reason) in cases {
        let (mut socket, session) = encrypted(&site, running.peer_address(), site.key(key)).await;
        // It may sign with whichever key it has.
        let hello = hello(&site, &mut socket, &session, claimed, site.key(key)).await;
        send(&mut socket, &hello).await;
        let close = closed(&mut socket).await;
        let reason = reason.replace("r0 itself", "r0 is this replica itself");
        assert!(close.reason.contains(&reason), "{close:?}");
    }
    refused(&running, "wrong_identity", 3).await;
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_proof_by_another_key_than_the_sessions_is_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    for key in [site.key(2), &SecretKey::from_seed([1; 32])] {
        let (mut socket, session) = encrypted(&site, running.peer_address(), site.key(1)).await;
        let hello = hello(&site, &mut socket, &session, 1, key).await;
        send(&mut socket, &hello).await;
        assert!(closed(&mut socket).await.reason.contains("signature of r1 is not valid"));
    }
    refused(&running, "bad_proof", 2).await;
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_replayed_handshake_is_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    let (mut first, session) = encrypted(&site, running.peer_address(), site.key(1)).await;
    let recorded = hello(&site, &mut first, &session, 1, site.key(1)).await;
    send(&mut first, &recorded).await;
    assert!(matches!(receive(&mut first).await, PeerFrame::Welcome { .. }));
    let (mut second, _) = encrypted(&site, running.peer_address(), site.key(1)).await;
    send(&mut second, &recorded).await;
    assert!(closed(&mut second).await.reason.contains("signature of r1 is not valid"));
    refused(&running, "bad_proof", 1).await;
    running.shutdown().await.unwrap();
}

/// All that a member said in a session, said once more: the acceptor has drawn other keys for this one.
#[tokio::test]
async fn recorded_bytes_are_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    let (recorded, _, _) = wiretapped(&site, &running).await;
    let mut again = within(TcpStream::connect(running.peer_address())).await.unwrap();
    within(again.write_all(&recorded)).await.unwrap();
    let _ = within(again.read_to_end(&mut Vec::new())).await;
    refused(&running, "bad_proof", 1).await;
    running.shutdown().await.unwrap();
}

/// One who stands between two sessions, with the key of a member for each, cannot pass a proof on.
#[tokio::test]
async fn a_relayed_handshake_is_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    let (mut socket, session) = encrypted(&site, running.peer_address(), site.key(1)).await;
    let elsewhere = Session { channel: [9; 32], ..session };
    let relayed = hello(&site, &mut socket, &elsewhere, 1, site.key(1)).await;
    send(&mut socket, &relayed).await;
    assert!(closed(&mut socket).await.reason.contains("signature of r1 is not valid"));
    refused(&running, "bad_proof", 1).await;
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_replica_of_another_cluster_is_refused_though_its_keys_are_right() {
    let (site, running) = lone_replica(|_| {}).await;
    let spec = CommitteeSpec { cluster: ClusterId([8; 32]), ..site.committee().spec().clone() };
    let other = Arc::new(Committee::new(spec).unwrap());
    let tls = tls(site.key(1), &other);
    assert_eq!(answer_to(&running, &tls).await, Err(Ended::Ours(Fault::OtherCluster)));
    refused(&running, "other_cluster", 1).await;

    // The same with the right name in TLS: the proof binds the cluster too.
    let (mut socket, session) = encrypted(&site, running.peer_address(), site.key(1)).await;
    let PeerFrame::Challenge { nonce: acceptor_nonce } = receive(&mut socket).await else { panic!() };
    let (dialer, acceptor, dialer_nonce) = (ReplicaId(1), ReplicaId(0), [5; 32]);
    let handshake = Handshake { dialer, acceptor, dialer_nonce, acceptor_nonce, channel: session.channel };
    let proof = handshake.sign(site.key(1), other.cluster(), Role::Dialer);
    send(&mut socket, &PeerFrame::Hello { from: dialer, nonce: dialer_nonce, proof }).await;
    assert!(closed(&mut socket).await.reason.contains("signature of r1 is not valid"));
    let counts = status(running.http_address()).await.refused_links;
    assert_eq!((counts["other_cluster"], counts["bad_proof"]), (1, 1));
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn plain_text_is_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    let upgrade = b"GET /peer HTTP/1.1\r\nhost: r0\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
    for (count, bytes) in (1..).zip([&[0u8; 300][..], upgrade, b"\xff\xff\xff\xff\xff\xff"]) {
        let mut stream = within(TcpStream::connect(running.peer_address())).await.unwrap();
        within(stream.write_all(bytes)).await.unwrap();
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.unwrap();
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
        refused(&running, "not_tls", count).await;
    }
    drop(peer_link(&site, running.peer_address(), 1).await);
    running.shutdown().await.unwrap();
}

/// One bound for all of it: TLS, WebSocket and proof.
#[tokio::test]
async fn a_stalled_handshake_is_given_up() {
    let (site, running) = lone_replica(|config| config.links.handshake_us = Span::millis(1_000)).await;
    let mut mute = within(TcpStream::connect(running.peer_address())).await.unwrap();
    let mut begun = within(TcpStream::connect(running.peer_address())).await.unwrap();
    // The head of a record that never comes.
    within(begun.write_all(&[0x16, 3, 1, 2, 0])).await.unwrap();
    let (mut unproven, _) = encrypted(&site, running.peer_address(), site.key(1)).await;
    assert!(closed(&mut unproven).await.reason.contains("handshake took too long"));
    for stream in [&mut mute, &mut begun] {
        let mut answer = Vec::new();
        within(stream.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(answer, b"");
    }
    refused(&running, "stalled", 3).await;
    running.shutdown().await.unwrap();
}

/// Whoever listens in finds neither what the dialer nor what the acceptor says.
#[tokio::test]
async fn nothing_of_a_link_is_readable_on_the_wire() {
    let (site, running) = lone_replica(|_| {}).await;
    let (sent, told, nonce) = wiretapped(&site, &running).await;
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(sent.len() > 200 && told.len() > 200);
    assert!(!contains(&sent, b"GET /peer") && !contains(&told, b"HTTP/1.1") && !contains(&told, &nonce));
    running.shutdown().await.unwrap();
}

/// The bytes that a member and r0 exchange until r0's challenge, and its nonce.
async fn wiretapped(site: &Site, running: &Running) -> (Vec<u8>, Vec<u8>, [u8; 32]) {
    let (near, far) = tokio::io::duplex(1 << 16);
    let wire = within(TcpStream::connect(running.peer_address())).await.unwrap();
    let tls = site.tls(site.key(1));
    let speaking = async {
        let (stream, _) = tls.connect(near, ReplicaId(0)).await.unwrap();
        let (mut socket, _) = tokio_tungstenite::client_async("ws://r0/peer", stream).await.unwrap();
        let PeerFrame::Challenge { nonce } = receive(&mut socket).await else { panic!() };
        nonce
    };
    let (mut from_near, mut to_near) = tokio::io::split(far);
    let (mut from_wire, mut to_wire) = wire.into_split();
    let (mut sent, mut told) = (Vec::new(), Vec::new());
    let nonce = tokio::select! {
        nonce = within(speaking) => nonce,
        () = record(&mut from_near, &mut to_wire, &mut sent) => panic!("closed early"),
        () = record(&mut from_wire, &mut to_near, &mut told) => panic!("closed early"),
    };
    (sent, told, nonce)
}

/// Copies from one end to another, and keeps what it copied, until the one closes.
async fn record<R, W>(from: &mut R, to: &mut W, kept: &mut Vec<u8>)
where
    R: AsyncReadExt + Unpin,
    W: AsyncWriteExt + Unpin,
{
    let mut bytes = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        kept.extend_from_slice(&bytes[..count]);
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
