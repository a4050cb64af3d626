//! What a replica must find again after a restart, in one redb file: the records that the core
//! gives out, folded into tables as they come.
//!
//! Every commit is one of two phases: what is new is on the disk before anything refers to it. So a
//! file whose newest commit does not hold together is not the trace of a crash but damage, and is
//! refused: going back to the commit before could make the replica vote twice. Opening reads the whole
//! file and compares all checksums.

mod disk;
mod error;
mod header;
mod lock;
mod look;
mod overlay;
mod owner;
mod recovery;
mod seal;
mod tables;

pub use error::StoreError;
pub use look::{Care, Look, look};
pub use owner::Owner;

use crate::config::Durability;
use disk::Disk;
use header::Newest;
use hotstuff_core::crypto::ClusterId;
use hotstuff_core::snapshot::{SnapshotChunk, SnapshotRequest};
use hotstuff_core::{Block, Committee, Height, Record, Recovered, ReplicaId};
use lock::Lock;
use redb::{Database, DatabaseError, ReadableDatabase, StorageBackend, WriteTransaction};
use std::io;
use std::path::{Path, PathBuf};
use tables::{Age, TableError, Tables};

/// The store's file in the data folder.
pub const FILE: &str = "store.redb";
/// The store's file until it says what it is.
const NEW_FILE: &str = "store.redb.new";

/// Pages of the file kept in memory, in bytes.
const CACHE_BYTES: usize = 32 << 20;

/// A replica's store. One process has it open, and no other can.
pub struct Store {
    database: Database,
    path: PathBuf,
    /// Held until the database is closed.
    _lock: Option<Lock>,
}

