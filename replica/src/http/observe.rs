//! `/observe`: what happens in the replica, as it happens. Observers send nothing.

use crate::context::Context;
use crate::driver::Observer;
use crate::fault::{Ended, Fault};
use crate::logging::refusal;
use crate::socket;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::SinkExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// The largest frame that is read at all, in bytes; it is refused anyway.
const FRAME_BYTES_MAX: usize = 512;
/// Most frames that are written before the connection is flushed.
const FLUSH_FRAMES: usize = 256;

pub(super) async fn observe(
    State(context): State<Arc<Context>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Err(refused) = context.origins.check(&headers) {
        context.refused.origins.fetch_add(1, Ordering::Relaxed);
        refusal!("origin-refused", "refused: {refused}");
        return refused.into_response();
    }
    let Ok(place) = Arc::clone(&context.observer_room).try_acquire_owned() else {
        refusal!("observer-refused", "refused: too many observers");
        return (StatusCode::SERVICE_UNAVAILABLE, "too many observers are connected\n").into_response();
    };
    socket::limited(upgrade, FRAME_BYTES_MAX).on_upgrade(async move |mut socket| {
        let ended = match context.inlet.observe().await {
            Ok(mut observer) => pump(&context, &mut observer, &mut socket).await,
            Err(_) => Fault::ShuttingDown.into(),
        };
        match &ended {
            Ended::Ours(fault) if fault.is_refusal() => {
                context.refused.observers.fetch_add(1, Ordering::Relaxed);
                refusal!("observer-closed", reason = %fault, "refused: closed an observer's connection");
            }
            ended => tracing::debug!(?ended, "an observer's connection ended"),
        }
        socket::close_public(&mut socket, &ended).await;
        drop(place);
    })
}

async fn pump(context: &Context, observer: &mut Observer, socket: &mut WebSocket) -> Ended {
    let dead = Duration::from_micros(context.links.dead_us.0);
    let mut pings = tokio::time::interval(Duration::from_micros(context.links.ping_us.0));
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = context.stop.clone();
    let mut heard = Instant::now();
    loop {
        let sent = tokio::select! {
            () = stop.stopped() => return Fault::ShuttingDown.into(),
            () = tokio::time::sleep_until(heard + dead) => return Fault::Silent.into(),
            message = socket.recv() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Binary(_) | Message::Text(_))) => return Fault::Unasked.into(),
                    message => match socket::other(message, FRAME_BYTES_MAX) {
                        Ok(()) => continue,
                        Err(ended) => return ended,
                    },
                }
            }
            frame = observer.frames.recv() => match frame {
                Some(frame) => tokio::time::timeout(dead, send(observer, socket, frame)).await,
                None => return Fault::ShuttingDown.into(),
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

async fn send(observer: &mut Observer, socket: &mut WebSocket, first: Bytes) -> Result<(), axum::Error> {
    socket.feed(Message::Binary(first)).await?;
    for _ in 1..FLUSH_FRAMES {
        let Ok(frame) = observer.frames.try_recv() else { break };
        socket.feed(Message::Binary(frame)).await?;
    }
    socket.flush().await
}
