//! What a replica must find again after a restart, in one redb file: the records that the core
//! gives out, folded into tables as they come.

mod error;
mod recovery;
mod tables;

pub use error::StoreError;

use hotstuff_core::crypto::ClusterId;
use hotstuff_core::snapshot::{SnapshotChunk, SnapshotRequest};
use hotstuff_core::{Block, Height, Record, Recovered, ReplicaId};
use redb::{Database, ReadableDatabase};
use std::path::{Path, PathBuf};
use tables::Tables;

/// The store's file in the data folder.
const FILE: &str = "store.redb";

/// Pages of the file kept in memory, in bytes.
const CACHE_BYTES: usize = 32 << 20;

/// A replica's store. One process has it open, and no other can.
pub struct Store {
    database: Database,
    path: PathBuf,
}

impl Store {
    /// Opens the store in `folder`, made when it is not there, and returns what it holds.
    ///
    /// # Errors
    /// When another process has it open, it is another replica's or of an unknown format, or the
    /// disk refuses.
    pub fn open(folder: &Path, cluster: &ClusterId, id: ReplicaId) -> Result<(Self, Recovered), StoreError> {
        let failed = |source| StoreError::Io { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join(FILE);
        let is_new = !path.exists();
        let database = redb::Builder::new()
            .set_cache_size(CACHE_BYTES)
            .create(&path)
            .map_err(|source| StoreError::opening(&path, source))?;
        if is_new {
            // Without this the file's name may be lost with the power, and the safety record with it.
            sync_folder(folder).map_err(failed)?;
        }
        let store = Self { database, path };
        let recovered = store.claim(cluster, id)?;
        Ok((store, recovered))
    }

    /// Makes records durable, all or none of them. They take effect in order.
    ///
    /// # Errors
    /// When the disk refuses, or a commit names a block that was never added. The store then
    /// holds none of the records.
    pub fn append<'a>(&self, records: impl IntoIterator<Item = &'a Record>) -> Result<(), StoreError> {
        let transaction = self.database.begin_write().map_err(|error| self.failed(error))?;
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
        let blocks = recovery::committed(&transaction, from, to).map_err(|error| self.failed(error))?;
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

    /// Marks a new store as this replica's, or checks that it is.
    fn claim(&self, cluster: &ClusterId, id: ReplicaId) -> Result<Recovered, StoreError> {
        let transaction = self.database.begin_write().map_err(|error| self.failed(error))?;
        let claimed = {
            let mut tables = Tables::open(&transaction).map_err(|error| self.failed(error))?;
            tables.claim(cluster, id).map_err(|error| self.failed(error))?
        };
        if let Some(refusal) = claimed {
            return Err(refusal.at(&self.path));
        }
        transaction.commit().map_err(|error| self.failed(error))?;
        let transaction = self.database.begin_read().map_err(|error| self.failed(error))?;
        recovery::recovered(&transaction).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: impl Into<tables::TableError>) -> StoreError {
        error.into().at(&self.path)
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
