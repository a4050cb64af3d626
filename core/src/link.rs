//! The frames that links carry, and the handshake by which replicas know each other.
//!
//! Each frame is one binary WebSocket message, encoded by [`crate::wire`].

use crate::certificate::BlockRef;
use crate::command::{Command, Replies};
use crate::committee::CommitteeSpec;
use crate::crypto::{self, ClusterId, Domain, PublicKey, SecretKey, Signature};
use crate::event::{BlockSummary, Event};
use crate::ids::{ReplicaId, Time};
use crate::message::Message;
use crate::refusal::Refusal;
use crate::status::Status;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Between replicas. The dialer sends messages, the acceptor only receives; before that, each
/// proves its key on the other's nonce, so a recorded handshake is of no use.
#[allow(clippy::large_enum_variant, reason = "a frame lives only until it is encoded or taken apart")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerFrame {
    /// First, from the acceptor.
    Challenge {
        /// Fresh random bytes.
        nonce: [u8; 32],
    },
    /// Then, from the dialer.
    Hello {
        /// Who dials.
        from: ReplicaId,
        /// Fresh random bytes.
        nonce: [u8; 32],
        /// [`Handshake::sign`] as [`Role::Dialer`].
        proof: Signature,
    },
    /// Then, from the acceptor: the link stands.
    Welcome {
        /// [`Handshake::sign`] as [`Role::Acceptor`].
        proof: Signature,
    },
    /// From then on, from the dialer.
    Message(Message),
}

/// The two ends of a peer link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Opened the connection.
    Dialer,
    /// Accepted it.
    Acceptor,
}

/// What both ends of a new peer link sign: a proof is good for one session between two replicas of one
/// cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Handshake {
    /// Who dials.
    pub dialer: ReplicaId,
    /// Who accepts.
    pub acceptor: ReplicaId,
    /// The dialer's random bytes.
    pub dialer_nonce: [u8; 32],
    /// The acceptor's random bytes.
    pub acceptor_nonce: [u8; 32],
    /// What only the two ends of the encrypted session under the link can derive (RFC 9266,
    /// `tls-exporter`): whoever stands between two sessions cannot pass a proof on.
    pub channel: [u8; 32],
}

impl Handshake {
    /// The proof that `role`'s end holds `key`.
    #[must_use]
    pub fn sign(&self, key: &SecretKey, cluster: &ClusterId, role: Role) -> Signature {
        key.sign(Domain::Handshake, cluster, &(role, self))
    }

    /// Checks that the end in `role` holds `key`. Whose key that is, is for the caller to know.
    ///
    /// # Errors
    /// When it does not hold it, or the key is not valid.
    pub fn check(
        &self,
        key: &PublicKey,
        cluster: &ClusterId,
        role: Role,
        proof: &Signature,
    ) -> Result<(), Refusal> {
        let id = if role == Role::Dialer { self.dialer } else { self.acceptor };
        let key = key.checked().ok_or(Refusal::BadSignature(id))?;
        if crypto::verify(&key, Domain::Handshake, cluster, &(role, self), proof) {
            Ok(())
        } else {
            Err(Refusal::BadSignature(id))
        }
    }
}

/// From a client to a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// Execute this, or reply again if it executed before.
    Submit(Command),
}

/// From a replica to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaFrame {
    /// What became of commands.
    Replies(Replies),
}

/// An event as a replica's observers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Counts the replica's events since its start; a gap means that some were dropped.
    pub sequence: u64,
    /// The replica's clock: microseconds since the Unix epoch in a live cluster.
    pub time: Time,
    /// What happened.
    pub event: Event,
}

/// From a replica to an observer, who sends nothing.
#[allow(clippy::large_enum_variant, reason = "a frame lives only until it is encoded or taken apart")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObserveFrame {
    /// First: where the replica stands.
    Welcome {
        /// The committee.
        committee: CommitteeSpec,
        /// The replica's status.
        status: Status,
        /// Recent blocks, parents first: what a picture of the block tree needs to begin.
        blocks: Vec<BlockSummary>,
        /// The genesis block.
        genesis: BlockRef,
        /// The next observation's sequence number.
        next_sequence: u64,
    },
    /// Something happened.
    Observation(Observation),
    /// The observer was too slow, and this many observations were dropped.
    Dropped {
        /// How many.
        count: u64,
    },
    /// Sent at intervals, so that an observer can tell an idle replica from a dead one.
    Status(Status),
}
