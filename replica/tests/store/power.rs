//! Loss of power at any point: of what was not synchronised any part may be on the disk, sector by
//! sector. The store must open, and hold all that was appended before.

use crate::chain::{CLUSTER, Chain};
use hotstuff_core::{CommitRule, Recovered, ReplicaId};
use hotstuff_replica::config::Durability;
use hotstuff_replica::store::{FILE, Store, StoreError};
use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// What a disk does or does not do as a whole.
const SECTOR: u64 = 512;

#[derive(Clone, Debug)]
enum Happening {
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
    /// So many batches are appended.
    Appended(usize),
}

/// A disk that remembers all that happened to it.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<(Vec<u8>, Vec<Happening>)>>);

impl Disk {
    fn of(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new((image, Vec::new()))))
    }

    fn happens(&self, happening: Happening) {
        let (image, history) = &mut *self.0.lock().unwrap();
        apply(image, &happening);
        history.push(happening);
    }

    fn history(&self) -> Vec<Happening> {
        self.0.lock().unwrap().1.clone()
    }
}

fn apply(image: &mut Vec<u8>, happening: &Happening) {
    match happening {
        Happening::Write(offset, data) => {
            image[*offset as usize..][..data.len()].copy_from_slice(data);
        }
        Happening::SetLen(len) => image.resize(*len as usize, 0),
        Happening::Sync | Happening::Appended(_) => {}
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().0.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let image = &self.0.lock().unwrap().0;
        let found = image.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.happens(Happening::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.happens(Happening::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.happens(Happening::Write(offset, data.to_vec()));
        Ok(())
    }
}

/// Opens a store from a file that holds `image`, as a replica does.
fn start(folder: &TempDir, image: &[u8]) -> Result<Recovered, StoreError> {
    std::fs::write(folder.path().join(FILE), image).unwrap();
    Store::open(folder.path(), &CLUSTER, ReplicaId(0), Durability::Os).map(|(_, recovered)| recovered)
}

fn open(disk: Disk) -> Result<(Store, Recovered), StoreError> {
    Store::on(disk, "memory".into(), &CLUSTER, ReplicaId(0))
}

/// Numbers that look random; the same ones in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// What is on a disk that held `image`, if the power fails after so many of the things that happened.
fn after_power_loss(mut image: Vec<u8>, happened: &[Happening], chance: &mut Chance) -> Vec<u8> {
    let synced = happened.iter().rposition(|happening| matches!(happening, Happening::Sync));
    let (synced, rest) = happened.split_at(synced.map_or(0, |at| at + 1));
    synced.iter().for_each(|happening| apply(&mut image, happening));
    // None of the rest, all of it, or any sectors of it.
    let odds = [0, 1, 2, 4][chance.below(4)];
    for happening in rest {
        match happening {
            Happening::Write(offset, data) => {
                let mut at = 0;
                while at < data.len() {
                    let length = ((SECTOR - (offset + at as u64) % SECTOR) as usize).min(data.len() - at);
                    let fits = *offset as usize + at + length <= image.len();
                    if fits && odds > 0 && chance.below(odds) == 0 {
                        let sector = Happening::Write(offset + at as u64, data[at..at + length].to_vec());
                        apply(&mut image, &sector);
                    }
                    at += length;
                }
            }
            other if odds > 0 && chance.below(odds) == 0 => apply(&mut image, other),
            _ => {}
        }
    }
    image
}

/// What happened to a disk while batches were appended, and what the store held after each.
fn appended() -> (Vec<Happening>, Vec<Recovered>) {
    let disk = Disk::default();
    let (store, empty) = open(disk.clone()).unwrap();
    let mut chain = Chain::start(CommitRule::ThreeChain, 16);
    let mut folds = vec![empty];
    disk.happens(Happening::Appended(0));
    for number in 0..30u32 {
        chain.set(&format!("key {}", number % 5), &number.to_le_bytes().repeat(400));
        let records = chain.take_records();
        store.append(&records).unwrap();
        let mut fold = folds.last().unwrap().clone();
        records.into_iter().for_each(|record| fold.apply(record));
        folds.push(fold);
        disk.happens(Happening::Appended(folds.len() - 1));
    }
    (disk.history(), folds)
}

/// Where the power fails, and how many batches were appended before that.
fn failure<'h>(history: &'h [Happening], chance: &mut Chance) -> (&'h [Happening], usize) {
    let is_ready = |happening: &Happening| matches!(happening, Happening::Appended(0));
    let begin = history.iter().position(is_ready).unwrap() + 1;
    let happened = &history[..begin + chance.below(history.len() - begin + 1)];
    let appended = happened.iter().rev().find_map(|happening| match happening {
        Happening::Appended(batches) => Some(*batches),
        _ => None,
    });
    (happened, appended.unwrap())
}

#[test]
fn whenever_the_power_fails_all_that_was_appended_is_there() {
    let (history, folds) = appended();
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance(1);
    let (mut ahead, mut again) = (0, 0);
    for round in 0..300 {
        let (happened, appended) = failure(&history, &mut chance);
        let mut image = after_power_loss(Vec::new(), happened, &mut chance);
        if chance.below(3) == 0 {
            // And once more while the store opens.
            let disk = Disk::of(image.clone());
            drop(open(disk.clone()).map(|(store, _)| store));
            let happened = disk.history();
            let end = chance.below(happened.len() + 1);
            image = after_power_loss(image, &happened[..end], &mut chance);
            again += 1;
        }
        let at = happened.len();
        let opened = start(&folder, &image);
        let recovered = opened.unwrap_or_else(|error| panic!("round {round}, at {at}: {error}"));
        // What was under way may be there too, as a whole.
        let next = folds.get(appended + 1).is_some_and(|next| *next == recovered);
        assert!(next || recovered == folds[appended], "round {round}, at {at}");
        ahead += u32::from(next);
    }
    assert!(ahead > 10 && again > 50, "{ahead} ahead, {again} twice");
}

/// What `durability = "os"` risks, and what it does not: a state that never was.
#[test]
fn without_synchronising_a_store_is_refused_after_a_loss_of_power_or_holds_an_older_state() {
    let (mut history, folds) = appended();
    let folder = tempfile::tempdir().unwrap();
    history.retain(|happening| !matches!(happening, Happening::Sync));
    let mut chance = Chance(1);
    let (mut refused, mut older) = (0, 0);
    for round in 0..300 {
        let (happened, appended) = failure(&history, &mut chance);
        // The file was made with care.
        let mut image = Vec::new();
        let made = happened.iter().position(|one| matches!(one, Happening::Appended(0))).unwrap();
        happened[..made].iter().for_each(|happening| apply(&mut image, happening));
        let image = after_power_loss(image, &happened[made..], &mut chance);
        match start(&folder, &image) {
            Ok(recovered) => {
                let found = folds.iter().rposition(|fold| *fold == recovered);
                let found = found.unwrap_or_else(|| panic!("round {round}: a state that never was"));
                older += u32::from(found < appended);
            }
            Err(error) => {
                assert!(matches!(error, StoreError::Damaged { .. }), "round {round}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 20 && older > 20, "{refused} refused, {older} older");
}
