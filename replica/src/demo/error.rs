//! Why a demonstration ends otherwise than by being stopped.

use super::Ended;
use super::site::REPLICAS_MAX;
use crate::config::ConfigError;
use crate::testnet::{REPLICAS_MIN, TestnetError};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a demonstration ends, each in one line.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    #[error("{0} replicas are too few: {REPLICAS_MIN} is the least, of which one may be faulty")]
    TooFew(u16),
    #[error("{0} replicas are too many for one machine: {REPLICAS_MAX} is the most")]
    TooMany(u16),
    #[error("{replicas} ports from {first} on would go beyond 65535: choose a lower --port")]
    PortRange { first: u16, replicas: u16 },
    #[error("port {} is in use: choose another with --port, or end what uses it", .0.port())]
    PortInUse(SocketAddr),
    #[error("{count} free ports for the replicas' own links were not found")]
    NoPorts { count: u16 },
    #[error("cannot listen on {address}: {source}")]
    Port { address: SocketAddr, source: io::Error },
    #[error(
        "{folder} holds a cluster of {held} replicas, the first at port {port}: leave --replicas and --port out"
    )]
    OtherCluster { folder: PathBuf, held: usize, port: u16 },
    #[error(transparent)]
    Testnet(#[from] TestnetError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{what}: {source}")]
    System { what: &'static str, source: io::Error },
    #[error("{} ended before the cluster stood: {}\n{log}", ended.id, ended.how)]
    Early { ended: Ended, log: String },
    #[error("the replicas were not all well in time; their logs are in {folder}")]
    NotHealthy { folder: PathBuf },
    #[error("no replica is left")]
    NoneLeft,
}

impl DemoError {
    /// An error of the system, with what was being done.
    pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
