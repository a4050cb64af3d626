//! `committee.toml`: who the replicas of a cluster are and where they are found. All of it is
//! public, and the same at every replica.

use super::committee_table::Table;
use super::{Address, ConfigError, file, hex};
use hotstuff_core::CommitRule;
use hotstuff_core::committee::{Limits, Member};
use hotstuff_core::crypto::{PublicKey, VerifyingKey};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{Committee, ReplicaId};
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

/// Who a cluster's replicas are, and where they are found.
#[derive(Clone, Debug)]
pub struct CommitteeFile {
    /// The committee that the cluster started with, `[[members]]`. It stays as it is: replicas are told by the
    /// chain what has become of it.
    pub committee: Arc<Committee>,
    /// What the changes that the file lists, `[[changes]]`, have made of it: what clients go by, whom no chain
    /// tells.
    pub current: Arc<Committee>,
    /// The keys of `[[joiners]]`: replicas that were not of the first committee.
    pub joiners: BTreeMap<ReplicaId, PublicKey>,
    /// The keys under which `[[changes]]` added replicas, whether they still are members or not.
    pub added: BTreeMap<ReplicaId, PublicKey>,
    /// Each member's and joiner's addresses.
    pub addresses: BTreeMap<ReplicaId, MemberAddresses>,
}

impl CommitteeFile {
    /// A committee that has not changed yet, with its members' addresses.
    #[must_use]
    pub fn new(committee: Arc<Committee>, addresses: BTreeMap<ReplicaId, MemberAddresses>) -> Self {
        let (joiners, added) = (BTreeMap::new(), BTreeMap::new());
        Self { current: Arc::clone(&committee), committee, joiners, added, addresses }
    }

    /// Reads and checks a committee file.
    ///
    /// # Errors
    /// When the file cannot be read, has unknown or missing fields, or describes no committee.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        file::read_toml::<Table>(path)?.into_file(path)
    }

    /// The key that the file has for a replica, present, past or to come.
    #[must_use]
    pub fn key(&self, id: ReplicaId) -> Option<PublicKey> {
        let member = self.committee.key(id).map(VerifyingKey::public);
        member.or_else(|| self.joiners.get(&id).or_else(|| self.added.get(&id)).copied())
    }

    /// Writes a new file, with a comment on every field.
    ///
    /// # Errors
    /// When there is such a file already, or it cannot be written.
    pub fn create(&self, path: &Path) -> Result<(), ConfigError> {
        file::create_new(path, self.to_text().as_bytes(), false)
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
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
                "# The public key whose commands may change the committee: see `hotstuff change --help`.\n\
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
