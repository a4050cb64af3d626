//! The public port: the page, the replica's state as JSON, and the WebSockets of clients and
//! observers.

mod client;
mod committee;
mod observe;
mod origins;
mod page;
mod status;

pub use origins::{OriginRefused, Origins};
pub use status::{BlockBody, PeerBody, RefusedBody, StatusBody};

use crate::context::Context;
use crate::listener::{Connection, Listener};
use crate::shutdown::Stop;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;

/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// How long a connection that is no WebSocket may last: whoever reads slower than this allows, or
/// keeps it for later, connects anew.
const CONVERSATION: Duration = Duration::from_secs(60);
/// How long the driver may take to say that it is alive.
const ALIVE_PATIENCE: Duration = Duration::from_secs(3);

/// Serves the public port until `stop`, and returns when all its connections are closed.
pub async fn serve(context: Arc<Context>, listener: Listener, mut stop: Stop) {
    let patience = Duration::from_micros(context.links.handshake_us.0);
    let router = router(Arc::clone(&context));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.stopped() => break,
            arrival = listener.accept() => match arrival {
                Ok((connection, _)) => {
                    connections.spawn(converse(router.clone(), connection, patience, stop.clone()));
                }
                Err(crowded) => {
                    context.refused.connections.fetch_add(1, Ordering::Relaxed);
                    tracing::info!("refused on the public port: {crowded}");
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    connections.join_all().await;
    listener.close().await;
}

async fn converse(router: Router, connection: Connection, patience: Duration, mut stop: Stop) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(HEAD_BYTES_MAX);
    let conversation = http.serve_connection(TokioIo::new(connection), TowerToHyperService::new(router));
    let mut conversation = pin!(conversation.with_upgrades());
    let result = tokio::select! {
        () = stop.stopped() => {
            conversation.as_mut().graceful_shutdown();
            conversation.await
        }
        result = &mut conversation => result,
        () = tokio::time::sleep(CONVERSATION) => return,
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection on the public port ended");
    }
}

fn router(context: Arc<Context>) -> Router {
    Router::new()
        .route("/status", get(status::status))
        .route("/committee", get(committee::committee))
        .route("/healthz", get(health))
        .route("/client", get(client::client))
        .route("/observe", get(observe::observe))
        .fallback(page::page)
        .with_state(context)
}

/// 200 as long as the driver answers.
async fn health(State(context): State<Arc<Context>>) -> Response {
    match tokio::time::timeout(ALIVE_PATIENCE, context.inlet.alive()).await {
        Ok(Ok(())) => "alive\n".into_response(),
        Ok(Err(ended)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{ended}\n")).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the replica's driver does not answer\n").into_response(),
    }
}
