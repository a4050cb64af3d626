//! What a store holds is what the records fold to, and it refuses what is not its own.

use crate::chain::{Chain, committee, operator};
use hotstuff_core::block::Header;
use hotstuff_core::certificate::Vote;
use hotstuff_core::command::{Operation, Payload};
use hotstuff_core::crypto::{ClusterId, Digest, Signature};
use hotstuff_core::safety::SafetyRecord;
use hotstuff_core::snapshot::{SnapshotChunk, SnapshotRequest};
use hotstuff_core::{
    Block, BlockRef, CommitRule, CommitteeChange, Epoch, Height, Power, QuorumCertificate, Record, Recovered,
    ReplicaId, TimeoutCertificate, View, wire,
};
use hotstuff_replica::config::Durability;
use hotstuff_replica::store::{Store, StoreError};
use proptest::prelude::*;
use std::path::Path;

const CLUSTER: ClusterId = ClusterId([7; 32]);
const SIGNATURE: Signature = Signature([3; 64]);

fn open(folder: &Path) -> (Store, Recovered) {
    Store::open(folder, &CLUSTER, ReplicaId(0), Durability::Sync).unwrap()
}

fn qc(view: u64) -> QuorumCertificate {
    let block =
        BlockRef { epoch: Epoch(0), view: View(view), height: Height(view), id: Digest([view as u8; 32]) };
    QuorumCertificate { block, signatures: vec![(ReplicaId(1), SIGNATURE)] }
}

/// A block that no leader signed; the store does not ask.
fn block(height: u64, variant: u8) -> Block {
    let header = Header {
        epoch: Epoch(0),
        view: View(height),
        height: Height(height),
        proposer: ReplicaId(2),
        justify: qc(height.saturating_sub(1)),
        payload_digest: Digest([variant; 32]),
        state_root: Digest([9; 32]),
    };
    wire::decode(&wire::encode(&(header, SIGNATURE, Payload::default()))).unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Safety(u64),
    HighQc(u64),
    Tc(u64),
    /// Adds a block this far above the committed head (or below it), of this variant.
    Block(i8, u8),
    /// Commits one of the blocks that stand directly above the head, if there are any.
    Commit(usize),
    /// Closes the store and opens it again.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u64>().prop_map(Step::Safety),
        any::<u64>().prop_map(Step::HighQc),
        any::<u64>().prop_map(Step::Tc),
        (-1i8..4, 0u8..3).prop_map(|(above, variant)| Step::Block(above, variant)),
        (-1i8..4, 0u8..3).prop_map(|(above, variant)| Step::Block(above, variant)),
        any::<usize>().prop_map(Step::Commit),
        any::<usize>().prop_map(Step::Commit),
        Just(Step::Reopen),
    ]
}

fn record(step: Step, fold: &Recovered) -> Option<Record> {
    let head = fold.committed.len() as u64;
    Some(match step {
        Step::Reopen => return None,
        Step::Safety(view) => {
            let vote = Vote { block: qc(view).block, voter: ReplicaId(0), signature: SIGNATURE };
            Record::Safety(SafetyRecord {
                last_vote: (view % 2 == 0).then_some(vote),
                last_timeout: View(view),
                last_proposed: View(view / 3),
                lock: qc(view / 2).block,
            })
        }
        Step::HighQc(view) => Record::HighQc(qc(view)),
        Step::Tc(view) => Record::Tc(TimeoutCertificate {
            epoch: Epoch(0),
            view: View(view),
            high_qc: qc(view / 2),
            signatures: vec![],
        }),
        Step::Block(above, variant) => {
            Record::Block(block(head.saturating_add_signed(above.into()).max(1), variant))
        }
        Step::Commit(pick) => {
            let next: Vec<_> = fold.uncommitted.values().filter(|b| b.height().0 == head + 1).collect();
            Record::Committed(next.get(pick.checked_rem(next.len())?)?.reference())
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Batches of records in one transaction each, with restarts between them.
    #[test]
    fn the_store_holds_what_the_records_fold_to(
        batches in proptest::collection::vec(proptest::collection::vec(step(), 1..12), 1..12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, mut fold) = open(folder.path());
        prop_assert_eq!(&fold, &Recovered::default());
        for batch in batches {
            let mut records = Vec::new();
            let mut reopens = false;
            for step in batch {
                reopens |= matches!(step, Step::Reopen);
                if let Some(record) = record(step, &fold) {
                    fold.apply(record.clone());
                    records.push(record);
                }
            }
            store.append(&records).unwrap();
            if reopens {
                drop(store);
                let (again, recovered) = open(folder.path());
                prop_assert_eq!(&recovered, &fold);
                store = again;
            }
        }
        if !fold.committed.is_empty() {
            let all = store.committed(Height(1), Height(fold.committed.len() as u64)).unwrap();
            prop_assert_eq!(&all, &fold.committed);
        }
        drop(store);
        let (_, recovered) = open(folder.path());
        prop_assert_eq!(recovered, fold);
    }
}

#[test]
fn committed_blocks_are_read_by_range_and_gaps_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    for height in 1..=5 {
        let block = block(height, 0);
        store.append(&[Record::Block(block.clone()), Record::Committed(block.reference())]).unwrap();
    }
    let heights: Vec<u64> =
        store.committed(Height(2), Height(4)).unwrap().iter().map(|block| block.height().0).collect();
    assert_eq!(heights, [2, 3, 4]);
    assert!(matches!(store.committed(Height(4), Height(6)), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_commit_without_its_block_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path());
    let records = [Record::HighQc(qc(5)), Record::Committed(block(1, 0).reference())];
    assert!(matches!(store.append(&records), Err(StoreError::Damaged { .. })));
    drop(store);
    assert_eq!(open(folder.path()).1, Recovered::default());
}

#[test]
fn a_store_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, _) = open(folder.path());
    let refused = Store::open(folder.path(), &CLUSTER, ReplicaId(0), Durability::Sync).err().unwrap();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
}

#[test]
fn anothers_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let other_replica = Store::open(folder.path(), &CLUSTER, ReplicaId(1), Durability::Sync).err().unwrap();
    assert!(matches!(other_replica, StoreError::Foreign { .. }), "{other_replica}");
    let other_cluster =
        Store::open(folder.path(), &ClusterId([8; 32]), ReplicaId(0), Durability::Sync).err().unwrap();
    assert!(matches!(other_cluster, StoreError::Foreign { .. }), "{other_cluster}");
    open(folder.path());
}

