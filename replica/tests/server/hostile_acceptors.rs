//! What a replica dials need not be the peer that it means: it checks, says why it closes, and
//! dials again.

use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use hotstuff_core::Span;
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::{Handshake, PeerFrame, Role};
use hotstuff_core::{ReplicaId, wire};
use hotstuff_replica::fault::Ended;
use hotstuff_replica::peers::tls::Session;
use hotstuff_replica::server::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

type Accepted = WebSocketStream<TlsStream<TcpStream>>;

/// r0, which dials this listener for its peer r1.
async fn dialling_replica() -> (Site, Running, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (site, running) = lone_replica(|config| {
        let addresses = config.committee.addresses.get_mut(&ReplicaId(1)).unwrap();
        addresses.peer = address.into();
        config.links.ping_us = Span::millis(500);
        config.links.dead_us = Span::millis(2_000);
        config.links.redial_max_us = Span::millis(100);
    })
    .await;
    (site, running, listener)
}

/// The next connection of the dialer, with its answer to a challenge.
async fn accept(site: &Site, listener: &TcpListener) -> (Accepted, Session, PeerFrame) {
    let (stream, _) = within(listener.accept()).await.unwrap();
    let (stream, session) = within(site.tls(site.key(1)).accept(stream)).await.unwrap();
    let mut socket = within(tokio_tungstenite::accept_async(stream)).await.unwrap();
    send(&mut socket, &PeerFrame::Challenge { nonce: [7; 32] }).await;
    let hello = receive(&mut socket).await;
    (socket, session, hello)
}

/// What an acceptor with `key` answers to the dialer's hello, whose proof it checks.
fn welcome(site: &Site, session: &Session, hello: &PeerFrame, key: &SecretKey) -> PeerFrame {
    let PeerFrame::Hello { from, nonce, proof } = hello else { panic!("{hello:?}") };
    let handshake = Handshake {
        dialer: *from,
        acceptor: ReplicaId(1),
        dialer_nonce: *nonce,
        acceptor_nonce: [7; 32],
        channel: session.channel,
    };
    assert_eq!(*from, ReplicaId(0));
    handshake.check(&session.key, site.committee().cluster(), Role::Dialer, proof).unwrap();
    PeerFrame::Welcome { proof: handshake.sign(key, site.committee().cluster(), Role::Acceptor) }
}

#[tokio::test]
async fn an_acceptor_without_the_peers_key_is_not_told_anything() {
    let (site, running, listener) = dialling_replica().await;
    for key in [site.key(2), &SecretKey::from_seed([1; 32])] {
        let (mut socket, session, hello) = accept(&site, &listener).await;
        send(&mut socket, &welcome(&site, &session, &hello, key)).await;
        match within(socket.next()).await {
            Some(Ok(Frame::Close(Some(close)))) => {
                assert_eq!(close.code, CloseCode::Policy);
                assert!(close.reason.contains("signature of r1 is not valid"), "{close:?}");
            }
            other => panic!("expected a close frame and nothing before it, got {other:?}"),
        }
    }
    assert!(!status(running.http_address()).await.peers[0].connected);
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_peer_gets_messages_and_fresh_nonces_on_every_link() {
    let (site, running, listener) = dialling_replica().await;
    let mut nonces = Vec::new();
    for _ in 0..3 {
        let (mut socket, session, hello) = accept(&site, &listener).await;
        let PeerFrame::Hello { nonce, .. } = hello else { panic!("{hello:?}") };
        nonces.push(nonce);
        send(&mut socket, &welcome(&site, &session, &hello, site.key(1))).await;
        let message: PeerFrame = receive(&mut socket).await;
        assert!(matches!(message, PeerFrame::Message(_)), "{message:?}");
        assert!(status(running.http_address()).await.peers[0].connected);
    }
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 3);
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn whatever_is_said_instead_of_a_welcome_or_after_it() {
    let (site, running, listener) = dialling_replica().await;
    let challenge = Frame::binary(wire::encode(&PeerFrame::Challenge { nonce: [0; 32] }));
    let early = [
        (Frame::text("welcome"), "only binary"),
        (Frame::binary(vec![0xff; 40]), "cannot be read"),
        (Frame::binary(vec![0; 4_096]), "more than"),
        (challenge.clone(), "handshake frame"),
    ];
    for (frame, reason) in early {
        let (mut socket, _, _) = accept(&site, &listener).await;
        within(socket.send(frame)).await.unwrap();
        let close = closed(&mut socket).await;
        assert!(close.reason.contains(reason), "{close:?}");
    }
    let late = [
        (Frame::text("message"), "only binary"),
        (Frame::binary(vec![0; 4_096]), "more than"),
        (challenge, "nothing may be sent"),
    ];
    for (frame, reason) in late {
        let (mut socket, session, hello) = accept(&site, &listener).await;
        send(&mut socket, &welcome(&site, &session, &hello, site.key(1))).await;
        within(socket.send(frame)).await.unwrap();
        let close = closed(&mut socket).await;
        assert!(close.reason.contains(reason), "{close:?}");
    }
    assert_alive(&running).await;
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_noticed_and_dialled_again() {
    let (site, running, listener) = dialling_replica().await;
    let (mut silent, session, hello) = accept(&site, &listener).await;
    send(&mut silent, &welcome(&site, &session, &hello, site.key(1))).await;
    // This end reads nothing from here on, and so answers no ping; the dialer gives the link up.
    let (mut next, session, hello) = accept(&site, &listener).await;
    send(&mut next, &welcome(&site, &session, &hello, site.key(1))).await;
    let _: PeerFrame = receive(&mut next).await;
    // The old link is closed, or reset because nothing was read; it does not stay half open.
    let _ = within(silent.get_mut().read_to_end(&mut Vec::new())).await;
    assert!(status(running.http_address()).await.peers[0].connected);
    running.shutdown().await.unwrap();
}

/// Without the key of the peer that was dialled there is no session at all.
#[tokio::test]
async fn an_acceptor_under_another_key_is_refused_and_counted() {
    let (site, running, listener) = dialling_replica().await;
    for key in [site.key(2), &SecretKey::from_seed([1; 32])] {
        let (stream, _) = within(listener.accept()).await.unwrap();
        // The dialer's alert is the whole of its answer.
        let refused = within(site.tls(key).accept(stream)).await.err();
        assert!(matches!(&refused, Some(Ended::Theirs(why)) if why.contains("AccessDenied")), "{refused:?}");
    }
    let (mut plain, _) = within(listener.accept()).await.unwrap();
    within(plain.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")).await.unwrap();
    within(plain.read_to_end(&mut Vec::new())).await.ok();
    // It dials once more only after it has counted.
    let _ = within(listener.accept()).await.unwrap();
    let counts = status(running.http_address()).await.refused_links;
    assert_eq!((counts["stranger"], counts["not_tls"]), (2, 1), "{counts:?}");
    running.shutdown().await.unwrap();
}