impl Store {
    /// Opens the store in `folder`, made when it is not there, and returns what it holds. Reads all of
    /// it.
    ///
    /// # Errors
    /// When another process has it open, it is damaged, another replica's or of an unknown format, or
    /// the disk refuses.
    pub fn open(
        folder: &Path,
        cluster: &ClusterId,
        id: ReplicaId,
        durability: Durability,
    ) -> Result<(Self, Recovered), StoreError> {
        let failed = |source| StoreError::Io { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join(FILE);
        let lock = Lock::take(folder)?;
        if !path.try_exists().map_err(failed)? {
            make(folder, &path, cluster, id)?;
        }
        // Without this the file's name may be lost with the power, and the safety record with it: it may be
        // new, or its making may have ended before this.
        sync_folder(folder).map_err(failed)?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent).map_err(failed)?;
        }
        // To the database an empty file is a new one; to a replica it is one that lost its memory.
        if path.metadata().map_err(failed)?.len() == 0 {
            return Err(StoreError::Damaged { path, what: "the file is empty".into() });
        }
        let newest = Newest::of(&path)?;
        let disk =
            Disk::open(&path, durability, newest).map_err(|error| StoreError::opening(&path, error))?;
        let (mut store, recovered) = Self::start(disk, path, &Owner { id, cluster: *cluster }, Age::Old)?;
        store._lock = Some(lock);
        Ok((store, recovered))
    }

    /// Opens a store that lies on `disk`, however it keeps it; `path` is for messages. The caller sees to
    /// it that nobody else has it open.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn on(
        disk: impl StorageBackend,
        path: PathBuf,
        cluster: &ClusterId,
        id: ReplicaId,
    ) -> Result<(Self, Recovered), StoreError> {
        Self::start(disk, path, &Owner { id, cluster: *cluster }, Age::Any)
    }

    fn start(
        disk: impl StorageBackend,
        path: PathBuf,
        owner: &Owner,
        age: Age,
    ) -> Result<(Self, Recovered), StoreError> {
        let database = open_database(disk).map_err(|error| StoreError::opening(&path, error))?;
        let store = Self { database, path, _lock: None };
        store.claim(owner, age)?;
        let recovered = store.recovered()?;
        Ok((store, recovered))
    }

    /// Notes what the cluster started with, at the first start, and checks it at later ones: a snapshot takes the
    /// place of the blocks that would show it.
    ///
    /// # Errors
    /// When it was something else, or the disk refuses.
    pub fn found(&self, committee: &Committee) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        let other = {
            let mut tables = Tables::open(&transaction).map_err(|error| self.failed(error))?;
            tables.found(&committee.genesis_qc().block.id).map_err(|error| self.failed(error))?
        };
        if other.is_some() {
            return Err(StoreError::Refounded { path: self.path.clone() });
        }
        transaction.commit().map_err(|error| self.failed(error))
    }

    /// Makes records durable, all or none of them, in one transaction. They take effect in order.
    ///
    /// # Errors
    /// When the disk refuses, or a commit names a block that was never added. The store then
    /// holds none of the records.
    pub fn append<'a>(&self, records: impl IntoIterator<Item = &'a Record>) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        {
            let mut tables = Tables::open(&transaction).map_err(|error| self.failed(error))?;
            for record in records {
                tables.apply(record).map_err(|error| self.failed(error))?;
            }
        }
        transaction.commit().map_err(|error| self.failed(error))
    }

    /// The committed blocks at heights `from` to `to`, both included.
    ///
    /// # Errors
    /// When the disk refuses, or a block is not there.
    pub fn committed(&self, from: Height, to: Height) -> Result<Vec<Block>, StoreError> {
        let transaction = self.database.begin_read().map_err(|error| self.failed(error))?;
        let found = recovery::committed(&transaction, from, to);
        let blocks: Result<Vec<Block>, TableError> = found.and_then(|found| found.into_iter().collect());
        let blocks = blocks.map_err(|error| self.failed(error))?;
        if blocks.len() as u64 == to.0.saturating_add(1).saturating_sub(from.0) {
            return Ok(blocks);
        }
        let what = format!("a committed block at heights {from} to {to} is missing");
        Err(StoreError::Damaged { path: self.path.clone(), what })
    }

    /// A part of the newest snapshot.
    ///
    /// # Errors
    /// When the disk refuses, or the snapshot is damaged.
    pub fn snapshot_chunk(
        &self,
        request: SnapshotRequest,
        bytes_max: u32,
    ) -> Result<SnapshotChunk, StoreError> {
        let transaction = self.database.begin_read().map_err(|error| self.failed(error))?;
        recovery::snapshot_chunk(&transaction, request, bytes_max).map_err(|error| self.failed(error))
    }

    fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let mut transaction = self.database.begin_write().map_err(|error| self.failed(error))?;
        transaction.set_two_phase_commit(true);
        Ok(transaction)
    }

    /// Marks a new store as this replica's, or checks that it is.
    fn claim(&self, owner: &Owner, age: Age) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        let claimed = {
            let mut tables = Tables::open(&transaction).map_err(|error| self.failed(error))?;
            tables.claim(owner, age).map_err(|error| self.failed(error))?
        };
        if let Some(refusal) = claimed {
            return Err(refusal.at(&self.path));
        }
        transaction.commit().map_err(|error| self.failed(error))
    }

    fn recovered(&self) -> Result<Recovered, StoreError> {
        let transaction = self.database.begin_read().map_err(|error| self.failed(error))?;
        let mut problems = Vec::new();
        let recovered = recovery::recovered(&transaction, &mut problems);
        match problems.into_iter().next() {
            Some(problem) => Err(self.failed(problem)),
            None => recovered.map_err(|error| self.failed(error)),
        }
    }

    fn failed(&self, error: impl Into<TableError>) -> StoreError {
        error.into().at(&self.path)
    }
}

fn open_database(disk: impl StorageBackend) -> Result<Database, DatabaseError> {
    redb::Builder::new()
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(true)
        .create_with_backend(disk)
}

/// Makes a store under another name, until it says whose it is: whatever a crash leaves behind, a file
/// under the store's own name is whole.
fn make(folder: &Path, path: &Path, cluster: &ClusterId, id: ReplicaId) -> Result<(), StoreError> {
    let failed = |source| StoreError::Io { path: folder.to_owned(), source };
    let new = folder.join(NEW_FILE);
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let disk = Disk::open(&new, Durability::Sync, Newest::Named)
        .map_err(|error| StoreError::opening(&new, error))?;
    drop(Store::on(disk, new.clone(), cluster, id)?);
    std::fs::rename(&new, path).map_err(failed)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
