//! What has been said, and to whom: from then on it may arrive at any time, any number of times, or never.

use super::essence::gist;
use crate::checkers::Sent;
use crate::ids::HostId;
use crate::network::{Letter, view_of};
use hotstuff_core::message::MessageKind;
use hotstuff_core::{Committees, Input, Message, ReplicaId, View, wire};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// Half of a SHA-256: what stands for something in comparisons.
pub(super) type Key = u128;

/// The key of a value, by its encoding.
pub(super) fn key_of(value: &impl Serialize) -> Key {
    let digest = Sha256::digest(wire::encode(value));
    let half = digest[..16].try_into().expect("a digest has 32 bytes");
    Key::from_le_bytes(half)
}

/// A message, with sender and receivers. Compared by its key: who sent it as which replica, to whom, what.
pub(super) struct Posted {
    key: Key,
    pub(super) from: HostId,
    /// `None` where it is for all others.
    pub(super) to: Option<ReplicaId>,
    pub(super) letter: Sent,
    pub(super) kind: MessageKind,
    pub(super) view: View,
}

impl Posted {
    /// A message of a kind that the model delivers; `None` for the others.
    pub(super) fn new(from: HostId, to: Option<ReplicaId>, message: Message) -> Option<Self> {
        let kind = message.kind();
        if !matches!(kind, MessageKind::Proposal | MessageKind::Vote | MessageKind::Timeout) {
            return None;
        }
        let view = view_of(&message).expect("each of these is about a view");
        let key = match &message {
            Message::Proposal(proposal) => key_of(&(from.replica, to, gist(proposal))),
            other => key_of(&(from.replica, to, other)),
        };
        Some(Self { key, from, to, letter: Letter::new(message), kind, view })
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }

    /// Whether it is for the hosts of `replica`. Twins hear nothing from each other, as in the simulator.
    pub(super) fn is_for(&self, replica: ReplicaId) -> bool {
        self.from.replica != replica && self.to.is_none_or(|to| to == replica)
    }

    pub(super) fn input(&self, committees: &Committees) -> Input {
        let from = self.from.replica;
        match self.letter.verified(committees) {
            Ok(message) => Input::Message { from, message },
            Err(why) => Input::RefusedMessage { from, kind: Some(self.kind), why },
        }
    }
}

impl PartialEq for Posted {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Posted {}

impl PartialOrd for Posted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Posted {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for Posted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
