//! What all connections of a replica share.

use crate::config::{Durability, LinkConfig};
use crate::driver::{Clients, Inlet};
use crate::http::Origins;
use crate::metrics::Metrics;
use crate::peers::tls::PeerTls;
use crate::peers::{Peers, RefusedLinks, Roster};
use crate::shutdown::Stop;
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::{Committee, Committees, Config, ReplicaId, Status};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{Semaphore, watch};

/// What all connections of a replica share.
pub struct Context {
    /// Which replica this is.
    pub id: ReplicaId,
    /// Its key, for handshakes.
    pub key: SecretKey,
    /// Encrypts its links to the other replicas.
    pub tls: PeerTls,
    /// The committee that the cluster started with: its limits and its cluster stay the same.
    pub committee: Arc<Committee>,
    /// The committees to verify with: this one, and those that changes have made of it.
    pub committees: watch::Receiver<Arc<Committees>>,
    /// Who may be linked to, and where they are found.
    pub roster: watch::Receiver<Arc<Roster>>,
    /// The protocol's times and bounds.
    pub consensus: Config,
    /// What its records wait for.
    pub durability: Durability,
    /// Times and bounds of connections.
    pub links: LinkConfig,
    /// The way into the driver.
    pub inlet: Inlet,
    /// The replica's status, as the driver last told it.
    pub status: watch::Receiver<Status>,
    /// What the replica counts.
    pub metrics: Arc<Metrics>,
    /// Whether that is shown on the public port.
    pub shows_metrics: bool,
    /// The other replicas.
    pub peers: Arc<Peers>,
    /// The clients connected.
    pub clients: Arc<Clients>,
    /// Room for more clients.
    pub client_room: Arc<Semaphore>,
    /// Room for more observers.
    pub observer_room: Arc<Semaphore>,
    /// Whose pages may connect.
    pub origins: Origins,
    /// Connections that broke a rule, since the start.
    pub refused: Refused,
    /// The end of the public port.
    pub stop: Stop,
}

/// How many connections broke a rule, by kind.
#[derive(Debug, Default)]
pub struct Refused {
    /// On the peer port.
    pub links: RefusedLinks,
    /// On the public port, where it is encrypted: no TLS, or none in time.
    pub tls: AtomicU64,
    /// On the public port, connections above a limit.
    pub connections: AtomicU64,
    /// Clients.
    pub clients: AtomicU64,
    /// Observers.
    pub observers: AtomicU64,
    /// Pages of other origins.
    pub origins: AtomicU64,
}
