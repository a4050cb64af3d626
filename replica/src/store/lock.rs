//! One process has a store open, or some look at it.

use super::{FILE, StoreError};
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

/// Locked by whoever has the store open.
const LOCK_FILE: &str = "store.lock";

/// A lock on a store, until it is dropped or the process ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Locks the store in `folder` for this process alone.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreError> {
        let options = File::options().write(true).create(true).truncate(false).open(folder.join(LOCK_FILE));
        let file = options.map_err(|source| StoreError::Io { path: folder.to_owned(), source })?;
        let taken = file.try_lock();
        Self::taken(folder, file, taken)
    }

    /// Locks the store in `folder` for those who look at it; `None` where nobody has ever opened it.
    pub(super) fn share(folder: &Path) -> Result<Option<Self>, StoreError> {
        let file = match File::open(folder.join(LOCK_FILE)) {
            Ok(file) => file,
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { path: folder.to_owned(), source }),
        };
        let taken = file.try_lock_shared();
        Self::taken(folder, file, taken).map(Some)
    }

    fn taken(folder: &Path, file: File, taken: Result<(), TryLockError>) -> Result<Self, StoreError> {
        match taken {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: folder.join(FILE) }),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { path: folder.to_owned(), source }),
        }
    }
}

impl Drop for Lock {
    /// Closing the file is not enough: a child process that is just being started may hold it too.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}
