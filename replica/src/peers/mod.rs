//! Links between replicas, encrypted under their own keys. Each replica dials every other and sends on the
//! links it dialled; on the links it accepted it only receives.

mod accept;
mod dial;
mod following;
mod handshake;
mod inbound;
mod outbox;
mod refused;
mod roster;
pub mod tls;
mod traffic;

pub use accept::accept;
pub use dial::dial;
pub use following::Following;
pub use outbox::Outbox;
pub use refused::{LinkRefusal, RefusedLinks};
pub use roster::Roster;
pub use traffic::TrafficCounts;

use crate::config::LinkConfig;
use crate::driver::Quota;
use crate::shutdown::{Shutdown, Stop};
use axum::body::Bytes;
use hotstuff_core::committee::MEMBERS_MAX;
use hotstuff_core::config::FETCH_BLOCKS_MAX;
use hotstuff_core::{Committee, Config, ReplicaId};
use inbound::Inbound;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use traffic::Traffic;

/// The path of peer links on the peer port.
pub const PATH: &str = "/peer";

/// The largest frame of a handshake, in bytes.
const HANDSHAKE_BYTES_MAX: usize = 512;

/// All other replicas that count for links.
#[derive(Debug)]
pub struct Peers {
    known: RwLock<BTreeMap<ReplicaId, Arc<Peer>>>,
    config: LinkConfig,
}

/// What there is of one other replica.
#[derive(Debug)]
pub struct Peer {
    /// What is to be sent to it.
    pub outbox: Arc<Outbox>,
    is_sending: AtomicBool,
    /// How much of it may wait for the driver.
    quota: Quota,
    /// The links that it dialled.
    inbound: Inbound,
    traffic: Traffic,
    left: Shutdown,
    leaves: Stop,
}

/// How the links to and from a peer stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// The peer.
    pub id: ReplicaId,
    /// Whether the link that this replica dialled stands: it can send.
    pub sending: bool,
    /// Whether a link that the peer dialled stands: it can receive.
    pub receiving: bool,
    /// Frames that wait to be sent.
    pub queued: u64,
    /// Frames that were dropped instead of sent since the start.
    pub dropped: u64,
    /// What went both ways since the peer is one.
    pub traffic: TrafficCounts,
}

impl Peers {
    /// No peers yet, and what each will have.
    #[must_use]
    pub fn new(config: &LinkConfig) -> Self {
        Self { known: RwLock::default(), config: *config }
    }

    /// A peer from now on. It must be none yet.
    pub fn join(&self, id: ReplicaId) -> Arc<Peer> {
        let config = &self.config;
        let (left, leaves) = Shutdown::new();
        let peer = Arc::new(Peer {
            outbox: Arc::new(Outbox::new(config.peer_frames as usize, config.peer_bytes as usize)),
            is_sending: AtomicBool::new(false),
            quota: Quota::new(config.peer_inbox_frames, config.peer_inbox_bytes),
            inbound: Inbound::default(),
            traffic: Traffic::default(),
            left,
            leaves,
        });
        let before = self.write().insert(id, Arc::clone(&peer));
        assert!(before.is_none(), "{id} is a peer already");
        peer
    }

    /// No peer from now on: its links end.
    pub fn leave(&self, id: ReplicaId) {
        if let Some(peer) = self.write().remove(&id) {
            peer.left.give();
        }
    }

    /// Queues an encoded frame for one peer.
    pub fn send(&self, to: ReplicaId, frame: Bytes) {
        if let Some(peer) = self.read().get(&to) {
            peer.outbox.push(frame);
        }
    }

    /// Queues an encoded frame for all peers.
    pub fn broadcast(&self, frame: &Bytes) {
        for peer in self.read().values() {
            peer.outbox.push(frame.clone());
        }
    }

    /// One peer.
    #[must_use]
    pub fn peer(&self, id: ReplicaId) -> Option<Arc<Peer>> {
        self.read().get(&id).cloned()
    }

    /// Their ids, ascending.
    #[must_use]
    pub fn ids(&self) -> Vec<ReplicaId> {
        self.read().keys().copied().collect()
    }

    /// How all links stand.
    #[must_use]
    pub fn status(&self) -> Vec<PeerStatus> {
        let status = |(id, peer): (&ReplicaId, &Arc<Peer>)| {
            let (queued, dropped) = peer.outbox.counts();
            let sending = peer.is_sending.load(Ordering::Relaxed);
            let receiving = peer.inbound.stands();
            PeerStatus { id: *id, sending, receiving, queued, dropped, traffic: peer.traffic.counts() }
        };
        self.read().iter().map(status).collect()
    }

    // The map is whole between any two statements: a panic elsewhere does not spoil it.
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<ReplicaId, Arc<Peer>>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<ReplicaId, Arc<Peer>>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The largest message between replicas of this cluster, in bytes: a fetch response with as many blocks as one
/// may hold, full of commands, whatever its sender's own limits are, and of as large a committee as may be,
/// for while a link stands it may grow.
fn message_bytes_max(committee: &Committee, config: &Config) -> usize {
    /// A signature in a certificate, with its signer and view.
    const SIGNATURE: usize = 80;
    /// A command beside its operation.
    const COMMAND: usize = 128;
    /// A header without its certificate.
    const HEADER: usize = 512;
    /// However the limits multiply, no message needs more.
    const CEILING: usize = 128 << 20;
    let limits = committee.limits();
    let certificates = 3 * MEMBERS_MAX * SIGNATURE;
    let block = HEADER + certificates + limits.block_commands as usize * COMMAND;
    let operations = (config.fetch_bytes as usize).max(limits.block_bytes as usize);
    (FETCH_BLOCKS_MAX.saturating_mul(block).saturating_add(2 * operations)).min(CEILING)
}
