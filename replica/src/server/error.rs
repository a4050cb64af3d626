//! Why a replica does not start, or does not go on.

use crate::config::ConfigError;
use crate::store::StoreError;
use hotstuff_core::replica::SetupError;
use std::io;
use std::net::SocketAddr;

/// Why a replica does not start, each in one line.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file of the set-up cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A setting of the links cannot work.
    #[error("the settings of the links: {0}")]
    Links(&'static str),
    /// A port cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Settings, key, committee and store do not belong together.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// No thread could be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// The process ends already.
    #[error("stopped while it started")]
    Stopped,
}

/// Why a replica does not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Records cannot be made durable, and without them nothing may be sent.
    #[error("the store failed: {0}")]
    Store(StoreError),
    /// The driver is gone; its thread has told why.
    #[error("the replica's driver has ended unexpectedly")]
    Driver,
}
