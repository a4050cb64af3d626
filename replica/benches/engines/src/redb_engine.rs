//! The pattern on redb.

use super::Durability;
use super::pattern::{Engine, id};
use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, StorageBackend, TableDefinition, WriteTransaction};
use std::io;
use std::path::Path;

const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");
const BLOCKS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");
const COMMITTED: TableDefinition<'_, u64, &[u8; 32]> = TableDefinition::new("committed");
const UNCOMMITTED: TableDefinition<'_, (u64, &[u8; 32]), ()> = TableDefinition::new("uncommitted");
const SNAPSHOT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("snapshot");

/// How often a commit synchronises: before it points to what is new, or only after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phases {
    /// After.
    One,
    /// Before and after.
    Two,
}

/// A database, and how it commits.
pub struct RedbEngine {
    database: Database,
    phases: Phases,
}

impl RedbEngine {
    /// Opens the database in `folder`, and checks all of it, as a replica does.
    pub fn open(folder: &Path, durability: Durability, phases: Phases) -> Self {
        let path = folder.join("store.redb");
        let file = std::fs::File::options().read(true).write(true).create(true).truncate(false).open(path);
        let disk = Disk { file: FileBackend::new(file.unwrap()).unwrap(), durability };
        let mut builder = redb::Builder::new();
        let builder = builder.set_cache_size(32 << 20).set_check_integrity_on_open(true);
        Self { database: builder.create_with_backend(disk).unwrap(), phases }
    }

    fn write(&self, change: impl FnOnce(&WriteTransaction)) {
        let mut transaction = self.database.begin_write().unwrap();
        transaction.set_two_phase_commit(self.phases == Phases::Two);
        change(&transaction);
        transaction.commit().unwrap();
    }
}

impl Engine for RedbEngine {
    fn view(&mut self, height: u64, block: &[u8], record: &[u8]) {
        self.write(|transaction| {
            let mut values = transaction.open_table(VALUES).unwrap();
            values.insert("safety", record).unwrap();
            values.insert("high_qc", record).unwrap();
            transaction.open_table(BLOCKS).unwrap().insert(&id(height), block).unwrap();
            let mut uncommitted = transaction.open_table(UNCOMMITTED).unwrap();
            uncommitted.insert((height, &id(height)), ()).unwrap();
            uncommitted.remove((height - 1, &id(height - 1))).unwrap();
            transaction.open_table(COMMITTED).unwrap().insert(height - 1, &id(height - 1)).unwrap();
        });
    }

    fn record(&self) -> Option<Vec<u8>> {
        let values = self.database.begin_read().unwrap().open_table(VALUES).unwrap();
        values.get("safety").unwrap().map(|value| value.value().to_vec())
    }

    fn range(&self, from: u64, count: u64) -> usize {
        let transaction = self.database.begin_read().unwrap();
        let blocks = transaction.open_table(BLOCKS).unwrap();
        let committed = transaction.open_table(COMMITTED).unwrap();
        let ids = committed.range(from..from + count).unwrap().map(|entry| *entry.unwrap().1.value());
        ids.map(|id| blocks.get(&id).unwrap().unwrap().value().to_vec().len()).sum()
    }

    fn snapshot(&mut self, part: &[u8], parts: u64, below: u64) {
        self.write(|transaction| {
            let mut snapshot = transaction.open_table(SNAPSHOT).unwrap();
            snapshot.retain(|_, _| false).unwrap();
            for number in 0..parts {
                snapshot.insert(number, part).unwrap();
            }
            let mut blocks = transaction.open_table(BLOCKS).unwrap();
            let mut committed = transaction.open_table(COMMITTED).unwrap();
            for entry in committed.extract_from_if(..below, |_, _| true).unwrap() {
                blocks.remove(entry.unwrap().1.value()).unwrap();
            }
        });
    }

    fn close(self: Box<Self>) {}
}

#[derive(Debug)]
struct Disk {
    file: FileBackend,
    durability: Durability,
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.durability == Durability::Sync { self.file.sync_data() } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
}
