//! Why a store cannot be used.

use redb::DatabaseError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a store cannot be used, each in one line.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder cannot be made, locked or synchronised.
    #[error("cannot use the data folder {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is none.
    #[error("there is no store in {folder}")]
    Absent {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process has it open.
    #[error("{path} is in use by another process: is this replica running already?")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Written by a version of this program with another format.
    #[error(
        "{path} has store format {found}, and this program knows format {known} only: run the version that \
         wrote it, and do not delete it, for a replica without its safety record may vote twice"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// The only format this program knows.
        known: u32,
    },
    /// The store of another cluster or replica.
    #[error("{path} belongs to {found}, not to {wanted}: each replica needs a data folder of its own")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Who opened it.
        wanted: String,
    },
    /// The committee file says of the cluster's start what it did not say before.
    #[error(
        "{path} is of a cluster that started with another committee: the file's [[members]], leaders, rule,          operator and [limits] must stay as they were; `hotstuff change` is for changes"
    )]
    Refounded {
        /// The store.
        path: PathBuf,
    },
    /// What it holds is not what was stored.
    #[error("{path} is damaged: {what}; docs/storage.md says what to do")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The disk, or what this process may write of it, is full.
    #[error("{path}: no room on the disk ({source}): make room and start the replica again; nothing is lost")]
    Full {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The disk or the database refuses.
    #[error("{path}: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<redb::Error>,
    },
}

impl StoreError {
    pub(super) fn opening(path: &Path, error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                Self::InUse { path: path.to_owned() }
            }
            DatabaseError::UpgradeRequired(version) => {
                Self::Damaged { path: path.to_owned(), what: format!("its file format is {version}") }
            }
            other => Self::database(path, other.into()),
        }
    }

    pub(super) fn database(path: &Path, error: redb::Error) -> Self {
        let path = path.to_owned();
        match error {
            redb::Error::Corrupted(what) => Self::Damaged { path, what: what.replace('\n', " ") },
            redb::Error::Io(source) => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    Self::Full { path, source }
                }
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    Self::Damaged { path, what: source.to_string() }
                }
                _ => Self::Database { path, source: Box::new(redb::Error::Io(source)) },
            },
            other => Self::Database { path, source: Box::new(other) },
        }
    }
}
