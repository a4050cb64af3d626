//! The tables and how each record changes them: the same fold as `Recovered::apply`, on disk.

use super::StoreError;
use super::owner::Owner;
use super::recovery::value;
use super::seal::{seal, unseal};
use hotstuff_core::certificate::BlockId;
use hotstuff_core::crypto::Digest;
use hotstuff_core::snapshot::{Handover, Snapshot};
use hotstuff_core::{Block, BlockRef, Height, Record, wire};
use redb::{ReadableTable, ReadableTableMetadata, Table, TableDefinition, TableHandle, WriteTransaction};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Which format this program writes and reads.
pub(super) const FORMAT: u32 = 4;

/// Single values by name: what the store is, in plain text, and the newest of each replaced record.
pub(super) const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");
/// Blocks by id, committed or not.
pub(super) const BLOCKS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");
/// The id of the committed block at each height.
pub(super) const COMMITTED: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("committed");
/// Blocks not committed yet, by height and id.
pub(super) const UNCOMMITTED: TableDefinition<'_, (u64, &[u8; 32]), ()> = TableDefinition::new("uncommitted");
/// Proofs of changes of the committee since the snapshot, by the epoch before.
pub(super) const HANDOVERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("handovers");
/// The snapshot's encoding in parts of [`PART_BYTES`], the last one shorter, so that no part is read
/// or moved for another's sake.
pub(super) const SNAPSHOT: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("snapshot");

/// With key and checksum a part fills the pages that the database gives it, a power of two of them.
pub(super) const PART_BYTES: usize = 255 << 10;

/// Which snapshot the parts are of: a [`SnapshotMark`].
pub(super) const SNAPSHOT_MARK: &str = "snapshot";
pub(super) const SAFETY: &str = "safety";
pub(super) const HIGH_QC: &str = "high_qc";
pub(super) const TC: &str = "tc";
pub(super) const HALTED: &str = "halted";
pub(super) const FORMAT_KEY: &str = "format";
pub(super) const OWNER: &str = "owner";
/// The id of the genesis block: what the cluster started with.
pub(super) const GENESIS: &str = "genesis";

/// Which snapshot is stored, and how long its encoding is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct SnapshotMark {
    pub(super) height: Height,
    pub(super) bytes: u64,
}

/// A failure below the store's own path.
pub(super) enum TableError {
    Database(Box<redb::Error>),
    Damaged(String),
}

impl<E: Into<redb::Error>> From<E> for TableError {
    fn from(error: E) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

impl TableError {
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Database(source) => StoreError::database(&path, *source),
            Self::Damaged(what) => StoreError::Damaged { path, what },
        }
    }
}

/// A store that is not this replica's or not of this program.
pub(super) enum ClaimRefusal {
    Format(String),
    Foreign { found: String, wanted: String },
}

impl ClaimRefusal {
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Format(found) => StoreError::Format { path, found, known: FORMAT },
            Self::Foreign { found, wanted } => StoreError::Foreign { path, found, wanted },
        }
    }
}

/// Whether a store may be one that says nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// It may be new.
    Any,
    /// It has said whose it is before it got its name.
    Old,
}

