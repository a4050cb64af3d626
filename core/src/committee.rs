//! Who takes part, with how much voting power, under which rules.

use crate::certificate::{BlockRef, QuorumCertificate};
use crate::crypto::{ClusterId, Digest, Domain, PublicKey};
use crate::ids::{Height, Power, ReplicaId, View};
use crate::leader::LeaderRule;
use alloc::vec::Vec;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

/// The most replicas a committee may have.
pub const MEMBERS_MAX: usize = 256;

/// One replica of a committee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its number.
    pub id: ReplicaId,
    /// Its public key.
    pub key: PublicKey,
    /// Its voting power, at least 1.
    pub power: Power,
}

/// Limits that decide whether a block is valid or how it executes, and so must be the same at all
/// replicas of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Most commands in a block.
    pub block_commands: u32,
    /// Most bytes of operations in a block.
    pub block_bytes: u32,
    /// Most bytes of one operation.
    pub command_bytes: u32,
    /// How many of a client's executed commands have their reply kept. A command with a lower
    /// sequence number than all of these is too old.
    pub session_replies: u32,
    /// How many clients are remembered; beyond it, the one idle for longest is forgotten.
    pub sessions: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            block_commands: 512,
            block_bytes: 1 << 20,
            command_bytes: 1 << 16,
            session_replies: 128,
            sessions: 1 << 16,
        }
    }
}

/// A committee as it is written down and shared: all of it is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitteeSpec {
    /// Random bytes that set this cluster apart from all others.
    pub cluster: ClusterId,
    /// The replicas, by ascending id.
    pub members: Vec<Member>,
    /// How leaders follow each other.
    pub leaders: LeaderRule,
    /// Limits on blocks.
    pub limits: Limits,
}

/// Why a committee cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitteeError {
    /// No members at all.
    #[error("a committee needs at least one replica")]
    Empty,
    /// More than [`MEMBERS_MAX`] members.
    #[error("a committee has at most {MEMBERS_MAX} replicas")]
    TooMany,
    /// Members must stand in ascending order of id, each once.
    #[error("replica {0} is out of order or named twice")]
    Order(ReplicaId),
    /// Not a usable Ed25519 key.
    #[error("the public key of {0} is not valid")]
    BadKey(ReplicaId),
    /// Two replicas share a key.
    #[error("{0} has the same public key as another replica")]
    SharedKey(ReplicaId),
    /// Power must be at least 1 and must not add up beyond [`Power::TOTAL_MAX`].
    #[error("the voting power of {0} is zero or too large")]
    BadPower(ReplicaId),
    /// A limit of zero, under which no command could ever execute.
    #[error("the limit {0} must not be zero")]
    ZeroLimit(&'static str),
    /// A command that fits its own limit must fit a block.
    #[error("the limit command_bytes is above block_bytes")]
    CommandOverBlock,
}

/// A committee in force: checked, with its keys ready and its quorums counted.
///
/// With total power N, up to f = ⌊(N−1)/3⌋ may be faulty. A *quorum* is N−f: any two share more
/// than f. A *weak quorum* is f+1: it holds an honest replica.
#[derive(Clone, Debug)]
pub struct Committee {
    spec: CommitteeSpec,
    keys: Vec<VerifyingKey>,
    total: Power,
    genesis_qc: QuorumCertificate,
}

impl Committee {
    /// Checks `spec` and prepares it.
    ///
    /// # Errors
    /// [`CommitteeError`] names the first thing that is wrong.
    pub fn new(spec: CommitteeSpec) -> Result<Self, CommitteeError> {
        if spec.members.is_empty() {
            return Err(CommitteeError::Empty);
        }
        if spec.members.len() > MEMBERS_MAX {
            return Err(CommitteeError::TooMany);
        }
        check_limits(&spec.limits)?;
        let mut keys = Vec::new();
        let mut total = Power(0);
        for (position, member) in spec.members.iter().enumerate() {
            let earlier = &spec.members[..position];
            if earlier.last().is_some_and(|before| before.id >= member.id) {
                return Err(CommitteeError::Order(member.id));
            }
            if earlier.iter().any(|other| other.key == member.key) {
                return Err(CommitteeError::SharedKey(member.id));
            }
            total = total + member.power;
            if member.power == Power(0) || total > Power::TOTAL_MAX {
                return Err(CommitteeError::BadPower(member.id));
            }
            keys.push(member.key.checked().ok_or(CommitteeError::BadKey(member.id))?);
        }
        let id = Digest::of_value(Domain::Genesis, &spec);
        let block = BlockRef { view: View::GENESIS, height: Height::GENESIS, id };
        let genesis_qc = QuorumCertificate { block, signatures: Vec::new() };
        Ok(Self { spec, keys, total, genesis_qc })
    }

    /// The committee as it is written down.
    #[must_use]
    pub fn spec(&self) -> &CommitteeSpec {
        &self.spec
    }

    /// Which cluster this is.
    #[must_use]
    pub fn cluster(&self) -> &ClusterId {
        &self.spec.cluster
    }

    /// Limits on blocks.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.spec.limits
    }

    /// The members' ids, ascending.
    pub fn ids(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        self.spec.members.iter().map(|member| member.id)
    }

    /// How many members there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.spec.members.len()
    }

    /// The key of a member, or `None` for a stranger.
    #[must_use]
    pub fn key(&self, id: ReplicaId) -> Option<&VerifyingKey> {
        self.position(id).map(|position| &self.keys[position])
    }

    /// The voting power of a replica; a stranger has none.
    #[must_use]
    pub fn power(&self, id: ReplicaId) -> Power {
        self.position(id).map_or(Power(0), |position| self.spec.members[position].power)
    }

    /// The power of several distinct replicas together.
    pub fn power_of(&self, ids: impl IntoIterator<Item = ReplicaId>) -> Power {
        ids.into_iter().fold(Power(0), |sum, id| sum + self.power(id))
    }

    /// f: how much power may be faulty.
    #[must_use]
    pub fn faulty_max(&self) -> Power {
        Power((self.total.0 - 1) / 3)
    }

    /// n−f: the power that makes a certificate.
    #[must_use]
    pub fn quorum(&self) -> Power {
        Power(self.total.0 - self.faulty_max().0)
    }

    /// f+1: the power that holds at least one honest replica.
    #[must_use]
    pub fn weak_quorum(&self) -> Power {
        Power(self.faulty_max().0 + 1)
    }

    /// The leader of a view.
    #[must_use]
    pub fn leader(&self, view: View) -> ReplicaId {
        self.spec.leaders.leader(view, &self.spec.members)
    }

    /// The one certificate that the genesis block has.
    #[must_use]
    pub fn genesis_qc(&self) -> &QuorumCertificate {
        &self.genesis_qc
    }

    fn position(&self, id: ReplicaId) -> Option<usize> {
        self.spec.members.binary_search_by_key(&id, |member| member.id).ok()
    }
}

fn check_limits(limits: &Limits) -> Result<(), CommitteeError> {
    let named = [
        ("block_commands", limits.block_commands),
        ("block_bytes", limits.block_bytes),
        ("command_bytes", limits.command_bytes),
        ("session_replies", limits.session_replies),
        ("sessions", limits.sessions),
    ];
    match named.iter().find(|(_, limit)| *limit == 0) {
        Some((name, _)) => Err(CommitteeError::ZeroLimit(name)),
        None if limits.command_bytes > limits.block_bytes => Err(CommitteeError::CommandOverBlock),
        None => Ok(()),
    }
}
