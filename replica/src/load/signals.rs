//! How often this process was asked to end: first a load stops sending, then waiting.

use crate::shutdown::signalled;
use std::io;
use tokio::sync::watch;

/// Counts SIGINT and SIGTERM. Clones see the same count.
#[derive(Clone, Debug)]
pub(super) struct Signals(watch::Receiver<u32>);

impl Signals {
    /// Counts from now on; the signals end nothing by themselves any more.
    ///
    /// # Errors
    /// When the operating system does not let them be caught.
    pub(super) fn catch() -> io::Result<Self> {
        let (sender, receiver) = watch::channel(0);
        let mut next = Box::pin(signalled()?);
        tokio::spawn(async move {
            loop {
                next.as_mut().await;
                match signalled() {
                    Ok(signal) => next = Box::pin(signal),
                    Err(error) => {
                        tracing::warn!("signals are not caught any more: {error}");
                        return;
                    }
                }
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(receiver))
    }

    /// Those that a test counts.
    #[cfg(test)]
    pub(super) fn by() -> (watch::Sender<u32>, Self) {
        let (sender, receiver) = watch::channel(0);
        (sender, Self(receiver))
    }

    /// Whether there was one.
    pub(super) fn any(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Returns once there were so many.
    pub(super) async fn reached(&mut self, count: u32) {
        if self.0.wait_for(|seen| *seen >= count).await.is_err() {
            std::future::pending::<()>().await; // nobody counts any more
        }
    }
}
