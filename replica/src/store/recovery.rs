//! From tables back to what the core wants to know at its start.

use super::tables::{
    BLOCKS, COMMITTED, HALTED, HANDOVERS, HIGH_QC, SAFETY, SNAPSHOT, SNAPSHOT_HEIGHT, TC, TableError,
    UNCOMMITTED, VALUES,
};
use hotstuff_core::crypto::Digest;
use hotstuff_core::snapshot::{SnapshotChunk, SnapshotRequest};
use hotstuff_core::{Block, Height, Recovered, wire};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};
use serde::de::DeserializeOwned;

type Values = ReadOnlyTable<&'static str, &'static [u8]>;
type Blocks = ReadOnlyTable<&'static [u8; 32], &'static [u8]>;

/// All that the store holds.
pub(super) fn recovered(transaction: &ReadTransaction) -> Result<Recovered, TableError> {
    let values = transaction.open_table(VALUES)?;
    let blocks = transaction.open_table(BLOCKS)?;
    let mut recovered = Recovered {
        safety: value(&values, SAFETY)?,
        high_qc: value(&values, HIGH_QC)?,
        tc: value(&values, TC)?,
        halted: value(&values, HALTED)?,
        snapshot: value(&values, SNAPSHOT)?,
        committed: committed(transaction, lowest(transaction)?, Height(u64::MAX))?,
        ..Recovered::default()
    };
    for entry in transaction.open_table(HANDOVERS)?.iter()? {
        let (epoch, bytes) = entry?;
        let decoded = wire::decode(bytes.value());
        let damaged = |why| TableError::Damaged(format!("the handover after epoch {}: {why}", epoch.value()));
        recovered.handovers.push(decoded.map_err(damaged)?);
    }
    for entry in transaction.open_table(UNCOMMITTED)?.iter()? {
        let (key, _) = entry?;
        let block = block(&blocks, key.value().1)?;
        recovered.uncommitted.insert(block.id(), block);
    }
    Ok(recovered)
}

/// The height of the first committed block that is kept.
fn lowest(transaction: &ReadTransaction) -> Result<Height, TableError> {
    let first = transaction.open_table(COMMITTED)?.first()?.map(|(height, _)| Height(height.value()));
    Ok(first.unwrap_or(Height(1)))
}

/// A part of the snapshot, as [`SnapshotChunk::cut`] cuts it.
pub(super) fn snapshot_chunk(
    transaction: &ReadTransaction,
    request: SnapshotRequest,
    bytes_max: u32,
) -> Result<SnapshotChunk, TableError> {
    let values = transaction.open_table(VALUES)?;
    let (Some(encoded), Some(height)) = (values.get(SNAPSHOT)?, value(&values, SNAPSHOT_HEIGHT)?) else {
        return Ok(SnapshotChunk::none());
    };
    Ok(SnapshotChunk::cut(encoded.value(), height, request, bytes_max))
}

/// The committed blocks from `from` to `to`, as far as there are any. There are no gaps.
pub(super) fn committed(
    transaction: &ReadTransaction,
    from: Height,
    to: Height,
) -> Result<Vec<Block>, TableError> {
    let blocks = transaction.open_table(BLOCKS)?;
    let mut found = Vec::new();
    let mut expected = from;
    for entry in transaction.open_table(COMMITTED)?.range(from.0..=to.0)? {
        let (height, id) = entry?;
        if height.value() != expected.0 {
            return Err(TableError::Damaged(format!("the committed block at height {expected} is missing")));
        }
        expected = expected.next();
        found.push(block(&blocks, id.value())?);
    }
    Ok(found)
}

fn value<T: DeserializeOwned>(values: &Values, name: &str) -> Result<Option<T>, TableError> {
    let Some(bytes) = values.get(name)? else { return Ok(None) };
    let decoded = wire::decode(bytes.value());
    decoded.map(Some).map_err(|why| TableError::Damaged(format!("its {name} record: {why}")))
}

fn block(blocks: &Blocks, id: &[u8; 32]) -> Result<Block, TableError> {
    let name = Digest(*id);
    let damaged = |why: &dyn std::fmt::Display| TableError::Damaged(format!("block {name}: {why}"));
    let bytes = blocks.get(id)?.ok_or_else(|| damaged(&"it is not there"))?;
    let block: Block = wire::decode(bytes.value()).map_err(|why| damaged(&why))?;
    if block.id() == name { Ok(block) } else { Err(damaged(&"its content is another block's")) }
}
