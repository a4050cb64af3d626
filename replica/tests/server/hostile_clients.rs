//! Anything but honest clients and observers on the public port: closed with a reason, and the
//! replica lives on.

use crate::support::*;
use futures_util::{SinkExt, StreamExt};
use hotstuff_core::command::{Command, CommandId, NotAdmitted, Outcome, Replies};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::{ClientFrame, ObserveFrame, ReplicaFrame};
use hotstuff_core::{Event, Height, ReplicaId, SequenceNumber, Span, wire};
use hotstuff_replica::server::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

fn command(site: &Site, sequence: u64, operation: Vec<u8>) -> Command {
    let key = site.client_key();
    Command::signed(&key, site.committee().cluster(), SequenceNumber(sequence), operation)
}

async fn closes_with(running: &Running, path: &str, cases: Vec<(Frame, CloseCode, &str)>) {
    for (frame, code, reason) in cases {
        let mut socket = connect(running.http_address(), path).await;
        within(socket.send(frame)).await.unwrap();
        let close = closed(&mut socket).await;
        assert_eq!(close.code, code, "{close:?}");
        assert!(close.reason.contains(reason), "{close:?}");
    }
}

#[tokio::test]
async fn whatever_a_client_sends_that_is_no_valid_command() {
    let (site, running) = lone_replica(|_| {}).await;
    let good = wire::encode(&ClientFrame::Submit(command(&site, 1, vec![1, 2, 3])));
    let mut forged = command(&site, 1, vec![1, 2, 3]);
    forged.operation = b"another".into();
    let of_another_cluster = Command::signed(
        &site.client_key(),
        &hotstuff_core::crypto::ClusterId([0; 32]),
        SequenceNumber(1),
        vec![1],
    );
    let too_large = command(&site, 1, vec![0; site.committee().limits().command_bytes as usize + 1]);
    let reply = |outcome| {
        let id = CommandId { client: site.client_key().public(), sequence: SequenceNumber(1) };
        let reply = Replies::one(site.key(1), site.committee().cluster(), ReplicaId(1), id, outcome);
        Frame::binary(wire::encode(&ReplicaFrame::Replies(reply)))
    };
    let executed = Outcome::Executed { height: Height(5), result: vec![1, 2, 3] };
    let submit = |command: Command| Frame::binary(wire::encode(&ClientFrame::Submit(command)));
    let cases = vec![
        (Frame::text("set a 1"), CloseCode::Unsupported, "only binary"),
        (Frame::binary(vec![0xff; 64]), CloseCode::Invalid, "cannot be read"),
        (Frame::binary(Vec::new()), CloseCode::Invalid, "cannot be read"),
        (Frame::binary(good[..50].to_vec()), CloseCode::Invalid, "cannot be read"),
        (Frame::binary([good.as_slice(), &[7]].concat()), CloseCode::Invalid, "left over"),
        (Frame::binary(vec![0; 100_000]), CloseCode::Size, "more than"),
        (reply(executed), CloseCode::Invalid, "cannot be read"),
        // These bytes happen to read as a command too, but not as one that anybody signed.
        (reply(Outcome::TooOld), CloseCode::Policy, "signature is not the client's"),
        (submit(forged), CloseCode::Policy, "signature is not the client's"),
        (submit(of_another_cluster), CloseCode::Policy, "signature is not the client's"),
        (submit(too_large), CloseCode::Policy, "too large"),
    ];
    let count = cases.len() as u64;
    closes_with(&running, "/client", cases).await;
    let mut socket = connect(running.http_address(), "/client").await;
    announce(&mut socket, 1 << 40).await;
    assert_eq!(closed(&mut socket).await.code, CloseCode::Size);
    assert_alive(&running).await;
    assert_eq!(status(running.http_address()).await.refused.clients, count + 1);

    let mut observer = observer(running.http_address()).await;
    let mut honest = connect(running.http_address(), "/client").await;
    within(honest.send(Frame::binary(good))).await.unwrap();
    let admitted = |frame: &ObserveFrame| match frame {
        ObserveFrame::Observation(seen) => match seen.event {
            Event::CommandAdmitted(id) => Some(id),
            _ => None,
        },
        _ => None,
    };
    assert_eq!(observed(&mut observer, admitted).await.sequence, SequenceNumber(1));
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_refused_command_is_seen_as_an_event_and_not_told_to_the_client_it_names() {
    let (site, running) = lone_replica(|_| {}).await;
    let mut observer = observer(running.http_address()).await;
    let mut victim = connect(running.http_address(), "/client").await;
    send(&mut victim, &ClientFrame::Submit(command(&site, 1, vec![1]))).await;
    let mut forged = command(&site, 1, vec![1]);
    forged.operation = b"another".into();
    let mut attacker = connect(running.http_address(), "/client").await;
    send(&mut attacker, &ClientFrame::Submit(forged)).await;
    closed(&mut attacker).await;
    let refused = |frame: &ObserveFrame| match frame {
        ObserveFrame::Observation(seen) => match seen.event {
            Event::CommandRefused { why, .. } => Some(why),
            _ => None,
        },
        _ => None,
    };
    assert_eq!(observed(&mut observer, refused).await, NotAdmitted::BadSignature);
    // Everything that the victim is ever told comes before the close at the shutdown.
    running.shutdown().await.unwrap();
    let close = closed_without_replies(&mut victim).await;
    assert!(close.contains("shutting down"), "{close}");
}

async fn closed_without_replies(socket: &mut Socket) -> String {
    within(async {
        loop {
            match socket.next().await {
                Some(Ok(Frame::Binary(bytes))) => panic!("told {bytes:?}"),
                Some(Ok(Frame::Close(Some(frame)))) => return frame.reason.to_string(),
                Some(Ok(_)) => {}
                other => panic!("expected a close frame, got {other:?}"),
            }
        }
    })
    .await
}

#[tokio::test]
async fn whatever_an_observer_sends() {
    let (site, running) = lone_replica(|_| {}).await;
    let submit = wire::encode(&ClientFrame::Submit(command(&site, 1, vec![1])));
    let cases = vec![
        (Frame::text("hello"), CloseCode::Policy, "only tells"),
        (Frame::binary(vec![0xff; 64]), CloseCode::Policy, "only tells"),
        (Frame::binary(Vec::new()), CloseCode::Policy, "only tells"),
        (Frame::binary(submit[..50].to_vec()), CloseCode::Policy, "only tells"),
        (Frame::binary(submit), CloseCode::Policy, "only tells"),
        (Frame::binary(vec![0; 100_000]), CloseCode::Size, "more than"),
    ];
    let count = cases.len() as u64;
    closes_with(&running, "/observe", cases).await;
    assert_alive(&running).await;
    assert_eq!(status(running.http_address()).await.refused.observers, count);
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_frame_that_breaks_the_websocket_protocol() {
    let (_site, running) = lone_replica(|_| {}).await;
    for path in ["/client", "/observe"] {
        let mut socket = connect(running.http_address(), path).await;
        // A binary frame without a mask, which clients must not send.
        within(socket.get_mut().write_all(&[0x82, 1, 0])).await.unwrap();
        assert_eq!(closed(&mut socket).await.code, CloseCode::Protocol);
    }
    assert_alive(&running).await;
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn only_so_many_clients_and_observers_at_once() {
    let (_site, running) = lone_replica(|config| {
        config.links.clients = 1;
        config.links.observers = 1;
    })
    .await;
    let address = running.http_address();
    let _client = connect(address, "/client").await;
    let _observer = observer(address).await;
    for path in ["/client", "/observe"] {
        let refused = connect_from(address, path, &format!("http://{address}")).await.unwrap_err();
        assert_eq!(refused.as_u16(), 503);
    }
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn connections_that_ask_for_nothing_are_closed() {
    let (_site, running) = lone_replica(|config| config.links.handshake_us = Span::millis(100)).await;
    for bytes in [b"".as_slice(), b"GET / HTTP/1.1\r\n", &[0xff; 100]] {
        let mut stream = within(TcpStream::connect(running.http_address())).await.unwrap();
        within(stream.write_all(bytes)).await.unwrap();
        let mut answer = Vec::new();
        let _ = within(stream.read_to_end(&mut answer)).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn clients_and_observers_that_answer_no_ping_are_closed() {
    let (_site, running) = lone_replica(|config| {
        config.links.ping_us = Span::millis(40);
        config.links.dead_us = Span::millis(80);
    })
    .await;
    for path in ["/client", "/observe"] {
        // It reads bytes, and so never answers.
        let mut deaf = connect(running.http_address(), path).await;
        let mut bytes = Vec::new();
        within(deaf.get_mut().read_to_end(&mut bytes)).await.unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains("nothing was heard"));
    }
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn one_connection_cannot_speak_for_any_number_of_clients() {
    let (site, running) = lone_replica(|config| config.links.client_keys = 8).await;
    let mut socket = connect(running.http_address(), "/client").await;
    for number in 0..=8 {
        let key = SecretKey::from_seed([number; 32]);
        let command = Command::signed(&key, site.committee().cluster(), SequenceNumber(1), vec![]);
        send(&mut socket, &ClientFrame::Submit(command)).await;
    }
    let close = closed(&mut socket).await;
    assert!(close.reason.contains("too many different clients"), "{close:?}");
    running.shutdown().await.unwrap();
}
