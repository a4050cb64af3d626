//! The signals that end a demonstration.

use super::error::DemoError;

#[cfg(unix)]
mod system {
    use super::DemoError;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Ctrl-C, a request to end, or the terminal's end.
    pub(in super::super) struct Signals([Signal; 3]);

    impl Signals {
        /// Listens from now on, so that none of them ends this process on the spot.
        pub(in super::super) fn listen() -> Result<Self, DemoError> {
            let on = |kind| signal(kind).map_err(DemoError::system("cannot listen for signals"));
            let [interrupt, terminate, hangup] =
                [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(on);
            Ok(Self([interrupt?, terminate?, hangup?]))
        }

        /// Waits for one.
        pub(in super::super) async fn received(&mut self) {
            let [interrupt, terminate, hangup] = &mut self.0;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::DemoError;

    /// Ctrl-C.
    pub(in super::super) struct Signals;

    impl Signals {
        /// Listens, once one is waited for.
        pub(in super::super) fn listen() -> Result<Self, DemoError> {
            Ok(Self)
        }

        /// Waits for one.
        pub(in super::super) async fn received(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

pub(super) use system::Signals;