#[test]
fn what_the_cluster_started_with_is_noted_once() {
    let folder = tempfile::tempdir().unwrap();
    let [first, other] = [CommitRule::ThreeChain, CommitRule::TwoChain].map(committee);
    open(folder.path()).0.found(&first).unwrap();
    for _ in 0..2 {
        let (store, _) = open(folder.path());
        store.found(&first).unwrap();
        let refused = store.found(&other).unwrap_err();
        assert!(matches!(refused, StoreError::Refounded { .. }), "{refused}");
    }
}

#[test]
fn an_unknown_format_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let database = redb::Database::open(folder.path().join("store.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let values: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("values");
    transaction.open_table(values).unwrap().insert("format", b"99".as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let refused = Store::open(folder.path(), &CLUSTER, ReplicaId(0), Durability::Sync).err().unwrap();
    assert!(matches!(refused, StoreError::Format { .. }), "{refused}");
    assert!(refused.to_string().contains("run the version that"), "{refused}");
}

#[test]
fn a_file_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("store.redb"), [5; 9_000]).unwrap();
    let refused = Store::open(folder.path(), &CLUSTER, ReplicaId(0), Durability::Sync).err().unwrap();
    assert!(!refused.to_string().contains('\n'), "{refused}");
}

/// The records of a replica at work: with snapshots, what they make useless, and changes of the
/// committee.
#[test]
fn what_a_replica_has_stored_is_what_its_records_fold_to() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut fold) = open(folder.path());
    let mut chain = Chain::start(CommitRule::TwoChain, 16);
    let mut snapshots = 0;
    for number in 0..40u16 {
        chain.set(&format!("key {number}"), &[7; 9_000]);
        if number % 15 == 7 {
            let change =
                CommitteeChange::SetPower { replica: ReplicaId(3), power: Power(1 + u64::from(number % 2)) };
            chain.submit(&operator(), Operation::Committee(change));
        }
        let records = chain.take_records();
        store.append(&records).unwrap();
        snapshots += records.iter().filter(|record| matches!(record, Record::Snapshot { .. })).count();
        records.into_iter().for_each(|record| fold.apply(record));
        if number % 10 == 9 {
            drop(store);
            let (again, recovered) = open(folder.path());
            assert!(recovered == fold, "after {number} commands");
            store = again;
        }
    }
    assert!(snapshots > 3 && fold.committed[0].height() > Height(1), "some of the chain is pruned");
    let snapshot = fold.snapshot.unwrap();
    assert!(!snapshot.handovers.is_empty() || !fold.handovers.is_empty(), "a change is proven");
    let encoded = wire::encode(&snapshot);
    assert!(encoded.len() > 255 << 10, "more than one part: {}", encoded.len());
    for (offset, bytes_max) in
        [(0, 1), (0, 1 << 20), (255 << 10, 7), ((255 << 10) - 3, 9), (u64::MAX, 5), (17, 0)]
    {
        for height in [None, Some(snapshot.base().height()), Some(Height(1))] {
            let request = SnapshotRequest { height, offset };
            let expected = SnapshotChunk::cut(&encoded, snapshot.base().height(), request, bytes_max);
            assert_eq!(store.snapshot_chunk(request, bytes_max).unwrap(), expected);
        }
    }
}
