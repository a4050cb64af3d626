//! The public port: the page, the replica's state as JSON, its health and measures, and the WebSockets of
//! clients and observers.

mod allowance;
mod client;
mod committee;
mod metrics;
mod observe;
mod origins;
mod page;
mod read;
mod ready;
mod status;

pub use origins::{OriginRefused, Origins};
pub use ready::{BEHIND_BLOCKS, NotReady, Standing};
pub use status::{BlockBody, PeerBody, RefusedBody, StatusBody, WaitingBody};

use crate::config::{LinkConfig, PublicTls};
use crate::context::Context;
use crate::listener::{Connection, Listener};
use crate::logging::refusal;
use crate::shutdown::Stop;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hotstuff_core::Span;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How long the driver may take to say that it is alive.
const ALIVE_PATIENCE: Duration = Duration::from_secs(3);

/// Serves the public port until `stop`, by TLS where there is a certificate to show, and returns when all its connections are closed.
pub async fn serve(context: Arc<Context>, listener: Listener, tls: Option<PublicTls>, mut stop: Stop) {
    let tls = tls.map(|tls| TlsAcceptor::from(tls.0));
    let router = router(Arc::clone(&context));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.stopped() => break,
            arrival = listener.accept() => match arrival {
                Ok((connection, _)) => {
                    let conversation = Conversation { router: router.clone(), links: context.links, stop: stop.clone() };
                    connections.spawn(begin(Arc::clone(&context), conversation, tls.clone(), connection));
                }
                Err(crowded) => {
                    context.refused.connections.fetch_add(1, Ordering::Relaxed);
                    refusal!("connection-refused", "refused on the public port: {crowded}");
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    connections.join_all().await;
    listener.close().await;
}

/// What a connection is served with.
struct Conversation {
    router: Router,
    links: LinkConfig,
    stop: Stop,
}

async fn begin(
    context: Arc<Context>,
    mut conversation: Conversation,
    tls: Option<TlsAcceptor>,
    connection: Connection,
) {
    let Some(tls) = tls else { return conversation.with(connection).await };
    let accepted = tokio::select! {
        () = conversation.stop.stopped() => return,
        accepted = tokio::time::timeout(duration(conversation.links.handshake_us), tls.accept(connection)) => accepted,
    };
    let error = match accepted {
        Ok(Ok(stream)) => return conversation.with(stream).await,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "not in time".to_owned(),
    };
    context.refused.tls.fetch_add(1, Ordering::Relaxed);
    refusal!("tls-refused", reason = error, "refused: no TLS handshake on the public port");
}

impl Conversation {
    async fn with(mut self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new());
        http.header_read_timeout(duration(self.links.handshake_us));
        http.max_buf_size(self.links.http_head_bytes as usize);
        let conversation = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router));
        let mut conversation = pin!(conversation.with_upgrades());
        let result = tokio::select! {
            () = self.stop.stopped() => {
                conversation.as_mut().graceful_shutdown();
                conversation.await
            }
            result = &mut conversation => result,
            // Whoever reads slower than this allows, or keeps the connection for later, connects anew.
            () = tokio::time::sleep(duration(self.links.http_conversation_us)) => return,
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection on the public port ended");
        }
    }
}

fn duration(span: Span) -> Duration {
    Duration::from_micros(span.0)
}

fn router(context: Arc<Context>) -> Router {
    Router::new()
        .route("/status", get(status::status))
        .route("/committee", get(committee::committee))
        .route("/read", get(read::read))
        .route("/healthz", get(health))
        .route("/readyz", get(ready::ready))
        .route("/metrics", get(metrics::metrics))
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
