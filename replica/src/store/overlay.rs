//! A file that is only looked at: what the database writes to it stays in memory.

use super::header::Newest;
use redb::{BackendError, StorageBackend};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

const PAGE: u64 = 4_096;

/// The file, and what differs from it.
#[derive(Debug)]
pub(super) struct Overlay {
    content: Mutex<Content>,
    newest: Newest,
}

#[derive(Debug)]
struct Content {
    file: File,
    len: u64,
    /// By number.
    changed: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    pub(super) fn open(path: &Path, newest: Newest) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let content = Mutex::new(Content { file, len, changed: BTreeMap::new() });
        Ok(Self { content, newest })
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    /// A page as it is now; zeros beyond the file's end.
    fn page(&mut self, number: u64) -> io::Result<Vec<u8>> {
        if let Some(page) = self.changed.get(&number) {
            return Ok(page.clone());
        }
        self.file.seek(SeekFrom::Start(number * PAGE))?;
        let mut page = Vec::new();
        (&mut self.file).take(PAGE).read_to_end(&mut page)?;
        page.resize(PAGE as usize, 0);
        Ok(page)
    }

    /// Calls `each` with every page that a range of so many bytes touches: the page, and which of its
    /// bytes and of the range's belong together.
    fn pages(
        &mut self,
        offset: u64,
        bytes: usize,
        mut each: impl FnMut(&mut Self, u64, std::ops::Range<usize>, std::ops::Range<usize>) -> io::Result<()>,
    ) -> io::Result<()> {
        let end = offset + bytes as u64;
        if end > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for number in offset / PAGE..end.div_ceil(PAGE) {
            let (from, to) = (offset.max(number * PAGE), end.min((number + 1) * PAGE));
            let within = |start: u64| (from - start) as usize..(to - start) as usize;
            each(self, number, within(number * PAGE), within(offset))?;
        }
        Ok(())
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.lock().pages(offset, out.len(), |content, number, of_page, of_range| {
            out[of_range].copy_from_slice(&content.page(number)?[of_page]);
            Ok(())
        })?;
        if offset == 0 {
            self.newest.correct(out);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.lock().len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.lock().pages(offset, data.len(), |content, number, of_page, of_range| {
            let mut page = content.page(number)?;
            page[of_page].copy_from_slice(&data[of_range]);
            content.changed.insert(number, page);
            Ok(())
        })
    }

    // The store is locked as a whole by whoever looks at it, so all locks in the file are granted.

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn try_lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn lock_shared_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    /// A reader that goes without repair asks by one byte whether a writer has the file in order, which
    /// is taken to be so; by ranges it asks for programs of other versions, and there are none.
    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(start == end)
    }
}
