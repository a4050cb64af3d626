//! Files that are torn, overwritten or not what they should be: refused by name, or without effect.

use crate::chain::{CLUSTER, Chain};
use hotstuff_core::{CommitRule, Recovered, ReplicaId};
use hotstuff_replica::config::Durability;
use hotstuff_replica::store::{FILE, Store, StoreError};
use redb::{ReadableTable, TableDefinition};
use std::ops::Range;
use std::path::Path;

fn open(folder: &Path) -> Result<(Store, Recovered), StoreError> {
    Store::open(folder, &CLUSTER, ReplicaId(0), Durability::Os)
}

/// A store with a snapshot, committed and uncommitted blocks: its file after the replica was killed, its
/// file after it was stopped, and what both hold.
fn stored() -> ([Vec<u8>; 2], Recovered) {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(folder.path()).unwrap();
    let mut chain = Chain::start(CommitRule::ThreeChain, 16);
    for number in 0..20u32 {
        chain.set(&format!("key {number}"), &number.to_le_bytes().repeat(200));
        store.append(&chain.take_records()).unwrap();
    }
    let path = folder.path().join(FILE);
    let killed = std::fs::read(&path).unwrap();
    drop(store);
    let stopped = std::fs::read(&path).unwrap();
    let (_, recovered) = open(folder.path()).unwrap();
    assert!(recovered.snapshot.is_some() && recovered.committed.len() > 16);
    assert!(recovered.safety.is_some() && recovered.uncommitted.len() > 1);
    ([killed, stopped], recovered)
}

/// Numbers that look random; the same ones in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

const PAGE: usize = 4_096;

fn page(file: &[u8], chance: &mut Chance) -> Range<usize> {
    let start = chance.below(file.len() / PAGE) * PAGE;
    start..start + PAGE
}

/// Changes a file in one of the ways in which disks and people do.
fn corrupt(file: &mut Vec<u8>, chance: &mut Chance) -> String {
    match chance.below(7) {
        0 => {
            let at = chance.below(file.len());
            file[at] ^= 1 << chance.below(8);
            format!("a bit of byte {at} is flipped")
        }
        1 => {
            // Half of all pages are free; the header and the first ones are not.
            let at = chance.below(16 * PAGE);
            file[at] ^= 1 << chance.below(8);
            format!("a bit of byte {at} is flipped")
        }
        2 => {
            let page = page(file, chance);
            file[page.clone()].fill(0);
            format!("page {page:?} is zero")
        }
        3 => {
            let (from, to) = (page(file, chance), page(file, chance));
            file.copy_within(from.clone(), to.start);
            format!("page {from:?} stands at {to:?} too")
        }
        4 => {
            let length = chance.below(file.len());
            file.truncate(length);
            format!("only {length} bytes are left")
        }
        5 => {
            let at = chance.below(320);
            file[at] = chance.below(256) as u8;
            format!("byte {at} of the header is another")
        }
        _ => {
            let more = chance.below(3 * PAGE) + 1;
            file.extend(std::iter::repeat_n(0xa5, more));
            format!("{more} bytes are added")
        }
    }
}

#[test]
fn a_changed_file_is_refused_by_name_or_holds_what_was_stored() {
    let (files, expected) = stored();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let mut chance = Chance(1);
    let (mut refused, mut unharmed) = (0, 0);
    for round in 0..400 {
        let mut file = files[round % 2].clone();
        let what = corrupt(&mut file, &mut chance);
        std::fs::write(&path, &file).unwrap();
        match open(folder.path()) {
            Ok((_, recovered)) => {
                assert!(recovered == expected, "round {round}: {what}, and it was not noticed");
                unharmed += 1;
            }
            Err(error) => {
                let said = error.to_string();
                assert!(said.contains("store.redb") && !said.contains('\n'), "round {round}, {what}: {said}");
                assert!(!matches!(error, StoreError::InUse { .. }), "round {round}, {what}: {said}");
                let again = open(folder.path()).err().map(|error| error.to_string());
                assert!(again.is_some(), "round {round}, {what}: refused and then not: {said}");
                refused += 1;
            }
        }
    }
    println!("{refused} refused, {unharmed} unharmed");
    assert!(refused > 150 && unharmed > 50, "both happen: {refused} refused, {unharmed} unharmed");
}

