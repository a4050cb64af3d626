//! A WebSocket that carries frames of the core's encoding.

use futures::future::{Either, select};
use futures::{SinkExt, StreamExt};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State};
use gloo_timers::future::TimeoutFuture;
use hotstuff_core::wire;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::poll_fn;
use std::pin::pin;

/// The longest frame that is looked at.
const FRAME_BYTES_MAX: usize = 4 << 20;

/// What came of waiting for a frame.
pub enum Received<T> {
    /// One arrived.
    Frame(T),
    /// None arrived in time.
    Nothing,
    /// The connection is over, and why.
    Over(String),
}

/// An open or opening WebSocket.
pub struct Socket(WebSocket);

impl Socket {
    /// Begins to connect to `url`.
    ///
    /// # Errors
    /// When that is no URL.
    pub fn open(url: &str) -> Result<Self, String> {
        WebSocket::open(url).map(Self).map_err(|error| error.to_string())
    }

    /// Waits for the next frame, for at most `patience_ms`.
    pub async fn receive<T: DeserializeOwned>(&mut self, patience_ms: u32) -> Received<T> {
        match select(pin!(self.0.next()), TimeoutFuture::new(patience_ms)).await {
            Either::Right(_) => Received::Nothing,
            Either::Left((None, _)) => Received::Over("the connection was closed".into()),
            Either::Left((Some(Err(error)), _)) => Received::Over(error.to_string()),
            Either::Left((Some(Ok(message)), _)) => read(&message),
        }
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn send<T: Serialize>(&mut self, frame: &T) -> Result<(), String> {
        // A connection that failed counts as ready too, and sending into it is an error in the console.
        poll_fn(|context| self.0.poll_ready_unpin(context)).await.map_err(|error| error.to_string())?;
        if !matches!(self.0.state(), State::Open) {
            return Err("the connection was closed".into());
        }
        self.0.send(Message::Bytes(wire::encode(frame))).await.map_err(|error| error.to_string())
    }
}

fn read<T: DeserializeOwned>(message: &Message) -> Received<T> {
    match message {
        Message::Bytes(bytes) if bytes.len() > FRAME_BYTES_MAX => {
            Received::Over("a frame is too long".into())
        }
        Message::Bytes(bytes) => match wire::decode(bytes) {
            Ok(frame) => Received::Frame(frame),
            Err(error) => Received::Over(error.to_string()),
        },
        Message::Text(_) => Received::Over("text where a frame belongs".into()),
    }
}
