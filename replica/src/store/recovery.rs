//! From tables back to what the core wants to know at its start.

use super::seal::unseal;
use super::tables::{
    BLOCKS, COMMITTED, HALTED, HANDOVERS, HIGH_QC, PART_BYTES, SAFETY, SNAPSHOT, SNAPSHOT_MARK, SnapshotMark,
    TC, TableError, UNCOMMITTED, VALUES, committed_id,
};
use hotstuff_core::crypto::Digest;
use hotstuff_core::snapshot::{SnapshotChunk, SnapshotRequest};
use hotstuff_core::{Block, Height, Recovered, Snapshot, wire};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableHandle};
use serde::de::DeserializeOwned;
use std::ops::Range;

type Values = ReadOnlyTable<&'static str, &'static [u8]>;
type Blocks = ReadOnlyTable<&'static [u8; 32], &'static [u8]>;
type Parts = ReadOnlyTable<u64, &'static [u8]>;

/// What is wrong with what was read, piece by piece.
pub(super) type Problems = Vec<TableError>;

/// All that the store holds and can be read. What cannot is left out, and told in `problems`.
pub(super) fn recovered(
    transaction: &ReadTransaction,
    problems: &mut Problems,
) -> Result<Recovered, TableError> {
    let values = transaction.open_table(VALUES)?;
    let blocks = transaction.open_table(BLOCKS)?;
    let mut recovered = Recovered {
        safety: or_note(value(&values, SAFETY), problems).flatten(),
        high_qc: or_note(value(&values, HIGH_QC), problems).flatten(),
        tc: or_note(value(&values, TC), problems).flatten(),
        halted: or_note(value(&values, HALTED), problems).flatten(),
        snapshot: or_note(snapshot(transaction, &values), problems).flatten(),
        ..Recovered::default()
    };
    let lowest = lowest(transaction)?;
    for found in committed(transaction, lowest, Height(u64::MAX))? {
        recovered.committed.extend(or_note(found, problems));
    }
    for entry in transaction.open_table(HANDOVERS)?.iter()? {
        let (epoch, bytes) = entry?;
        let name = format!("the handover after epoch {}", epoch.value());
        let handover = unsealed(HANDOVERS.name(), &epoch.value().to_le_bytes(), bytes.value(), &name);
        recovered.handovers.extend(or_note(handover, problems));
    }
    for entry in transaction.open_table(UNCOMMITTED)?.iter()? {
        let (key, _) = entry?;
        let found = or_note(block(&blocks, &Digest(*key.value().1)), problems);
        recovered.uncommitted.extend(found.map(|block| (block.id(), block)));
    }
    Ok(recovered)
}

/// The height of the first committed block that is kept.
fn lowest(transaction: &ReadTransaction) -> Result<Height, TableError> {
    let first = transaction.open_table(COMMITTED)?.first()?.map(|(height, _)| Height(height.value()));
    Ok(first.unwrap_or(Height(1)))
}

/// The snapshot's height and length, and the part of it that `request` asks for.
pub(super) fn snapshot_chunk(
    transaction: &ReadTransaction,
    request: SnapshotRequest,
    bytes_max: u32,
) -> Result<SnapshotChunk, TableError> {
    let values = transaction.open_table(VALUES)?;
    let Some(SnapshotMark { height, bytes: total }) = value(&values, SNAPSHOT_MARK)? else {
        return Ok(SnapshotChunk::none());
    };
    let range = SnapshotChunk::range(total, height, request, bytes_max);
    let offset = range.start;
    let bytes = parts(&transaction.open_table(SNAPSHOT)?, range)?;
    Ok(SnapshotChunk { height, total, offset, bytes })
}

fn snapshot(transaction: &ReadTransaction, values: &Values) -> Result<Option<Snapshot>, TableError> {
    let Some(SnapshotMark { bytes, .. }) = value(values, SNAPSHOT_MARK)? else { return Ok(None) };
    let encoded = parts(&transaction.open_table(SNAPSHOT)?, 0..bytes)?;
    let decoded = wire::decode(&encoded);
    decoded.map(Some).map_err(|why| TableError::Damaged(format!("the snapshot: {why}")))
}

/// The bytes of the snapshot's encoding in `range`.
fn parts(table: &Parts, range: Range<u64>) -> Result<Vec<u8>, TableError> {
    let part_bytes = PART_BYTES as u64;
    let mut bytes = Vec::new();
    for number in range.start / part_bytes..range.end.div_ceil(part_bytes) {
        let broken = || TableError::Damaged(format!("part {number} of the snapshot is not what was stored"));
        let stored = table.get(number)?.ok_or_else(broken)?;
        let part = unseal(SNAPSHOT.name(), &number.to_le_bytes(), stored.value()).map_err(|_| broken())?;
        let within = |at: u64| (at.saturating_sub(number * part_bytes).min(part_bytes)) as usize;
        let wanted = part.get(within(range.start)..within(range.end)).ok_or_else(broken)?;
        bytes.extend_from_slice(wanted);
    }
    Ok(bytes)
}

/// The committed blocks from `from` to `to`, as far as there are any. There are no gaps.
pub(super) fn committed(
    transaction: &ReadTransaction,
    from: Height,
    to: Height,
) -> Result<Vec<Result<Block, TableError>>, TableError> {
    let blocks = transaction.open_table(BLOCKS)?;
    let mut found = Vec::new();
    let mut expected = from;
    for entry in transaction.open_table(COMMITTED)?.range(from.0..=to.0)? {
        let (height, stored) = entry?;
        let height = height.value();
        if height != expected.0 {
            let what = format!("the committed block at height {expected} is missing");
            found.push(Err(TableError::Damaged(what)));
        }
        expected = Height(height).next();
        found.push(committed_id(height, stored.value()).and_then(|id| block(&blocks, &id)));
    }
    Ok(found)
}

/// One of the single values, by name.
pub(super) fn value<T: DeserializeOwned>(
    values: &impl ReadableTable<&'static str, &'static [u8]>,
    name: &str,
) -> Result<Option<T>, TableError> {
    let Some(stored) = values.get(name)? else { return Ok(None) };
    let told = format!("its {name} record");
    unsealed(VALUES.name(), name.as_bytes(), stored.value(), &told).map(Some)
}

fn block(blocks: &Blocks, id: &Digest) -> Result<Block, TableError> {
    let name = format!("block {id}");
    let stored = blocks.get(&id.0)?.ok_or_else(|| TableError::Damaged(format!("{name} is not there")))?;
    let block: Block = unsealed(BLOCKS.name(), &id.0, stored.value(), &name)?;
    if block.id() == *id {
        return Ok(block);
    }
    Err(TableError::Damaged(format!("{name} has another block's content")))
}

fn unsealed<T: DeserializeOwned>(
    table: &str,
    key: &[u8],
    stored: &[u8],
    name: &str,
) -> Result<T, TableError> {
    let value = unseal(table, key, stored);
    let value = value.map_err(|_| TableError::Damaged(format!("{name} is not what was stored")))?;
    wire::decode(value).map_err(|why| TableError::Damaged(format!("{name}: {why}")))
}

fn or_note<T>(read: Result<T, TableError>, problems: &mut Problems) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}
