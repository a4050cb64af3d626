//! The folder a demonstration runs in: a testnet, made for it or found there.

use super::error::DemoError;
use super::ports::{self, Reserved};
use crate::config::{CommitteeFile, Listen, MemberAddresses, ReplicaFile};
use crate::testnet::{Place, REPLICAS_MIN, Testnet};
use hotstuff_core::{Config, ReplicaId};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The most replicas of a demonstration.
pub(super) const REPLICAS_MAX: u16 = 100;
/// The first public port, where none is asked for.
const PORT: u16 = 8080;
/// How much of a log is shown.
const LOG_TAIL_BYTES: u64 = 2_000;

/// A testnet's files, ready to be run.
pub(super) struct Site {
    /// Where it is. (A temporary folder is removed along with this value, in any case.)
    place: Folder,
    /// The committee.
    pub(super) file: CommitteeFile,
}

enum Folder {
    Temporary(TempDir),
    Given(PathBuf),
}

impl Site {
    /// Finds the cluster in `folder`, or makes one, and sees to it that all its ports are free.
    pub(super) fn prepare(
        replicas: Option<u16>,
        port: Option<u16>,
        folder: Option<PathBuf>,
    ) -> Result<Self, DemoError> {
        if let Some(count) = replicas.filter(|count| *count < REPLICAS_MIN) {
            return Err(DemoError::TooFew(count));
        }
        if let Some(count) = replicas.filter(|count| *count > REPLICAS_MAX) {
            return Err(DemoError::TooMany(count));
        }
        if let Some(folder) = folder.as_ref().filter(|folder| folder.join("committee.toml").exists()) {
            return Self::find(replicas, port, folder.clone());
        }
        let count = replicas.unwrap_or(REPLICAS_MIN);
        // All ports are held until all are known to be free, so that none is chosen twice.
        let public = ports::reserve_range(port.unwrap_or(PORT), count)?;
        let peer = ports::reserve_any(count)?;
        let place = match folder {
            Some(folder) => Folder::Given(folder),
            None => {
                let made = tempfile::Builder::new().prefix("hotstuff-demo-").tempdir();
                Folder::Temporary(made.map_err(DemoError::system("cannot make a temporary folder"))?)
            }
        };
        let places: Vec<Place> =
            peer.iter().zip(&public).map(|(peer, public)| site_of(peer, public)).collect();
        let testnet = Testnet::create(place.path(), &places, Config::default())?;
        Ok(Self { file: CommitteeFile::load(&testnet.committee)?, place })
    }

    fn find(replicas: Option<u16>, port: Option<u16>, folder: PathBuf) -> Result<Self, DemoError> {
        let file = CommitteeFile::load(&folder.join("committee.toml"))?;
        let site = Self { file, place: Folder::Given(folder) };
        let held = site.file.addresses.len();
        let first = site.file.addresses.values().next().map_or(0, |first| first.http.port());
        let other = replicas.is_some_and(|count| usize::from(count) != held)
            || port.is_some_and(|port| port != first);
        if other {
            return Err(DemoError::OtherCluster { folder: site.folder().to_owned(), held, port: first });
        }
        let mut listens = Vec::new();
        for path in site.replicas().into_values() {
            let Listen { peer, http } = ReplicaFile::load(&path)?.listen;
            listens.extend([peer, http]);
        }
        let reserved: Result<Vec<Reserved>, DemoError> = listens.into_iter().map(ports::reserve).collect();
        reserved.map(|_| site)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        self.place.path()
    }

    /// The committee's file.
    pub(super) fn committee(&self) -> PathBuf {
        self.folder().join("committee.toml")
    }

    /// A client's key.
    pub(super) fn client_key(&self) -> PathBuf {
        self.folder().join("client.key")
    }

    /// Each replica's file.
    pub(super) fn replicas(&self) -> BTreeMap<ReplicaId, PathBuf> {
        self.file.addresses.keys().map(|id| (*id, self.replica(*id))).collect()
    }

    /// One replica's file.
    pub(super) fn replica(&self, id: ReplicaId) -> PathBuf {
        self.folder().join(id.to_string()).join("replica.toml")
    }

    /// Where a replica's words go.
    pub(super) fn log(&self, id: ReplicaId) -> PathBuf {
        self.folder().join(id.to_string()).join("replica.log")
    }

    /// The end of what a replica said.
    pub(super) fn log_tail(&self, id: ReplicaId) -> String {
        let tail = || -> io::Result<Vec<u8>> {
            let mut log = File::open(self.log(id))?;
            let length = log.metadata()?.len();
            log.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
            let mut bytes = Vec::new();
            log.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        tail().map_or_else(|error| error.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Removes a temporary folder.
    pub(super) fn remove(self) -> Result<(), DemoError> {
        match self.place {
            Folder::Temporary(folder) => {
                folder.close().map_err(DemoError::system("cannot remove the temporary folder"))
            }
            Folder::Given(_) => Ok(()),
        }
    }
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Given(folder) => folder,
        }
    }
}

fn site_of(peer: &Reserved, public: &Reserved) -> Place {
    let (peer, http) = (peer.address, public.address);
    let addresses = MemberAddresses { peer: peer.into(), http: http.into() };
    Place { addresses, listen: Listen { peer, http }, data: "data".into() }
}
