//! Threads for the public port alone. Clients' commands are checked on them, so that a flood of those
//! competes with the links between replicas for processors, but not for a place in one queue.

use super::StartError;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime that ends with this value, without waiting for what it runs.
#[derive(Debug)]
pub(super) struct PublicThreads(Option<Runtime>);

impl PublicThreads {
    /// As many threads as there are processors.
    pub(super) fn start() -> Result<Self, StartError> {
        let runtime = Builder::new_multi_thread().thread_name("public").enable_all().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(StartError::Thread)
    }

    /// Where tasks are spawned.
    pub(super) fn handle(&self) -> &Handle {
        self.0.as_ref().expect("the runtime is taken in drop alone").handle()
    }

    /// Has these threads wait for a listener's connections.
    pub(super) fn adopt(
        &self,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Result<TcpListener, StartError> {
        let _inside = self.handle().enter();
        let adopted = listener.into_std().and_then(TcpListener::from_std);
        adopted.map_err(|source| StartError::Listen { address, source })
    }
}

impl Drop for PublicThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