/// The numbers of the two commits that a header names, byte by byte.
#[test]
fn a_header_with_other_numbers_is_refused_or_holds_what_was_stored() {
    let (files, expected) = stored();
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        for at in (168..176).chain(296..304) {
            for value in [0, 1, 0x7f, 0xff, file[at].wrapping_sub(1), file[at].wrapping_add(1)] {
                let mut changed = file.clone();
                changed[at] = value;
                std::fs::write(folder.path().join(FILE), &changed).unwrap();
                let opened = open(folder.path()).ok().map(|(_, recovered)| recovered);
                assert!(opened.is_none_or(|found| found == expected), "byte {at} is {value}");
            }
        }
    }
}

/// No checksum covers the bit that says which of two commits is the newest.
#[test]
fn a_store_does_not_go_back_to_an_older_commit() {
    let (files, expected) = stored();
    let folder = tempfile::tempdir().unwrap();
    for mut file in files {
        file[9] ^= 1;
        std::fs::write(folder.path().join(FILE), &file).unwrap();
        let (_, recovered) = open(folder.path()).unwrap();
        assert!(recovered == expected);
    }
}

#[test]
fn a_value_changed_by_other_means_is_refused() {
    let ([_, stopped], _) = stored();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let values = TableDefinition::<&str, &[u8]>::new("values");
    let by_number = |name| TableDefinition::<u64, &[u8]>::new(name);
    let flip = |value: &[u8]| {
        let mut value = value.to_vec();
        value[3] ^= 1;
        value
    };
    for (name, told) in [
        ("safety", "its safety record is not what was stored"),
        ("high_qc", "its high_qc record is not what was stored"),
        ("snapshot", "its snapshot record is not what was stored"),
        ("committed", "the entry of height"),
        ("snapshot part", "part 0 of the snapshot is not what was stored"),
        ("blocks", "is not what was stored"),
        ("missing blocks", "is not there"),
        ("gap", "is missing"),
    ] {
        std::fs::write(&path, &stopped).unwrap();
        let database = redb::Database::open(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        match name {
            "committed" | "snapshot part" => {
                let name = name.split(' ').next().unwrap();
                let mut table = transaction.open_table(by_number(name)).unwrap();
                let (key, changed) =
                    table.first().unwrap().map(|(k, v)| (k.value(), flip(v.value()))).unwrap();
                table.insert(key, changed.as_slice()).unwrap();
            }
            "gap" => {
                let mut table = transaction.open_table(by_number("committed")).unwrap();
                let key = table.first().unwrap().unwrap().0.value() + 1;
                table.remove(key).unwrap();
            }
            "blocks" | "missing blocks" => {
                let blocks = TableDefinition::<&[u8; 32], &[u8]>::new("blocks");
                let mut table = transaction.open_table(blocks).unwrap();
                let (key, changed) =
                    table.first().unwrap().map(|(k, v)| (*k.value(), flip(v.value()))).unwrap();
                if name == "blocks" {
                    table.insert(&key, changed.as_slice()).unwrap();
                } else {
                    table.remove(&key).unwrap();
                }
            }
            _ => {
                let mut table = transaction.open_table(values).unwrap();
                let changed = table.get(name).unwrap().map(|value| flip(value.value())).unwrap();
                table.insert(name, changed.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
        drop(database);
        let refused = open(folder.path()).err().unwrap_or_else(|| panic!("{name}: not refused"));
        assert!(matches!(refused, StoreError::Damaged { .. }), "{name}: {refused}");
        assert!(refused.to_string().contains(told), "{name}: {refused}");
    }
}

#[test]
fn an_empty_file_is_a_lost_store_and_an_unfinished_new_one_is_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), []).unwrap();
    let refused = open(folder.path()).err().unwrap();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().contains("the file is empty"), "{refused}");

    std::fs::remove_file(folder.path().join(FILE)).unwrap();
    std::fs::write(folder.path().join("store.redb.new"), [1; 5_000]).unwrap();
    assert_eq!(open(folder.path()).unwrap().1, Recovered::default());
    assert!(!folder.path().join("store.redb.new").exists());
}

/// A store gets its name when it says whose it is, so one that says nothing was not made by a replica.
#[test]
fn a_store_that_does_not_say_whose_it_is_is_not_taken_for_a_new_one() {
    let ([_, stopped], _) = stored();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let refused = |what: &str| {
        let refused = open(folder.path()).err().unwrap_or_else(|| panic!("{what}: not refused"));
        assert!(refused.to_string().contains("it does not say what it is"), "{what}: {refused}");
    };
    std::fs::write(&path, &stopped).unwrap();
    let values = TableDefinition::<&str, &[u8]>::new("values");
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(values).unwrap();
        table.remove("format").unwrap();
        table.remove("owner").unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    refused("both rows are gone");

    std::fs::remove_file(&path).unwrap();
    drop(redb::Database::create(&path).unwrap());
    refused("another program's empty database");
}
