//! The links that this replica dials and sends on.

use super::handshake::{self, Own};
use super::{HANDSHAKE_BYTES_MAX, LinkRefusal, PATH, Peer};
use crate::context::Context;
use crate::fault::{Ended, Fault};
use crate::redial::{self, Redial};
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

/// How long the last messages may take at the end.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Most frames that are written before the connection is flushed.
const FLUSH_FRAMES: usize = 64;

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Keeps a link to `peer` until `stop`, or until it is no peer any more: dials it, sends what its outbox holds,
/// and dials it again when the link breaks, after a jittered pause that doubles while links do not last.
pub async fn dial(context: Arc<Context>, id: ReplicaId, peer: Arc<Peer>, mut stop: Stop) {
    let links = &context.links;
    let mut leaves = peer.leaves.clone();
    let mut redial = Redial::new(links.redial_min_us, links.redial_max_us, duration(links.redial_max_us));
    loop {
        let start = Instant::now();
        let ended = tokio::select! {
            () = stop.stopped() => return,
            () = leaves.stopped() => return,
            connected = connect(&context, id) => match connected {
                Ok(socket) => serve(&context, id, &peer, socket, stop.clone()).await,
                Err(ended) => ended,
            },
        };
        note(&context, id, &ended);
        let reason = match ended {
            Ended::Ours(Fault::ShuttingDown | Fault::Left) => return,
            Ended::Ours(fault) => fault.to_string(),
            Ended::Theirs(reason) => reason,
        };
        // A link that breaks as soon as it stands is a failure too.
        let pause = redial.ended(start.elapsed(), redial::random());
        match redial.failures() {
            1 => tracing::info!(peer = %id, reason, "no link to the peer"),
            failures => tracing::debug!(peer = %id, reason, failures, "no link to the peer"),
        }
        tokio::select! {
            () = stop.stopped() => return,
            () = leaves.stopped() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn connect(context: &Context, id: ReplicaId) -> Result<Socket, Ended> {
    let found = context.roster.borrow().addresses(id).map(|addresses| addresses.peer.clone());
    let address = found.ok_or_else(|| Ended::Theirs("the committee file has no address for it".into()))?;
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
        let own = Own { id: context.id, key: &context.key, cluster: context.committee.cluster() };
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
    let mut leaves = peer.leaves.clone();
    loop {
        let sent = tokio::select! {
            () = stop.stopped() => return last_words(peer, socket).await,
            () = leaves.stopped() => return Fault::Left.into(),
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

/// Sends what the driver has left, for as long as that is taken.
async fn last_words(peer: &Peer, socket: &mut Socket) -> Ended {
    let sending = async {
        while let Some(frame) = peer.outbox.try_next() {
            send(peer, socket, frame).await?;
        }
        Ok::<(), tokio_tungstenite::tungstenite::Error>(())
    };
    // What is not taken by then is lost, as it is when a link breaks.
    let _ = tokio::time::timeout(LAST_WORDS, sending).await;
    Fault::ShuttingDown.into()
}

async fn send(
    peer: &Peer,
    socket: &mut Socket,
    first: axum::body::Bytes,
) -> tokio_tungstenite::tungstenite::Result<()> {
    let mut feed = async |frame: axum::body::Bytes| {
        peer.traffic.sent(frame.len());
        socket.feed(Message::Binary(frame)).await
    };
    feed(first).await?;
    for _ in 1..FLUSH_FRAMES {
        let Some(frame) = peer.outbox.try_next() else { break };
        feed(frame).await?;
    }
    socket.flush().await
}

fn duration(span: Span) -> Duration {
    Duration::from_micros(span.0)
}
