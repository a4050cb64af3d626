//! One client's WebSocket link to one replica: dialled again with back-off for as long as the
//! client lives, its replies checked before anyone sees them.

use super::transport::{self, Transport};
use crate::redial::{self, Redial};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use hotstuff_core::command::{REPLIES_BYTES, Replies};
use hotstuff_core::link::ReplicaFrame;
use hotstuff_core::verify::Verified;
use hotstuff_core::wire::{self, DecodeError};
use hotstuff_core::{Committee, Refusal, ReplicaId, Span, verify};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::UrlError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A replica is pinged this often, and its link is given up after three pings without a sign of it.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// The first wait before dialling again; doubled from failure to failure.
const REDIAL_MIN: Span = Span::millis(50);
/// The longest wait before dialling again.
const REDIAL_MAX: Span = Span::millis(2_000);
/// Frames that wait to be sent. What does not fit is dropped, and sent again by the client's retry.
const QUEUE_FRAMES: usize = 1_024;
/// What replies may have beyond their results.
const REPLY_OVERHEAD_BYTES: usize = 4_096;

/// What a link tells its client, in order.
pub(super) enum LinkEvent {
    /// The link stands; frames put into the queue are sent.
    Up(ReplicaId, mpsc::Sender<Bytes>),
    /// Replies with a valid signature. (Which link brought them says nothing: the signature does.)
    Replies(Verified<Replies>),
    /// The link is down and will be dialled again.
    Down(ReplicaId, LinkError),
}

/// Why a link is down.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Not dialled yet.
    #[error("connecting")]
    Dialling,
    /// It did not stand in time.
    #[error("no connection within {} s", CONNECT_TIMEOUT.as_secs())]
    ConnectTimeout,
    /// The transport failed.
    #[error("{0}")]
    Transport(#[from] tungstenite::Error),
    /// The replica closed it.
    #[error("closed by the replica{0}")]
    Closed(String),
    /// Nothing was heard for too long.
    #[error("nothing heard for {} s", 3 * PING_INTERVAL.as_secs())]
    Silent,
    /// Bytes that are no frame.
    #[error("the replica sent what is no frame: {0}")]
    Malformed(#[from] DecodeError),
    /// Text, where frames are binary.
    #[error("the replica sent text")]
    Text,
    /// A reply that nobody in the committee signed.
    #[error("the replica sent a bad reply: {0}")]
    BadReply(#[from] Refusal),
}

/// Keeps the link to `replica`, whose client endpoint is at `url`, until the receiver of `events`
/// or every sender of the link's queue is gone.
pub(super) async fn keep(
    transport: Transport,
    replica: ReplicaId,
    url: String,
    committee: Arc<Committee>,
    events: mpsc::Sender<LinkEvent>,
) {
    let config = config();
    let mut redial = Redial::new(REDIAL_MIN, REDIAL_MAX, CONNECT_TIMEOUT);
    loop {
        let began = Instant::now();
        let why = match timeout(CONNECT_TIMEOUT, connect(&transport, &url, config)).await {
            Err(_) => LinkError::ConnectTimeout,
            Ok(Err(error)) => error.into(),
            Ok(Ok(socket)) => {
                let (queue, frames) = mpsc::channel(QUEUE_FRAMES);
                if events.send(LinkEvent::Up(replica, queue)).await.is_err() {
                    return;
                }
                match serve(socket, frames, &committee, &events).await {
                    Ok(()) => return,
                    Err(why) => why,
                }
            }
        };
        if events.send(LinkEvent::Down(replica, why)).await.is_err() {
            return;
        }
        sleep(redial.ended(began.elapsed(), redial::random())).await;
    }
}

async fn connect(
    transport: &Transport,
    url: &str,
    config: WebSocketConfig,
) -> tungstenite::Result<WebSocketStream<Box<dyn transport::Stream>>> {
    let request = url.into_client_request()?;
    let host = request.uri().host().ok_or(UrlError::NoHostName)?;
    let own_port = if transport.ws() == "wss" { 443 } else { 80 };
    if request.uri().scheme_str() != Some(transport.ws()) {
        return Err(UrlError::UnsupportedUrlScheme.into());
    }
    let stream = transport.connect(host, request.uri().port_u16().unwrap_or(own_port)).await?;
    Ok(client_async_with_config(request, stream, Some(config)).await?.0)
}

fn config() -> WebSocketConfig {
    let bytes = REPLIES_BYTES + REPLY_OVERHEAD_BYTES;
    WebSocketConfig::default().max_message_size(Some(bytes)).max_frame_size(Some(bytes))
}

/// Carries frames both ways; the two directions do not wait for each other. `Ok` when the client
/// is done with the link.
async fn serve<S>(
    socket: S,
    frames: mpsc::Receiver<Bytes>,
    committee: &Committee,
    events: &mpsc::Sender<LinkEvent>,
) -> Result<(), LinkError>
where
    S: Stream<Item = tungstenite::Result<Message>> + Sink<Message, Error = tungstenite::Error>,
{
    let (sink, stream) = socket.split();
    tokio::select! {
        ended = send(sink, frames) => ended,
        ended = receive(stream, committee, events) => ended,
    }
}

async fn send<S>(mut sink: S, mut frames: mpsc::Receiver<Bytes>) -> Result<(), LinkError>
where
    S: Sink<Message, Error = tungstenite::Error> + Unpin,
{
    let mut pings = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => sink.feed(Message::Binary(frame)).await?,
                None => return Ok(sink.send(Message::Close(None)).await?),
            },
            _ = pings.tick() => sink.feed(Message::Ping(Bytes::new())).await?,
        }
        while let Ok(frame) = frames.try_recv() {
            sink.feed(Message::Binary(frame)).await?;
        }
        sink.flush().await?;
    }
}

async fn receive<S>(
    mut stream: S,
    committee: &Committee,
    events: &mpsc::Sender<LinkEvent>,
) -> Result<(), LinkError>
where
    S: Stream<Item = tungstenite::Result<Message>> + Unpin,
{
    loop {
        let received = timeout(3 * PING_INTERVAL, stream.next()).await.map_err(|_| LinkError::Silent)?;
        match received.transpose()? {
            Some(Message::Binary(bytes)) => {
                let ReplicaFrame::Replies(replies) = wire::decode(&bytes)?;
                let replies = verify::replies(committee, replies)?;
                if events.send(LinkEvent::Replies(replies)).await.is_err() {
                    return Ok(());
                }
            }
            Some(Message::Text(_)) => return Err(LinkError::Text),
            Some(Message::Close(close)) => {
                let reason = close.map(|close| format!(": {}", close.reason)).unwrap_or_default();
                return Err(LinkError::Closed(reason));
            }
            Some(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
            None => return Err(LinkError::Closed(String::new())),
        }
    }
}
