//! `/client`: commands in, replies out.

use super::allowance::{Allowance, Spent};
use crate::config::LinkConfig;
use crate::context::Context;
use crate::driver::{ClientConnection, QueuedReplies};
use crate::fault::{Ended, Fault};
use crate::logging::refusal;
use crate::socket;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::SinkExt;
use hotstuff_core::command::{CommandId, NotAdmitted, Outcome, Replies};
use hotstuff_core::link::{ClientFrame, ReplicaFrame};
use hotstuff_core::{Input, verify, wire};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// A command beside its operation, with room to spare, in bytes.
const COMMAND_BYTES: usize = 256;
/// Most replies that are written before the connection is flushed.
const FLUSH_FRAMES: usize = 64;

pub(super) async fn client(
    State(context): State<Arc<Context>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Err(refused) = context.origins.check(&headers) {
        context.refused.origins.fetch_add(1, Ordering::Relaxed);
        refusal!("origin-refused", "refused: {refused}");
        return refused.into_response();
    }
    let Ok(place) = Arc::clone(&context.client_room).try_acquire_owned() else {
        refusal!("client-refused", "refused: too many clients");
        return (StatusCode::SERVICE_UNAVAILABLE, "too many clients are connected\n").into_response();
    };
    let limit = context.committee.limits().command_bytes as usize + COMMAND_BYTES;
    socket::limited(upgrade, limit).on_upgrade(async move |mut socket| {
        let mut connection = {
            let LinkConfig { client_frames, client_bytes, client_keys, .. } = context.links;
            context.clients.connect(client_frames, client_bytes, client_keys)
        };
        let ended = pump(&context, &mut connection, &mut socket, limit).await;
        match &ended {
            Ended::Ours(fault) if fault.is_refusal() => {
                context.refused.clients.fetch_add(1, Ordering::Relaxed);
                refusal!("client-closed", reason = %fault, "refused: closed a client's connection");
            }
            ended => tracing::debug!(?ended, "a client's connection ended"),
        }
        socket::close_public(&mut socket, &ended).await;
        drop(place);
    })
}

async fn pump(
    context: &Context,
    connection: &mut ClientConnection,
    socket: &mut WebSocket,
    limit: usize,
) -> Ended {
    let dead = Duration::from_micros(context.links.dead_us.0);
    let mut pings = tokio::time::interval(Duration::from_micros(context.links.ping_us.0));
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = context.stop.clone();
    let mut heard = Instant::now();
    let rate = context.links.client_commands_per_s;
    let mut allowance = Allowance::new(rate, context.links.client_burst_commands, heard);
    loop {
        let sent = tokio::select! {
            () = stop.stopped() => return Fault::ShuttingDown.into(),
            () = tokio::time::sleep_until(heard + dead) => return Fault::Silent.into(),
            message = socket.recv() => {
                heard = Instant::now();
                let spent = allowance.spend(heard);
                if spent == Spent::FarTooFast {
                    return Fault::TooFast(rate).into();
                }
                let handled = match message {
                    Some(Ok(Message::Binary(bytes))) => take(context, connection, &bytes, spent).await,
                    message => socket::other(message, limit).map(|()| None),
                };
                match handled {
                    Ok(None) => continue,
                    Ok(Some(busy)) => tokio::time::timeout(dead, socket.send(Message::Binary(busy))).await,
                    Err(ended) => return ended,
                }
            }
            reply = connection.replies.recv() => match reply {
                Some(reply) => tokio::time::timeout(dead, send(connection, socket, reply)).await,
                None => return Fault::Slow.into(),
            },
            _ = pings.tick() => tokio::time::timeout(dead, socket.send(Message::Ping(Bytes::new()))).await,
        };
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Ended::Theirs(error.to_string()),
            Err(_) => return Fault::Slow.into(),
        }
    }
}

/// Verifies a command and hands it to the driver, or gives the answer to one that came too fast.
async fn take(
    context: &Context,
    connection: &ClientConnection,
    bytes: &[u8],
    spent: Spent,
) -> Result<Option<Bytes>, Ended> {
    let ended = |_| Ended::from(Fault::ShuttingDown);
    let ClientFrame::Submit(command) = wire::decode(bytes).map_err(Fault::Malformed)?;
    let id = command.id;
    match verify::command(&context.committee, command) {
        Ok(command) => {
            connection.follow(id.client).map_err(|_| Fault::ManyClients)?;
            if spent == Spent::TooFast {
                return Ok(Some(busy(context, id)));
            }
            context.inlet.command(Input::Command(command)).await.map_err(ended)?;
            Ok(None)
        }
        Err(why) => {
            context.inlet.command(Input::RefusedCommand { command: id, why }).await.map_err(ended)?;
            Err(Fault::NotAdmitted(why).into())
        }
    }
}

/// What the core says too when it has no room: send it again later.
fn busy(context: &Context, id: CommandId) -> Bytes {
    let outcome = Outcome::NotAdmitted(NotAdmitted::Busy);
    let reply = Replies::one(&context.key, context.committee.cluster(), context.id, id, outcome);
    wire::encode(&ReplicaFrame::Replies(reply)).into()
}

async fn send(
    connection: &mut ClientConnection,
    socket: &mut WebSocket,
    first: QueuedReplies,
) -> Result<(), axum::Error> {
    socket.feed(Message::Binary(first.frame)).await?;
    for _ in 1..FLUSH_FRAMES {
        let Ok(reply) = connection.replies.try_recv() else { break };
        socket.feed(Message::Binary(reply.frame)).await?;
    }
    socket.flush().await
}
