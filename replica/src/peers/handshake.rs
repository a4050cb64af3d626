//! How the two ends of a new peer link come to know each other, within their encrypted session. The proofs
//! are the core's, and bind the cluster and the session.

use super::HANDSHAKE_BYTES_MAX;
use super::roster::Roster;
use super::tls::Session;
use crate::fault::{Ended, Fault};
use futures_util::{SinkExt, StreamExt};
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::link::{Handshake, PeerFrame, Role};
use hotstuff_core::{ReplicaId, wire};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};

/// Who this end is.
pub(super) struct Own<'a> {
    pub id: ReplicaId,
    pub key: &'a SecretKey,
    pub cluster: &'a ClusterId,
}

/// The dialer's part: proves itself, and checks that `acceptor`, whose key TLS has seen to, is who it dialled.
pub(super) async fn as_dialer<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    own: &Own<'_>,
    acceptor: ReplicaId,
    session: &Session,
) -> Result<(), Ended> {
    let PeerFrame::Challenge { nonce: acceptor_nonce } = receive(socket).await? else {
        return Err(Fault::Misplaced("handshake").into());
    };
    let dialer_nonce = nonce()?;
    let channel = session.channel;
    let handshake = Handshake { dialer: own.id, acceptor, dialer_nonce, acceptor_nonce, channel };
    let proof = handshake.sign(own.key, own.cluster, Role::Dialer);
    send(socket, &PeerFrame::Hello { from: own.id, nonce: dialer_nonce, proof }).await?;
    let PeerFrame::Welcome { proof } = receive(socket).await? else {
        return Err(Fault::Misplaced("handshake").into());
    };
    handshake.check(&session.key, own.cluster, Role::Acceptor, &proof).map_err(Fault::BadProof)?;
    Ok(())
}

/// The acceptor's part: finds out who of the roster dials, and proves itself.
pub(super) async fn as_acceptor<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    own: &Own<'_>,
    roster: &Roster,
    session: &Session,
) -> Result<ReplicaId, Ended> {
    let acceptor_nonce = nonce()?;
    send(socket, &PeerFrame::Challenge { nonce: acceptor_nonce }).await?;
    let (dialer, dialer_nonce, proof) = match receive(socket).await? {
        PeerFrame::Hello { from, nonce, proof } => (from, nonce, proof),
        other => return Err(Fault::Misplaced(name(&other)).into()),
    };
    if dialer == own.id {
        return Err(Fault::Itself(dialer).into());
    }
    if !roster.allows(dialer, &session.key) {
        return Err(Fault::WrongIdentity(dialer).into());
    }
    let channel = session.channel;
    let handshake = Handshake { dialer, acceptor: own.id, dialer_nonce, acceptor_nonce, channel };
    handshake.check(&session.key, own.cluster, Role::Dialer, &proof).map_err(Fault::BadProof)?;
    let proof = handshake.sign(own.key, own.cluster, Role::Acceptor);
    send(socket, &PeerFrame::Welcome { proof }).await?;
    Ok(dialer)
}

/// What a frame is called.
pub(super) fn name(frame: &PeerFrame) -> &'static str {
    match frame {
        PeerFrame::Challenge { .. } => "challenge",
        PeerFrame::Hello { .. } => "hello",
        PeerFrame::Welcome { .. } => "welcome",
        PeerFrame::Message(_) => "message",
    }
}

fn nonce() -> Result<[u8; 32], Ended> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).map_err(|why| Ended::Theirs(format!("no random bytes: {why}")))?;
    Ok(nonce)
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    frame: &PeerFrame,
) -> Result<(), Ended> {
    let sent = socket.send(Message::binary(wire::encode(frame))).await;
    sent.map_err(|error| Ended::Theirs(error.to_string()))
}

async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
) -> Result<PeerFrame, Ended> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                return wire::decode(&bytes).map_err(|why| Fault::Malformed(why).into());
            }
            Some(message) => other(message, HANDSHAKE_BYTES_MAX)?,
            None => return Err(Ended::Theirs("closed".into())),
        }
    }
}

/// What to make of anything that is no binary frame; frames above `limit` were not read.
pub(super) fn other(message: tungstenite::Result<Message>, limit: usize) -> Result<(), Ended> {
    match message {
        Ok(Message::Text(_)) => Err(Fault::Text.into()),
        Ok(Message::Close(frame)) => Err(Ended::Theirs(match frame {
            Some(frame) => format!("closed: {} {}", u16::from(frame.code), frame.reason),
            None => "closed".into(),
        })),
        Ok(_) => Ok(()),
        Err(error) => Err(Ended::reading(&error, limit)),
    }
}
