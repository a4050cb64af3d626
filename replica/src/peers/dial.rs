//! The links that this replica dials and sends on.

use super::handshake::{self, Own};
use super::{HANDSHAKE_BYTES_MAX, LinkRefusal, PATH, Peer};
use crate::context::Context;
use crate::fault::{Ended, Fault};
use crate::shutdown::Stop;
use crate::socket;
use futures_util::{SinkExt, StreamExt};
use hotstuff_core::{ReplicaId, Span};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Most frames that are written before the connection is flushed.
const FLUSH_FRAMES: usize = 64;

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Keeps a link to `peer` until `stop`: dials it, sends what its outbox holds, and dials it again
/// when the link breaks, after a jittered pause that doubles while links do not last.
pub async fn dial(context: Arc<Context>, id: ReplicaId, mut stop: Stop) {
    let Some(peer) = context.peers.get(id) else { return };
    let links = &context.links;
    let mut failures = 0;
    loop {
        let start = Instant::now();
        let ended = tokio::select! {
            () = stop.stopped() => return,
            connected = connect(&context, id) => match connected {
                Ok(socket) => serve(&context, id, peer, socket, stop.clone()).await,
                Err(ended) => ended,
            },
        };
        note(&context, id, &ended);
        let reason = match ended {
            Ended::Ours(Fault::ShuttingDown) => return,
            Ended::Ours(fault) => fault.to_string(),
            Ended::Theirs(reason) => reason,
        };
        // A link that breaks as soon as it stands is a failure too.
        failures = if start.elapsed() >= duration(links.redial_max_us) { 0 } else { failures + 1 };
        match failures {
            0 | 1 => tracing::info!(peer = %id, reason, "no link to the peer"),
            _ => tracing::debug!(peer = %id, reason, failures, "no link to the peer"),
        }
        let pause = jittered(links.redial_min_us.backed_off(failures, links.redial_max_us));
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn connect(context: &Context, id: ReplicaId) -> Result<Socket, Ended> {
    let address = &context.addresses[&id].peer;
    let theirs = |error: &dyn std::fmt::Display| Ended::Theirs(error.to_string());
    let connecting = async {
        let stream =
            TcpStream::connect((address.host(), address.port())).await.map_err(|error| theirs(&error))?;
        stream.set_nodelay(true).map_err(|error| theirs(&error))?;
        let (stream, session) = context.tls.connect(stream, id).await?;
        let config = socket::config(HANDSHAKE_BYTES_MAX);
        let url = format!("ws://{address}{PATH}");
        let (mut socket, _) =
            client_async_with_config(url, stream, Some(config)).await.map_err(|error| theirs(&error))?;
        let own = Own { id: context.id, key: &context.key, committee: &context.committee };
        match handshake::as_dialer(&mut socket, &own, id, &session).await {
            Ok(()) => Ok(socket),
            Err(ended) => {
                socket::close_peer(&mut socket, &ended).await;
                Err(ended)
            }
        }
    };
    let patience = duration(context.links.handshake_us);
    tokio::time::timeout(patience, connecting).await.unwrap_or(Err(Fault::HandshakeTimeout.into()))
}

async fn serve(context: &Context, id: ReplicaId, peer: &Peer, mut socket: Socket, stop: Stop) -> Ended {
    tracing::info!(peer = %id, "linked to the peer");
    peer.outbox.set_linked(true);
    peer.is_sending.store(true, Ordering::Relaxed);
    let ended = pump(context, peer, &mut socket, stop).await;
    peer.is_sending.store(false, Ordering::Relaxed);
    peer.outbox.set_linked(false);
    socket::close_peer(&mut socket, &ended).await;
    ended
}

/// Counts it when who answers at the peer's address is not the peer.
fn note(context: &Context, id: ReplicaId, ended: &Ended) {
    let is_other = |why: &LinkRefusal| {
        matches!(
            why,
            LinkRefusal::NotTls | LinkRefusal::OtherCluster | LinkRefusal::Stranger | LinkRefusal::BadProof
        )
    };
    if let (Some(why), Ended::Ours(fault)) = (LinkRefusal::of(ended).filter(is_other), ended) {
        context.refused.links.add(why);
        tracing::warn!(peer = %id, reason = %fault, "refused: not the peer that was dialled");
    }
}

/// Sends what there is to send, and pings, until the link breaks. The peer says nothing but pongs.
async fn pump(context: &Context, peer: &Peer, socket: &mut Socket, mut stop: Stop) -> Ended {
    let dead = duration(context.links.dead_us);
    let mut pings = tokio::time::interval(duration(context.links.ping_us));
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        let sent = tokio::select! {
            () = stop.stopped() => return Fault::ShuttingDown.into(),
            () = tokio::time::sleep_until(heard + dead) => return Fault::Silent.into(),
            message = socket.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Binary(_))) => return Fault::Unasked.into(),
                    Some(message) => match handshake::other(message, HANDSHAKE_BYTES_MAX) {
                        Ok(()) => continue,
                        Err(ended) => return ended,
                    },
                    None => return Ended::Theirs("closed".into()),
                }
            }
            frame = peer.outbox.next() => tokio::time::timeout(dead, send(peer, socket, frame)).await,
            _ = pings.tick() => tokio::time::timeout(dead, socket.send(Message::Ping(Vec::new().into()))).await,
        };
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Ended::Theirs(error.to_string()),
            Err(_) => return Fault::Slow.into(),
        }
    }
}

async fn send(
    peer: &Peer,
    socket: &mut Socket,
    first: axum::body::Bytes,
) -> tokio_tungstenite::tungstenite::Result<()> {
    socket.feed(Message::Binary(first)).await?;
    for _ in 1..FLUSH_FRAMES {
        let Some(frame) = peer.outbox.try_next() else { break };
        socket.feed(Message::Binary(frame)).await?;
    }
    socket.flush().await
}

fn duration(span: Span) -> Duration {
    Duration::from_micros(span.0)
}

/// Between half of `span` and all of it, so that replicas do not dial in step.
fn jittered(span: Span) -> Duration {
    let random = u64::from(getrandom::u32().unwrap_or(u32::MAX));
    let half = span.0 / 2;
    Duration::from_micros(span.0 - (half.saturating_mul(random) >> 32).min(half))
}
