//! What all WebSocket endpoints share: limits on frames, and a close that says why.

use crate::fault::{Ended, Fault};
use axum::extract::ws;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};

/// How long a close may take, the other end's answer included.
const CLOSE: Duration = Duration::from_millis(500);
/// Bytes read ahead per connection.
const READ_BUFFER_BYTES: usize = 16 << 10;

/// Limits for a connection whose frames have at most `frame_bytes_max` bytes.
#[must_use]
pub fn config(frame_bytes_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(frame_bytes_max))
        .max_frame_size(Some(frame_bytes_max))
        .read_buffer_size(READ_BUFFER_BYTES)
}

/// A connection on the public port whose frames have at most `frame_bytes_max` bytes.
pub fn limited(upgrade: ws::WebSocketUpgrade, frame_bytes_max: usize) -> ws::WebSocketUpgrade {
    upgrade
        .max_message_size(frame_bytes_max)
        .max_frame_size(frame_bytes_max)
        .read_buffer_size(READ_BUFFER_BYTES)
}

/// Ends a peer link: with a close frame that says why, where this end closes it.
pub async fn close_peer<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, ended: &Ended) {
    let closing = async {
        match ended {
            Ended::Ours(fault) => {
                let frame = CloseFrame { code: fault.code().into(), reason: fault.reason().into() };
                if socket.send(Message::Close(Some(frame))).await.is_ok() {
                    while let Some(Ok(_)) = socket.next().await {}
                }
            }
            Ended::Theirs(_) => {
                let _ = socket.close(None).await;
            }
        }
    };
    let _ = tokio::time::timeout(CLOSE, closing).await;
}

/// Ends a connection on the public port: with a close frame that says why, where this end closes it.
pub async fn close_public(socket: &mut ws::WebSocket, ended: &Ended) {
    let closing = async {
        if let Ended::Ours(fault) = ended {
            let frame = ws::CloseFrame { code: fault.code(), reason: fault.reason().into() };
            if socket.send(ws::Message::Close(Some(frame))).await.is_err() {
                return;
            }
        }
        // Reads the other end's close frame, or writes the answer to it.
        while let Some(Ok(_)) = socket.recv().await {}
    };
    let _ = tokio::time::timeout(CLOSE, closing).await;
}

/// What to make of a frame or error on the public port that is no binary frame; frames of more
/// than `limit` bytes were not read.
pub fn other(message: Option<Result<ws::Message, axum::Error>>, limit: usize) -> Result<(), Ended> {
    match message {
        None => Err(Ended::Theirs("closed".into())),
        Some(Ok(ws::Message::Text(_))) => Err(Fault::Text.into()),
        Some(Ok(ws::Message::Close(frame))) => Err(Ended::Theirs(match frame {
            Some(frame) => format!("closed: {} {}", frame.code, frame.reason),
            None => "closed".into(),
        })),
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => {
            let inner = error.into_inner();
            match inner.downcast_ref::<tokio_tungstenite::tungstenite::Error>() {
                Some(error) => Err(Ended::reading(error, limit)),
                None => Err(Ended::Theirs(inner.to_string())),
            }
        }
    }
}
