//! The links that peers dial, on which this replica receives.

use super::handshake::{self, Own};
use super::inbound::Turn;
use super::tls::Session;
use super::{HANDSHAKE_BYTES_MAX, LinkRefusal, PATH, Peer, message_bytes_max};
use crate::context::Context;
use crate::fault::{Ended, Fault};
use crate::listener::{Connection, Listener};
use crate::logging::refusal;
use crate::shutdown::Stop;
use crate::socket;
use axum::body::Bytes;
use futures_util::StreamExt;
use hotstuff_core::crypto::PublicKey;
use hotstuff_core::link::PeerFrame;
use hotstuff_core::{Input, Message, Refusal, ReplicaId, verify, wire};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

type Socket = WebSocketStream<TlsStream<Connection>>;

/// Accepts links until `stop`, and returns when all are closed.
pub async fn accept(context: Arc<Context>, listener: Listener, mut stop: Stop) {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.stopped() => break,
            arrival = listener.accept() => match arrival {
                Ok((connection, address)) => {
                    links.spawn(link(Arc::clone(&context), connection, address, stop.clone()));
                }
                Err(crowded) => {
                    context.refused.links.add(LinkRefusal::TooMany);
                    refusal!("link-refused", "refused on the peer port: {crowded}");
                }
            },
            Some(_) = links.join_next() => {}
        }
    }
    links.join_all().await;
    listener.close().await;
}

async fn link(context: Arc<Context>, connection: Connection, address: SocketAddr, mut stop: Stop) {
    let deadline = Instant::now() + Duration::from_micros(context.links.handshake_us.0);
    let (mut socket, session) = match bounded(deadline, &mut stop, open(&context, connection)).await {
        Ok(opened) => opened,
        Err(ended) => return note(&context, address, &ended),
    };
    let own = Own { id: context.id, key: &context.key, cluster: context.committee.cluster() };
    let roster = Arc::clone(&context.roster.borrow());
    let shaking = handshake::as_acceptor(&mut socket, &own, &roster, &session);
    let ended = match bounded(deadline, &mut stop, shaking).await {
        Ok(id) => {
            // Only now may frames be large.
            let config = socket::config(message_bytes_max(&context.committee, &context.consensus));
            socket = WebSocketStream::from_raw_socket(socket.into_inner(), Role::Server, Some(config)).await;
            receive_from(&context, (id, session.key), &mut socket, stop).await
        }
        Err(ended) => ended,
    };
    note(&context, address, &ended);
    socket::close_peer(&mut socket, &ended).await;
}

/// Encrypts a connection and makes a WebSocket of it.
async fn open(context: &Context, connection: Connection) -> Result<(Socket, Session), Ended> {
    let (stream, session) = context.tls.accept(connection).await?;
    let config = Some(socket::config(HANDSHAKE_BYTES_MAX));
    match accept_hdr_async_with_config(stream, check_path, config).await {
        Ok(socket) => Ok((socket, session)),
        Err(tungstenite::Error::Io(error)) => Err(Ended::Theirs(error.to_string())),
        Err(error) => Err(Fault::Protocol(error.to_string()).into()),
    }
}

/// What `step` gives, unless `deadline` or `stop` comes first.
async fn bounded<T>(
    deadline: Instant,
    stop: &mut Stop,
    step: impl Future<Output = Result<T, Ended>>,
) -> Result<T, Ended> {
    tokio::select! {
        () = stop.stopped() => Err(Fault::ShuttingDown.into()),
        result = timeout_at(deadline, step) => result.unwrap_or(Err(Fault::HandshakeTimeout.into())),
    }
}

/// Counts and tells how a link ended.
fn note(context: &Context, address: SocketAddr, ended: &Ended) {
    match (LinkRefusal::of(ended), ended) {
        (Some(why), Ended::Ours(fault)) => {
            context.refused.links.add(why);
            refusal!("link-closed", %address, reason = %fault, "refused: closed a peer's link");
        }
        _ => tracing::debug!(%address, ?ended, "a peer's link ended"),
    }
}

fn check_path(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    if request.uri().path() == PATH {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some(format!("replicas connect to {PATH} here\n")));
    *refusal.status_mut() = StatusCode::NOT_FOUND;
    Err(refusal)
}

