//! The tables and how each record changes them: the same fold as `Recovered::apply`, on disk.

use super::StoreError;
use hotstuff_core::crypto::{ClusterId, Digest};
use hotstuff_core::snapshot::{Handover, Snapshot};
use hotstuff_core::{Block, BlockRef, Height, Record, ReplicaId, wire};
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use serde::Serialize;
use std::path::Path;

/// Which format this program writes and reads.
const FORMAT: u32 = 3;

/// Single values by name: what the store is, and the newest of each replaced record.
pub(super) const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");
/// Blocks by id, committed or not.
pub(super) const BLOCKS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("blocks");
/// The committed block at each height.
pub(super) const COMMITTED: TableDefinition<'_, u64, &[u8; 32]> = TableDefinition::new("committed");
/// Blocks not committed yet, by height and id.
pub(super) const UNCOMMITTED: TableDefinition<'_, (u64, &[u8; 32]), ()> = TableDefinition::new("uncommitted");

/// Proofs of changes of the committee since the snapshot, by the epoch before.
pub(super) const HANDOVERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("handovers");

pub(super) const SNAPSHOT: &str = "snapshot";
pub(super) const SNAPSHOT_HEIGHT: &str = "snapshot_height";
pub(super) const SAFETY: &str = "safety";
pub(super) const HIGH_QC: &str = "high_qc";
pub(super) const TC: &str = "tc";
pub(super) const HALTED: &str = "halted";
const FORMAT_KEY: &str = "format";
const OWNER: &str = "owner";

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
            Self::Database(source) => StoreError::Database { path, source },
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

/// All tables, open in one transaction.
pub(super) struct Tables<'t> {
    values: Table<'t, &'static str, &'static [u8]>,
    blocks: Table<'t, &'static [u8; 32], &'static [u8]>,
    committed: Table<'t, u64, &'static [u8; 32]>,
    uncommitted: Table<'t, (u64, &'static [u8; 32]), ()>,
    handovers: Table<'t, u64, &'static [u8]>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            values: transaction.open_table(VALUES)?,
            blocks: transaction.open_table(BLOCKS)?,
            committed: transaction.open_table(COMMITTED)?,
            uncommitted: transaction.open_table(UNCOMMITTED)?,
            handovers: transaction.open_table(HANDOVERS)?,
        })
    }

    /// Takes a new store for `id` of `cluster`; refuses one that is somebody else's.
    pub(super) fn claim(
        &mut self,
        cluster: &ClusterId,
        id: ReplicaId,
    ) -> Result<Option<ClaimRefusal>, TableError> {
        let wanted = format!("{id} of cluster {:#}", Digest(cluster.0));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let format = self.values.get(FORMAT_KEY)?.map(|value| text(value.value()));
        let owner = self.values.get(OWNER)?.map(|value| text(value.value()));
        match (format, owner) {
            (None, None) => {
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
        self.replace(SNAPSHOT, snapshot)?;
        self.replace(SNAPSHOT_HEIGHT, &height)?;
        self.handovers.retain(|_, _| false)?;
        let useless = self.committed.extract_from_if(..=useless_to.0, |_, _| true)?;
        for entry in useless {
            self.blocks.remove(entry?.1.value())?;
        }
        let off_branch = self.uncommitted.extract_from_if(..=(height.0, &[0xff; 32]), |_, ()| true)?;
        for entry in off_branch {
            self.blocks.remove(entry?.0.value().1)?;
        }
        Ok(())
    }

    fn handover(&mut self, handover: &Handover) -> Result<(), TableError> {
        self.handovers.insert(handover.header.epoch.0, wire::encode(handover).as_slice())?;
        Ok(())
    }

    fn replace<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), TableError> {
        self.values.insert(name, wire::encode(value).as_slice())?;
        Ok(())
    }

    fn add(&mut self, block: &Block) -> Result<(), TableError> {
        let id = block.id();
        self.blocks.insert(&id.0, wire::encode(block).as_slice())?;
        self.uncommitted.insert((block.height().0, &id.0), ())?;
        Ok(())
    }

    fn commit(&mut self, reference: &BlockRef) -> Result<(), TableError> {
        let (height, id) = (reference.height.0, reference.id);
        if self.uncommitted.remove((height, &id.0))?.is_none() {
            return Err(TableError::Damaged(format!("{reference} is committed but was never added")));
        }
        self.committed.insert(height, &id.0)?;
        let useless: Vec<(u64, [u8; 32])> = self
            .uncommitted
            .range((0, &[0; 32])..=(height, &[0xff; 32]))?
            .map(|entry| entry.map(|(key, _)| (key.value().0, *key.value().1)))
            .collect::<Result<_, _>>()?;
        for (height, id) in useless {
            self.uncommitted.remove((height, &id))?;
            let is_committed = self.committed.get(height)?.is_some_and(|kept| *kept.value() == id);
            if !is_committed {
                self.blocks.remove(&id)?;
            }
        }
        Ok(())
    }
}
