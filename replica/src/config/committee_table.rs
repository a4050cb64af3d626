//! `committee.toml` as it is written down, and what it means.

use super::committee::{CommitteeFile, MemberAddresses};
use super::{Address, ConfigError, hex};
use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
use hotstuff_core::crypto::{ClusterId, PublicKey};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{CommitRule, Committee, CommitteeChange, Power, ReplicaId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    #[serde(deserialize_with = "hex::bytes_32::deserialize")]
    cluster: [u8; 32],
    leaders: LeaderRule,
    rule: CommitRule,
    operator: Option<Key>,
    limits: LimitsTable,
    members: Vec<MemberTable>,
    #[serde(default)]
    joiners: Vec<JoinerTable>,
    #[serde(default)]
    changes: Vec<ChangeTable>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Key(#[serde(deserialize_with = "hex::bytes_32::deserialize")] [u8; 32]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberTable {
    id: u16,
    key: Key,
    power: u64,
    peer: Address,
    http: Address,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinerTable {
    id: u16,
    key: Key,
    peer: Address,
    http: Address,
}

/// A change that was made, as `hotstuff change` prints it.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ChangeTable {
    Add(AddTable),
    Remove(u16),
    SetPower(SetPowerTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddTable {
    id: u16,
    key: Key,
    power: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetPowerTable {
    id: u16,
    power: u64,
}

/// [`Limits`], none of which may be left to a default: it would change with the program's version,
/// and the cluster would fall apart.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsTable {
    block_commands: u32,
    block_bytes: u32,
    command_bytes: u32,
    session_replies: u32,
    session_bytes: u32,
    sessions: u32,
}

impl Table {
    /// What the file at `path` means.
    pub(super) fn into_file(self, path: &Path) -> Result<CommitteeFile, ConfigError> {
        let at = || path.to_owned();
        let mut addresses = BTreeMap::new();
        let mut members = Vec::new();
        for MemberTable { id, key, power, peer, http } in self.members {
            let id = ReplicaId(id);
            addresses.insert(id, MemberAddresses { peer, http });
            members.push(Member { id, key: PublicKey(key.0), power: Power(power) });
        }
        let spec = CommitteeSpec {
            cluster: ClusterId(self.cluster),
            members,
            leaders: self.leaders,
            rule: self.rule,
            operator: self.operator.map(|key| PublicKey(key.0)),
            limits: self.limits.into(),
        };
        let committee =
            Committee::new(spec).map_err(|source| ConfigError::Committee { path: at(), source })?;
        let mut joiners = BTreeMap::new();
        for JoinerTable { id, key, peer, http } in self.joiners {
            let (id, key) = (ReplicaId(id), PublicKey(key.0));
            let refused = |why| ConfigError::Joiner { path: at(), id, why };
            if addresses.contains_key(&id) {
                return Err(refused("its number is taken"));
            }
            let is_taken = |member: &Member| member.key == key;
            if committee.members().iter().any(is_taken) || joiners.values().any(|other| *other == key) {
                return Err(refused("its key is another's"));
            }
            if key.checked().is_none() {
                return Err(refused("its key is not valid"));
            }
            joiners.insert(id, key);
            addresses.insert(id, MemberAddresses { peer, http });
        }
        let committee = Arc::new(committee);
        let mut current = Arc::clone(&committee);
        let mut added = BTreeMap::new();
        for (change, number) in self.changes.into_iter().zip(1..) {
            let refused = |source| ConfigError::Change { path: at(), number, source };
            let change = change.into();
            current = Arc::new(current.changed(&change).map_err(refused)?);
            if let CommitteeChange::Add(Member { id, key, .. }) = change {
                added.insert(id, key);
            }
        }
        Ok(CommitteeFile { committee, current, joiners, added, addresses })
    }
}

impl From<ChangeTable> for CommitteeChange {
    fn from(table: ChangeTable) -> Self {
        match table {
            ChangeTable::Add(AddTable { id, key, power }) => {
                Self::Add(Member { id: ReplicaId(id), key: PublicKey(key.0), power: Power(power) })
            }
            ChangeTable::Remove(id) => Self::Remove(ReplicaId(id)),
            ChangeTable::SetPower(SetPowerTable { id, power }) => {
                Self::SetPower { replica: ReplicaId(id), power: Power(power) }
            }
        }
    }
}

impl From<LimitsTable> for Limits {
    fn from(table: LimitsTable) -> Self {
        let LimitsTable {
            block_commands,
            block_bytes,
            command_bytes,
            session_replies,
            session_bytes,
            sessions,
        } = table;
        Self { block_commands, block_bytes, command_bytes, session_replies, session_bytes, sessions }
    }
}
