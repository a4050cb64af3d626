//! Accepting connections: only so many at once, and each closed so that its last words arrive.

mod crowd;

use crowd::{Crowd, Place};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long to wait after an accept failed, for want of file descriptors most of all.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a closed connection is still read from.
const LINGER: Duration = Duration::from_secs(1);
/// How much is still read from a closed connection, in bytes.
const LINGER_BYTES: u64 = 8 << 20;

/// A port that accepts only so many connections at once.
pub struct Listener {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    limit: u32,
    crowd: Crowd,
}

/// Why a connection was closed as soon as it was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Crowded {
    /// There are as many as the port takes.
    #[error("more than {0} connections")]
    Total(u32),
    /// There are as many from the same address as the port takes.
    #[error("more than {limit} connections from {address}")]
    Address {
        /// The address, or the IPv6 network.
        address: IpAddr,
        /// The limit.
        limit: u32,
    },
}

impl Listener {
    /// Accepts from `listener` at most `limit` connections at once, and at most `address_limit` of them
    /// from one address.
    #[must_use]
    pub fn new(listener: TcpListener, limit: u32, address_limit: u32) -> Self {
        let permits = Arc::new(Semaphore::new(limit as usize));
        Self { listener, permits, limit, crowd: Crowd::new(address_limit) }
    }

    /// The next connection.
    ///
    /// # Errors
    /// When it is one too many; it is closed then.
    pub async fn accept(&self) -> Result<(Connection, SocketAddr), Crowded> {
        let (stream, address) = loop {
            match self.listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        };
        let place = self.crowd.enter(address.ip())?;
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Crowded::Total(self.limit))?;
        // Small frames must not wait for each other's acknowledgement.
        let _ = stream.set_nodelay(true);
        Ok((Connection { open: Some((stream, place, permit)) }, address))
    }

    /// Closes the port, and returns once every connection that it accepted is closed.
    pub async fn close(self) {
        drop(self.listener);
        // An error says that the semaphore was closed; nobody closes it.
        let _ = self.permits.acquire_many(self.limit).await;
    }
}

/// An accepted connection. When it is dropped, what was written still reaches the other end: a
/// connection closed with bytes unread is reset, and a reset may overtake the close frame.
pub struct Connection {
    open: Option<(TcpStream, Place, OwnedSemaphorePermit)>,
}

impl Connection {
    fn stream(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.open.as_mut().expect("the stream is taken in drop alone").0)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some((mut stream, place, permit)) = self.open.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let linger = async {
                stream.shutdown().await?;
                tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
            };
            let _ = tokio::time::timeout(LINGER, linger).await;
            drop((place, permit));
        });
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }
}
