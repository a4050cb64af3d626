//! The end in good order: what asks this process for it, and one signal that all tasks of a replica watch.

use tokio::sync::watch;

/// Gives the signal. Dropping it gives it too.
#[derive(Debug)]
pub struct Shutdown(watch::Sender<bool>);

/// Waits for the signal.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Shutdown {
    /// A signal not yet given, and one that waits for it.
    #[must_use]
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Gives the signal.
    pub fn give(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns once the signal was given.
    pub async fn stopped(&mut self) {
        // An error says that the sender is gone, which is the signal too.
        let _ = self.0.wait_for(|given| *given).await;
    }
}

/// Returns once a signal asks the process to end; gives its name. From the call on, not from the
/// first poll, signals are caught.
#[cfg(unix)]
pub(crate) fn signalled() -> std::io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

#[cfg(not(unix))]
pub(crate) fn signalled() -> std::io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
        "Ctrl-C"
    })
}
