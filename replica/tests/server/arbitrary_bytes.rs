//! Frames of arbitrary bytes on every endpoint, the same at every run.

use crate::support::*;
use futures_util::SinkExt;
use hotstuff_core::link::{ClientFrame, PeerFrame};
use hotstuff_core::wire;
use sha2::{Digest, Sha256};
use tokio_tungstenite::tungstenite::Message as Frame;

const FRAMES: u64 = 60;

/// The bytes of case `number`: up to 160 of them, the first ones small, as enum tags are.
fn bytes(number: u64) -> Vec<u8> {
    let block = |part: u64| Sha256::digest([number.to_be_bytes(), part.to_be_bytes()].concat());
    let mut bytes: Vec<u8> = (0..5).flat_map(block).collect();
    bytes.truncate((number * 37 % 161) as usize);
    bytes.iter_mut().take(2).for_each(|byte| *byte %= 8);
    bytes
}

#[tokio::test]
async fn arbitrary_frames_are_closed_with_a_reason_on_every_endpoint() {
    let (site, running) = lone_replica(|_| {}).await;
    let mut reasons = std::collections::BTreeSet::new();
    for number in 0..FRAMES {
        let bytes = bytes(number);
        assert!(wire::decode::<ClientFrame>(&bytes).is_err(), "case {number} is a readable frame");
        if wire::decode::<PeerFrame>(&bytes).is_err() {
            let (new, _) = encrypted(&site, running.peer_address(), site.key(2)).await;
            let known = peer_link(&site, running.peer_address(), 1).await;
            for mut socket in [new, known] {
                within(socket.send(Frame::binary(bytes.clone()))).await.unwrap();
                reasons.insert(closed(&mut socket).await.reason.to_string());
            }
        }
        for path in ["/client", "/observe"] {
            let mut socket = connect(running.http_address(), path).await;
            within(socket.send(Frame::binary(bytes.clone()))).await.unwrap();
            reasons.insert(closed(&mut socket).await.reason.to_string());
        }
    }
    assert!(!reasons.contains(""), "{reasons:?}");
    assert!(reasons.len() >= 2, "{reasons:?}");
    let refused = status(running.http_address()).await.refused;
    assert_eq!((refused.clients, refused.observers), (FRAMES, FRAMES));
    assert!(refused.peers >= FRAMES, "{refused:?}");
    assert_alive(&running).await;
    running.shutdown().await.unwrap();
}
