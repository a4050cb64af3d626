//! All that a replica is started with, read from its file and the two that it names.

use super::key::load_shared_key;
use super::{
    CommitteeFile, ConfigError, Durability, Environment, LinkConfig, Listen, PublicTls, ReplicaFile, Settings,
};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::{Config, ReplicaId};
use std::path::{Path, PathBuf};

/// All that a replica is started with.
#[derive(Clone, Debug)]
pub struct ReplicaConfig {
    /// Which replica it is.
    pub id: ReplicaId,
    /// The committee, and where its members are found.
    pub committee: CommitteeFile,
    /// Where that was read, and is read again when the committee changes.
    pub committee_path: PathBuf,
    /// The replica's secret key.
    pub key: SecretKey,
    /// The folder with the replica's store, made when it is not there. One replica's alone.
    pub data: PathBuf,
    /// What it waits for before it says what it must not forget.
    pub durability: Durability,
    /// Where it listens.
    pub listen: Listen,
    /// What it shows on its public port, where that is encrypted.
    pub tls: Option<PublicTls>,
    /// Origins (`http://host:port`) whose pages may connect, beside the replicas' own.
    pub allowed_origins: Vec<String>,
    /// Whether its public port shows `/metrics`.
    pub metrics: bool,
    /// The protocol's times and bounds.
    pub consensus: Config,
    /// Times and bounds of connections.
    pub links: LinkConfig,
}

impl ReplicaConfig {
    /// Reads a replica's file and the committee and key files that it names. Paths in it are
    /// relative to its own folder. The environment counts for nothing here: [`Settings`] put it before the file.
    ///
    /// # Errors
    /// The first thing that is wrong with any of the three.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Settings::load(path, &Environment::default())?.check()
    }

    /// What the settings `table` of the file at `path` come to.
    pub(super) fn new(path: &Path, table: ReplicaFile) -> Result<Self, ConfigError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let at = || path.to_owned();
        table.links.check().map_err(|why| ConfigError::Links { path: at(), why })?;
        if let Some(origin) = table.allowed_origins.iter().find(|origin| !is_origin(origin)) {
            return Err(ConfigError::Origin { path: at(), origin: origin.clone() });
        }
        let id = ReplicaId(table.id);
        let committee_path = folder.join(&table.committee);
        let committee = CommitteeFile::load(&committee_path)?;
        let limits = committee.committee.limits();
        table.consensus.check(limits).map_err(|source| ConfigError::Consensus { path: at(), source })?;
        let named = committee.key(id).ok_or_else(|| ConfigError::NotAMember { path: at(), id })?;
        let key_path = folder.join(&table.key);
        let key = load_shared_key(&key_path, table.key_group)?;
        if key.public() != named {
            return Err(ConfigError::WrongKey { path: key_path, id });
        }
        let tls = match (&table.tls_cert, &table.tls_key) {
            (Some(cert), Some(key)) => {
                Some(PublicTls::load_shared(&folder.join(cert), &folder.join(key), table.key_group)?)
            }
            (None, None) => None,
            _ => return Err(ConfigError::HalfTls { path: at() }),
        };
        Ok(Self {
            id,
            committee,
            committee_path,
            key,
            data: folder.join(&table.data),
            durability: table.durability,
            listen: table.listen,
            tls,
            allowed_origins: table.allowed_origins,
            metrics: table.metrics,
            consensus: table.consensus,
            links: table.links,
        })
    }
}

/// Whether `text` is a web origin: scheme, host and perhaps a port, nothing after it.
pub(super) fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ', '*']))
}