/// All tables, open in one transaction.
pub(super) struct Tables<'t> {
    values: Table<'t, &'static str, &'static [u8]>,
    blocks: Table<'t, &'static [u8; 32], &'static [u8]>,
    committed: Table<'t, u64, &'static [u8]>,
    uncommitted: Table<'t, (u64, &'static [u8; 32]), ()>,
    handovers: Table<'t, u64, &'static [u8]>,
    snapshot: Table<'t, u64, &'static [u8]>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            values: transaction.open_table(VALUES)?,
            blocks: transaction.open_table(BLOCKS)?,
            committed: transaction.open_table(COMMITTED)?,
            uncommitted: transaction.open_table(UNCOMMITTED)?,
            handovers: transaction.open_table(HANDOVERS)?,
            snapshot: transaction.open_table(SNAPSHOT)?,
        })
    }

    /// Takes a new store for `owner`; refuses one that is somebody else's.
    pub(super) fn claim(&mut self, owner: &Owner, age: Age) -> Result<Option<ClaimRefusal>, TableError> {
        let wanted = owner.to_string();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let format = self.values.get(FORMAT_KEY)?.map(|value| text(value.value()));
        let owner = self.values.get(OWNER)?.map(|value| text(value.value()));
        match (format, owner) {
            (None, None) if age == Age::Any && self.is_empty()? => {
                self.values.insert(FORMAT_KEY, FORMAT.to_string().as_bytes())?;
                self.values.insert(OWNER, wanted.as_bytes())?;
                Ok(None)
            }
            (Some(found), _) if found != FORMAT.to_string() => Ok(Some(ClaimRefusal::Format(found))),
            (Some(_), Some(found)) if found == wanted => Ok(None),
            (Some(_), Some(found)) => Ok(Some(ClaimRefusal::Foreign { found, wanted })),
            (None, _) | (_, None) => Err(TableError::Damaged("it does not say what it is".into())),
        }
    }

    /// Notes the genesis block of a store that has none noted, or returns the other one that it has.
    pub(super) fn found(&mut self, genesis: &BlockId) -> Result<Option<BlockId>, TableError> {
        let noted = value(&self.values, GENESIS)?;
        if noted.is_none() {
            self.replace(GENESIS, genesis)?;
        }
        Ok(noted.filter(|noted| noted != genesis))
    }

    fn is_empty(&self) -> Result<bool, TableError> {
        Ok(self.values.is_empty()?
            && self.blocks.is_empty()?
            && self.committed.is_empty()?
            && self.uncommitted.is_empty()?
            && self.handovers.is_empty()?
            && self.snapshot.is_empty()?)
    }

    /// Takes the next record in.
    pub(super) fn apply(&mut self, record: &Record) -> Result<(), TableError> {
        match record {
            Record::Safety(safety) => self.replace(SAFETY, safety),
            Record::HighQc(qc) => self.replace(HIGH_QC, qc),
            Record::Tc(tc) => self.replace(TC, tc),
            Record::Halted(halt) => self.replace(HALTED, halt),
            Record::Snapshot { snapshot, useless_to } => self.snapshot(snapshot, *useless_to),
            Record::Handover(handover) => self.handover(handover),
            Record::Block(block) => self.add(block),
            Record::Committed(reference) => self.commit(reference),
        }
    }

    fn snapshot(&mut self, snapshot: &Snapshot, useless_to: Height) -> Result<(), TableError> {
        let height = snapshot.base().height();
        let encoded = wire::encode(snapshot);
        self.replace(SNAPSHOT_MARK, &SnapshotMark { height, bytes: encoded.len() as u64 })?;
        self.snapshot.retain(|_, _| false)?;
        for (number, part) in (0u64..).zip(encoded.chunks(PART_BYTES)) {
            let sealed = seal(SNAPSHOT.name(), &number.to_le_bytes(), part.to_vec());
            self.snapshot.insert(number, sealed.as_slice())?;
        }
        self.handovers.retain(|_, _| false)?;
        let useless = self.committed.extract_from_if(..=useless_to.0, |_, _| true)?;
        for entry in useless {
            let (height, id) = entry?;
            self.blocks.remove(&committed_id(height.value(), id.value())?.0)?;
        }
        let off_branch = self.uncommitted.extract_from_if(..=(height.0, &[0xff; 32]), |_, ()| true)?;
        for entry in off_branch {
            self.blocks.remove(entry?.0.value().1)?;
        }
        Ok(())
    }

    fn handover(&mut self, handover: &Handover) -> Result<(), TableError> {
        let epoch = handover.header.epoch.0;
        let sealed = seal(HANDOVERS.name(), &epoch.to_le_bytes(), wire::encode(handover));
        self.handovers.insert(epoch, sealed.as_slice())?;
        Ok(())
    }

    fn replace<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), TableError> {
        let sealed = seal(VALUES.name(), name.as_bytes(), wire::encode(value));
        self.values.insert(name, sealed.as_slice())?;
        Ok(())
    }

    fn add(&mut self, block: &Block) -> Result<(), TableError> {
        let id = block.id();
        let sealed = seal(BLOCKS.name(), &id.0, wire::encode(block));
        self.blocks.insert(&id.0, sealed.as_slice())?;
        self.uncommitted.insert((block.height().0, &id.0), ())?;
        Ok(())
    }

    fn commit(&mut self, reference: &BlockRef) -> Result<(), TableError> {
        let (height, id) = (reference.height.0, reference.id);
        if self.uncommitted.remove((height, &id.0))?.is_none() {
            return Err(TableError::Damaged(format!("{reference} is committed but was never added")));
        }
        let sealed = seal(COMMITTED.name(), &height.to_le_bytes(), id.0.to_vec());
        self.committed.insert(height, sealed.as_slice())?;
        let useless: Vec<(u64, [u8; 32])> = self
            .uncommitted
            .range((0, &[0; 32])..=(height, &[0xff; 32]))?
            .map(|entry| entry.map(|(key, _)| (key.value().0, *key.value().1)))
            .collect::<Result<_, _>>()?;
        for (height, id) in useless {
            self.uncommitted.remove((height, &id))?;
            let kept = self.committed.get(height)?.map(|stored| committed_id(height, stored.value()));
            if kept.transpose()? != Some(Digest(id)) {
                self.blocks.remove(&id)?;
            }
        }
        Ok(())
    }
}

/// The id in an entry of [`COMMITTED`].
pub(super) fn committed_id(height: u64, stored: &[u8]) -> Result<Digest, TableError> {
    let value = unseal(COMMITTED.name(), &height.to_le_bytes(), stored).ok();
    let id = value.and_then(|value| value.try_into().ok()).map(Digest);
    id.ok_or_else(|| TableError::Damaged(format!("the entry of height {height} is not what was stored")))
}
