//! The file that the database lies on, synchronised as the config says.

use super::header::Newest;
use crate::config::Durability;
use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;

/// The store's file.
#[derive(Debug)]
pub(super) struct Disk {
    file: FileBackend,
    durability: Durability,
    newest: Newest,
}

impl Disk {
    /// The file at `path`, made when it is not there.
    pub(super) fn open(path: &Path, durability: Durability, newest: Newest) -> Result<Self, DatabaseError> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        if durability == Durability::Sync || newest == Newest::Other {
            // What a process that was killed has written need not be on the disk yet, and is about to be named.
            file.sync_data()?;
        }
        Ok(Self { file: FileBackend::new(file)?, durability, newest })
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)?;
        if offset == 0 {
            self.newest.correct(out);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    /// The database asks for this between what must be there first and what refers to it. Without it the
    /// order still holds for all who read through the operating system, a restarted replica among them.
    fn sync_data(&self) -> io::Result<()> {
        match self.durability {
            Durability::Sync => self.file.sync_data(),
            Durability::Os => Ok(()),
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    /// In order, and so with time to wait for the disk, whatever the config says.
    fn close(&self) -> io::Result<()> {
        self.file.sync_data()?;
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