/// Receives from the peer until the link ends; a newer link of the same peer ends it too.
async fn receive_from(
    context: &Context,
    (id, key): (ReplicaId, PublicKey),
    socket: &mut Socket,
    stop: Stop,
) -> Ended {
    let Some(peer) = context.peers.peer(id) else { return Fault::Left.into() };
    // It may have left since the handshake, and be back under another key.
    if !context.roster.borrow().allows(id, &key) {
        return Fault::Left.into();
    }
    let turn = peer.inbound.enter();
    tracing::debug!(peer = %id, "the peer is linked to this replica");
    pump(context, id, &peer, turn, socket, stop).await
}

async fn pump(
    context: &Context,
    id: ReplicaId,
    peer: &Peer,
    mut turn: Turn<'_>,
    socket: &mut Socket,
    mut stop: Stop,
) -> Ended {
    let limit = socket.get_config().max_message_size.unwrap_or(usize::MAX);
    let dead = Duration::from_micros(context.links.dead_us.0);
    let mut leaves = peer.leaves.clone();
    loop {
        let message = tokio::select! {
            () = stop.stopped() => return Fault::ShuttingDown.into(),
            () = leaves.stopped() => return Fault::Left.into(),
            () = turn.ends() => return Fault::Replaced.into(),
            message = tokio::time::timeout(dead, socket.next()) => message,
        };
        let handled = match message {
            Ok(Some(Ok(Frame::Binary(bytes)))) => take(context, id, peer, bytes).await,
            Ok(Some(message)) => handshake::other(message, limit),
            Ok(None) => return Ended::Theirs("closed".into()),
            Err(_) => return Fault::Silent.into(),
        };
        if let Err(ended) = handled {
            return ended;
        }
    }
}

/// Verifies what a peer sent and hands it to the driver. What does not pass is told to the driver too, and ends
/// the link: no honest peer sends it. Only that another epoch is in force for a peer is nobody's fault, and the
/// answer to that comes by this link.
async fn take(context: &Context, id: ReplicaId, peer: &Peer, bytes: Bytes) -> Result<(), Ended> {
    let size = bytes.len();
    peer.traffic.received(size);
    let hand_over = async |input| {
        let handed = context.inlet.message(input, size, &peer.quota).await;
        handed.map_err(|_| Ended::from(Fault::ShuttingDown))
    };
    let refused = |kind, why| Input::RefusedMessage { from: id, kind, why };
    let message = match wire::decode(&bytes) {
        Ok(PeerFrame::Message(message)) => message,
        Ok(other) => {
            let why = Refusal::Malformed(format!("a {} frame after the handshake", handshake::name(&other)));
            hand_over(refused(None, why)).await?;
            return Err(Fault::Misplaced(handshake::name(&other)).into());
        }
        Err(error) => {
            let why = Refusal::Malformed(error.to_string());
            hand_over(refused(None, why)).await?;
            return Err(Fault::Malformed(error).into());
        }
    };
    let kind = message.kind();
    match verified(context, message).await? {
        Ok(message) => hand_over(Input::Message { from: id, message }).await,
        Err(why) if why.is_by_epoch() => hand_over(refused(Some(kind), why)).await,
        Err(why) => {
            hand_over(refused(Some(kind), why.clone())).await?;
            Err(Fault::Refused(why).into())
        }
    }
}

/// Checks a message, on another thread where that takes long.
async fn verified(
    context: &Context,
    message: Message,
) -> Result<Result<verify::Verified<Message>, Refusal>, Ended> {
    if !matches!(message, Message::Proposal(_) | Message::FetchResponse(_)) {
        let committees = Arc::clone(&context.committees.borrow());
        return Ok(verify::message(&committees, message));
    }
    let committees = Arc::clone(&context.committees.borrow());
    let verifying = tokio::task::spawn_blocking(move || verify::message(&committees, message));
    // It can only be cancelled by the end of the runtime.
    verifying.await.map_err(|_| Fault::ShuttingDown.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_peers_path_is_served() {
        let request = |path: &str| Request::builder().uri(path).body(()).unwrap();
        assert!(check_path(&request("/peer"), Response::new(())).is_ok());
        let refused = check_path(&request("/client"), Response::new(()));
        assert_eq!(refused.unwrap_err().status(), StatusCode::NOT_FOUND);
    }
}
