//! One signal that all tasks of a replica watch: end now, in good order.

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
