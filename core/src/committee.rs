//! Who takes part, with how much voting power, under which rules.

use crate::certificate::{BlockRef, QuorumCertificate};
use crate::change::{ChangeRefused, CommitteeChange};
use crate::commit_rule::CommitRule;
use crate::crypto::{ClusterId, Digest, Domain, PublicKey, VerifyingKey};
use crate::ids::{Epoch, Height, Power, ReplicaId, View};
use crate::leader::LeaderRule;
use crate::rules::{Governed, HotStuff, Rules};
use alloc::vec::Vec;
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
    /// Most bytes of a client's kept replies; the latest is kept in any case.
    pub session_bytes: u32,
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
            session_bytes: 1 << 16,
            sessions: 1 << 13,
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
    /// When a block is committed.
    pub rule: CommitRule,
    /// Whose commands may change the committee; without an operator nobody's may.
    pub operator: Option<PublicKey>,
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
/// A cluster starts with the one that is written down, in epoch 0; each change makes the next.
/// With total power N, up to f = ⌊(N−1)/3⌋ may be faulty. A *quorum* is N−f: any two share more
/// than f. A *weak quorum* is f+1: it holds an honest replica.
#[derive(Clone, Debug)]
pub struct Committee {
    spec: CommitteeSpec,
    epoch: Epoch,
    rules: &'static dyn Rules,
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
        Self::under(&HotStuff, spec)
    }

    /// The same, but its replicas and clients go by other rules than the protocol's.
    ///
    /// # Errors
    /// [`CommitteeError`] names the first thing that is wrong.
    pub fn under(rules: &'static dyn Rules, spec: CommitteeSpec) -> Result<Self, CommitteeError> {
        let id = Digest::of_value(Domain::Genesis, &spec);
        let genesis = BlockRef { epoch: Epoch::GENESIS, view: View::GENESIS, height: Height::GENESIS, id };
        let genesis_qc = QuorumCertificate { block: genesis, signatures: Vec::new() };
        Self::checked(rules, spec, Epoch::GENESIS, genesis_qc)
    }

    /// The committee of `epoch` with these members, in the same cluster under the same rules.
    ///
    /// # Errors
    /// [`CommitteeError`] names the first thing that is wrong.
    pub(crate) fn of_epoch(&self, epoch: Epoch, members: Vec<Member>) -> Result<Self, CommitteeError> {
        let spec = CommitteeSpec { members, ..self.spec.clone() };
        Self::checked(self.rules, spec, epoch, self.genesis_qc.clone())
    }

    fn checked(
        rules: &'static dyn Rules,
        spec: CommitteeSpec,
        epoch: Epoch,
        genesis_qc: QuorumCertificate,
    ) -> Result<Self, CommitteeError> {
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
            keys.push(usable(rules, &member.key).ok_or(CommitteeError::BadKey(member.id))?);
        }
        Ok(Self { spec, epoch, rules, keys, total, genesis_qc })
    }

    /// The committee that `change` makes of this one.
    ///
    /// # Errors
    /// [`ChangeRefused`] when there can be no such committee, or its quorums would not be sure to
    /// share an honest replica with this one's.
    pub fn changed(&self, change: &CommitteeChange) -> Result<Self, ChangeRefused> {
        let members = change.apply(&self.spec.members)?;
        let next = self.of_epoch(self.epoch.next(), members).map_err(|_| ChangeRefused::Invalid)?;
        if self.overlaps(&next) { Ok(next) } else { Err(ChangeRefused::TooMuch) }
    }

    /// Whether any quorum of this committee shares an honest replica with any of `next`.
    ///
    /// Let a replica have power w here and w' there. Two quorums of power q and q' whose common
    /// members have little power must fit side by side into the sum of max(w, w'); what does not
    /// fit, q + q' less that sum, is common power, counted as min(w, w'). Faulty members have at
    /// most the smaller f of that.
    fn overlaps(&self, next: &Self) -> bool {
        let gone = self.ids().filter(|id| !next.contains(*id)).map(|id| self.power(id));
        let union = next.ids().map(|id| self.power(id).max(next.power(id))).chain(gone);
        let union = union.fold(Power(0), |sum, power| sum + power);
        let common = (self.quorum() + next.quorum()).0.saturating_sub(union.0);
        common > self.faulty_max().min(next.faulty_max()).0
    }

    /// How often the committee had changed when this one came to be.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The committee as it is written down; with other members after a change.
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

    /// The members, by ascending id.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.spec.members
    }

    /// Whether a replica is a member.
    #[must_use]
    pub fn contains(&self, id: ReplicaId) -> bool {
        self.position(id).is_some()
    }

    /// When a block is committed.
    #[must_use]
    pub fn rule(&self) -> CommitRule {
        self.spec.rule
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

    /// A client's key, ready for use; `None` where [`PublicKey::checked`] gives none.
    #[must_use]
    pub fn client_key(&self, client: &PublicKey) -> Option<VerifyingKey> {
        usable(self.rules, client)
    }

    /// The rules that this committee goes by.
    #[must_use]
    pub fn rules(&self) -> &'static dyn Rules {
        self.rules
    }

    pub(crate) fn governed(&self) -> Governed {
        Governed { rule: self.rule(), rules: self.rules }
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

    /// How many replicas may be faulty at once.
    #[must_use]
    pub fn faulty_count_max(&self) -> usize {
        let (mut powers, mut left) =
            (self.spec.members.iter().map(|member| member.power.0).collect::<Vec<_>>(), self.faulty_max().0);
        powers.sort_unstable();
        powers.iter().map_while(|power| left.checked_sub(*power).map(|rest| left = rest)).count()
    }

    /// n−f: the power that makes a certificate.
    #[must_use]
    pub fn quorum(&self) -> Power {
        self.rules.quorum(self.total, self.faulty_max())
    }

    /// f+1: the power that holds at least one honest replica.
    #[must_use]
    pub fn weak_quorum(&self) -> Power {
        Power(self.faulty_max().0 + 1)
    }

    /// Whether distinct replicas make a quorum.
    pub fn is_quorum(&self, ids: impl IntoIterator<Item = ReplicaId>) -> bool {
        self.power_of(ids) >= self.quorum()
    }

    /// Whether distinct replicas are sure to have an honest one among them.
    pub fn is_weak_quorum(&self, ids: impl IntoIterator<Item = ReplicaId>) -> bool {
        self.power_of(ids) >= self.weak_quorum()
    }

    /// How many views a leader leads in a row. Faults are counted by power, and turns by heads: few by
    /// power may be many by heads, and between them no two others might ever follow each other. So where
    /// powers differ, one turn is enough for a commit.
    pub(crate) fn views_in_a_row(&self) -> u64 {
        let is_even = self.spec.members.windows(2).all(|pair| pair[0].power == pair[1].power);
        if is_even { 1 } else { self.rule().commit_depth() as u64 + 1 }
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

fn usable(rules: &dyn Rules, key: &PublicKey) -> Option<VerifyingKey> {
    rules.verifier().map_or_else(|| key.checked(), |verifier| Some(key.judged_by(verifier)))
}

fn check_limits(limits: &Limits) -> Result<(), CommitteeError> {
    let named = [
        ("block_commands", limits.block_commands),
        ("block_bytes", limits.block_bytes),
        ("command_bytes", limits.command_bytes),
        ("session_replies", limits.session_replies),
        ("session_bytes", limits.session_bytes),
        ("sessions", limits.sessions),
    ];
    match named.iter().find(|(_, limit)| *limit == 0) {
        Some((name, _)) => Err(CommitteeError::ZeroLimit(name)),
        None if limits.command_bytes > limits.block_bytes => Err(CommitteeError::CommandOverBlock),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod testing;
