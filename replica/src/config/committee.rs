//! `committee.toml`: who the replicas of a cluster are and where they are found. All of it is
//! public, and the same at every replica.

use super::{Address, ConfigError, file, hex};
use hotstuff_core::CommitRule;
use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
use hotstuff_core::crypto::{ClusterId, PublicKey};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{Committee, Power, ReplicaId};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// Where a member is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberAddresses {
    /// Where the other replicas reach it.
    pub peer: Address,
    /// Where clients, observers and browsers reach it.
    pub http: Address,
}

/// A committee in force, with its members' addresses.
#[derive(Clone, Debug)]
pub struct CommitteeFile {
    /// The committee.
    pub committee: Arc<Committee>,
    /// Each member's addresses.
    pub addresses: BTreeMap<ReplicaId, MemberAddresses>,
}

impl CommitteeFile {
    /// Reads and checks a committee file.
    ///
    /// # Errors
    /// When the file cannot be read, has unknown or missing fields, or describes no committee.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let table: Table = file::read_toml(path)?;
        let mut addresses = BTreeMap::new();
        let mut members = Vec::new();
        for row in table.members {
            let id = ReplicaId(row.id);
            addresses.insert(id, MemberAddresses { peer: row.peer, http: row.http });
            members.push(Member { id, key: PublicKey(row.key), power: Power(row.power) });
        }
        let limits = table.limits.into();
        let spec = CommitteeSpec {
            cluster: ClusterId(table.cluster),
            members,
            leaders: table.leaders,
            rule: table.rule,
            operator: table.operator.map(|key| PublicKey(key.0)),
            limits,
        };
        let committee = Committee::new(spec)
            .map_err(|source| ConfigError::Committee { path: path.to_owned(), source })?;
        Ok(Self { committee: Arc::new(committee), addresses })
    }

    /// Writes a new file, with a comment on every field.
    ///
    /// # Errors
    /// When there is such a file already, or it cannot be written.
    pub fn create(&self, path: &Path) -> Result<(), ConfigError> {
        file::create_new(path, self.to_text().as_bytes(), false)
    }

    fn to_text(&self) -> String {
        let spec = self.committee.spec();
        let leaders = match spec.leaders {
            LeaderRule::RoundRobin => "\"round-robin\"".to_owned(),
            LeaderRule::Fixed(id) => format!("{{ fixed = {} }}", id.0),
            LeaderRule::Reputation => "\"reputation\"".to_owned(),
        };
        let rule = match spec.rule {
            CommitRule::ThreeChain => "three-chain",
            CommitRule::TwoChain => "two-chain",
        };
        let mut text = format!(
            "# A cluster's committee. All of it is public, and every replica and client has the same file.\n\
             \n\
             # Which cluster this is: random bytes that every signature is bound to.\n\
             cluster = \"{}\"\n\
             # How leaders follow each other: \"round-robin\"; \"reputation\", which passes over those\n\
             # that were silent; or always the same, as {{ fixed = 0 }}.\n\
             leaders = {leaders}\n\
             # When a block is committed: \"three-chain\" (HotStuff) or \"two-chain\" (Jolteon).\n\
             rule = \"{rule}\"\n",
            hex::encode(&spec.cluster.0),
        );
        if let Some(operator) = &spec.operator {
            let _ = writeln!(
                text,
                "# The public key whose commands may change the committee.\n\
                 operator = \"{operator:#}\""
            );
        }
        let Limits { block_commands, block_bytes, command_bytes, session_replies, session_bytes, sessions } =
            spec.limits;
        let _ = write!(
            text,
            "\n# Limits that decide what a valid block is.\n\
             [limits]\n\
             # Most commands in a block.\n\
             block_commands = {block_commands}\n\
             # Most bytes of operations in a block.\n\
             block_bytes = {block_bytes}\n\
             # Most bytes of one operation.\n\
             command_bytes = {command_bytes}\n\
             # How many of a client's last replies are kept for its retries.\n\
             session_replies = {session_replies}\n\
             # Most bytes of them for one client.\n\
             session_bytes = {session_bytes}\n\
             # How many clients are remembered.\n\
             sessions = {sessions}\n"
        );
        for Member { id, key, power } in &spec.members {
            let MemberAddresses { peer, http } = &self.addresses[id];
            let _ = write!(
                text,
                "\n[[members]]\n\
                 # The replica's number. Members stand in ascending order.\n\
                 id = {}\n\
                 # Its public key.\n\
                 key = \"{key:#}\"\n\
                 # Its voting power.\n\
                 power = {power}\n\
                 # Where the other replicas reach it.\n\
                 peer = \"{peer}\"\n\
                 # Where clients and browsers reach it.\n\
                 http = \"{http}\"\n",
                id.0
            );
        }
        text
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(deserialize_with = "hex::bytes_32::deserialize")]
    cluster: [u8; 32],
    leaders: LeaderRule,
    rule: CommitRule,
    operator: Option<Key>,
    limits: LimitsTable,
    members: Vec<MemberTable>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Key(#[serde(deserialize_with = "hex::bytes_32::deserialize")] [u8; 32]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberTable {
    id: u16,
    #[serde(deserialize_with = "hex::bytes_32::deserialize")]
    key: [u8; 32],
    power: u64,
    peer: Address,
    http: Address,
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
