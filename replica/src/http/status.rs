//! `/status`: the replica at a glance, as JSON.

use crate::config::Durability;
use crate::context::Context;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use hotstuff_core::BlockRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What `/status` shows. Ids and roots are in full, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusBody {
    /// The replica's number.
    pub id: u16,
    /// The epoch of the committee in force, as it knows.
    pub epoch: u64,
    /// Whether it is in that committee.
    pub member: bool,
    /// Its view.
    pub view: u64,
    /// The height of its committed head.
    pub height: u64,
    /// The leader of its view.
    pub leader: u16,
    /// Its committed head.
    pub committed_head: BlockBody,
    /// The state root after the committed head.
    pub state_root: String,
    /// What its high QC certifies.
    pub high_qc: BlockBody,
    /// Its locked block.
    pub lock: BlockBody,
    /// The last view that it voted in.
    pub last_voted: u64,
    /// How often back-off has doubled its patience.
    pub timeout_exponent: u32,
    /// Commands that wait.
    pub mempool: u32,
    /// Peers' messages and clients' commands that wait to be handled.
    pub waiting: WaitingBody,
    /// Whether it fetches missing blocks.
    pub fetching: bool,
    /// Whether it has stopped for good because more than f replicas are faulty.
    pub halted: bool,
    /// Views that it has given up since its start.
    pub timeouts: u64,
    /// How long the write to its store under way has taken so far, in microseconds; 0 while there is none.
    pub store_syncing_us: u64,
    /// What its records wait for, as its config says: `sync` or `os`.
    pub durability: Durability,
    /// Its links to the other replicas.
    pub peers: Vec<PeerBody>,
    /// Connected clients.
    pub clients: u64,
    /// Connected observers.
    pub observers: u64,
    /// Connections closed since the start because they broke a rule.
    pub refused: RefusedBody,
    /// Those of them on the peer port, by reason. Impostors at addresses that this replica dialled count too.
    pub refused_links: BTreeMap<String, u64>,
    /// The version of the program.
    pub version: String,
}

/// What waits to be handled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingBody {
    /// Peers' messages.
    pub messages: u64,
    /// Clients' commands.
    pub commands: u64,
}

/// A block by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockBody {
    /// Its height.
    pub height: u64,
    /// Its view.
    pub view: u64,
    /// Its id.
    pub id: String,
}

/// The links to and from one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerBody {
    /// The peer.
    pub id: u16,
    /// Whether this replica's link to it stands, so that messages can be sent.
    pub connected: bool,
    /// Whether its link to this replica stands, so that messages can be received.
    pub receiving: bool,
    /// Messages that wait to be sent.
    pub queued: u64,
    /// Messages dropped instead of sent since the start.
    pub dropped: u64,
}

/// How many connections broke a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedBody {
    /// On the peer port, of all reasons.
    pub peers: u64,
    /// On the public port, where it is encrypted: no TLS, or none in time.
    pub tls: u64,
    /// On the public port, connections above a limit.
    pub connections: u64,
    /// Clients.
    pub clients: u64,
    /// Observers.
    pub observers: u64,
    /// Pages of other origins.
    pub origins: u64,
}

pub(super) async fn status(State(context): State<Arc<Context>>, headers: HeaderMap) -> Response {
    context.origins.share(&headers, Json(body(&context)).into_response())
}

fn body(context: &Context) -> StatusBody {
    let status = context.status.borrow().clone();
    let peer = |peer: crate::peers::PeerStatus| PeerBody {
        id: peer.id.0,
        connected: peer.sending,
        receiving: peer.receiving,
        queued: peer.queued,
        dropped: peer.dropped,
    };
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let waiting = context.inlet.waiting();
    let refused_links = context.refused.links.counts();
    let free = context.observer_room.available_permits() as u64;
    StatusBody {
        id: status.id.0,
        epoch: status.epoch.0,
        member: status.member,
        view: status.view.0,
        height: status.committed_head.height.0,
        leader: status.leader.0,
        committed_head: block(&status.committed_head),
        state_root: format!("{:#}", status.state_root),
        high_qc: block(&status.high_qc),
        lock: block(&status.lock),
        last_voted: status.last_voted.0,
        timeout_exponent: status.timeout_exponent,
        mempool: status.mempool,
        waiting: WaitingBody { messages: waiting.messages, commands: waiting.commands },
        fetching: status.fetching,
        halted: status.halted,
        timeouts: context.metrics.timeouts.sum(),
        store_syncing_us: u64::try_from(context.metrics.syncing().as_micros()).unwrap_or(u64::MAX),
        durability: context.durability,
        peers: context.peers.status().into_iter().map(peer).collect(),
        clients: context.clients.count() as u64,
        observers: u64::from(context.links.observers).saturating_sub(free),
        refused: RefusedBody {
            peers: refused_links.values().sum(),
            tls: count(&context.refused.tls),
            connections: count(&context.refused.connections),
            clients: count(&context.refused.clients),
            observers: count(&context.refused.observers),
            origins: count(&context.refused.origins),
        },
        refused_links,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn block(block: &BlockRef) -> BlockBody {
    BlockBody { height: block.height.0, view: block.view.0, id: format!("{:#}", block.id) }
}
