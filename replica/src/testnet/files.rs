//! The files of a new cluster, for replicas that share a disk and for such that do not.

use super::draft::{Draft, check_count};
use super::{Place, TestnetError};
use crate::config::{ConfigError, ReplicaFile};
use hotstuff_core::{Config, ReplicaId};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where a new cluster's files are.
#[derive(Clone, Debug)]
pub struct Testnet {
    /// The committee's file.
    pub committee: PathBuf,
    /// The key of a client.
    pub client_key: PathBuf,
    /// The key whose commands may change the committee.
    pub operator_key: PathBuf,
    /// Each replica's file.
    pub replicas: BTreeMap<ReplicaId, PathBuf>,
}

/// Where replicas find the committee's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committee {
    /// All in one place, above their folders.
    Shared,
    /// Each in its own folder, which can be taken elsewhere as it is.
    Copied,
}

impl Testnet {
    /// Draws a new cluster's id and keys and writes its files into `folder`, which must be empty
    /// or not there yet: `committee.toml`, `client.key`, `operator.key`, and a folder `r0`, `r1`, ... with
    /// `replica.toml` and `replica.key` for each of `places`.
    ///
    /// # Errors
    /// When there are too few or too many replicas, or a file cannot be written or is there already.
    pub fn create(folder: &Path, places: &[Place], consensus: Config) -> Result<Self, TestnetError> {
        Self::create_with(folder, places, consensus, Committee::Shared)
    }

    /// The same, with the committee's file where it is wanted.
    ///
    /// # Errors
    /// As above.
    pub fn create_with(
        folder: &Path,
        places: &[Place],
        consensus: Config,
        committee: Committee,
    ) -> Result<Self, TestnetError> {
        check_count(places.len())?;
        make_empty(folder)?;
        let draft = Draft::draw(places.iter().map(|place| place.addresses.clone()).collect())?;
        let mut replicas = BTreeMap::new();
        for ((id, key), place) in draft.keys.iter().zip(places) {
            let own = folder.join(id.to_string());
            make_empty(&own)?;
            key.create(&own.join("replica.key"))?;
            let path = match committee {
                Committee::Shared => "../committee.toml",
                Committee::Copied => "committee.toml",
            };
            if committee == Committee::Copied {
                draft.committee.create(&own.join(path))?;
            }
            let (data, listen) = (place.data.clone(), place.listen);
            let mut file = ReplicaFile::new(id.0, path.into(), "replica.key".into(), data, listen);
            file.consensus = consensus;
            file.create(&own.join("replica.toml"))?;
            replicas.insert(*id, own.join("replica.toml"));
        }
        let all = write_common(folder, &draft)?;
        Ok(Self { replicas, ..all })
    }
}

/// Writes what is not one replica's: `committee.toml`, `client.key`, `operator.key`.
pub(super) fn write_common(folder: &Path, draft: &Draft) -> Result<Testnet, ConfigError> {
    let common = Testnet {
        committee: folder.join("committee.toml"),
        client_key: folder.join("client.key"),
        operator_key: folder.join("operator.key"),
        replicas: BTreeMap::new(),
    };
    draft.operator.create(&common.operator_key)?;
    draft.committee.create(&common.committee)?;
    draft.client.create(&common.client_key)?;
    Ok(common)
}

pub(super) fn make_empty(folder: &Path) -> Result<(), ConfigError> {
    let path = || folder.to_owned();
    std::fs::create_dir_all(folder).map_err(|source| ConfigError::Write { path: path(), source })?;
    let mut entries =
        std::fs::read_dir(folder).map_err(|source| ConfigError::Read { path: path(), source })?;
    if entries.next().is_some() { Err(ConfigError::Exists { path: path() }) } else { Ok(()) }
}
