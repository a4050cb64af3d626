//! What becomes of the newest commit when one bit of it, or beside it, flips on the disk.

use super::pattern::Open;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// How many bytes before and after a record are flipped too: lengths, marks and checksums.
const AROUND: usize = 64;
/// Every so many bytes one is flipped.
const STEP: usize = 2;
const VIEWS: u64 = 10;

/// What an engine said of the newest record, how often.
#[derive(Debug, Default)]
pub struct Outcomes {
    refused: u32,
    unharmed: u32,
    forgotten: u32,
    changed: u32,
}

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, unharmed, forgotten, changed } = self;
        write!(
            f,
            "{refused} times refused, {unharmed} unharmed, {forgotten} forgotten, {changed} given changed"
        )
    }
}

/// Commits a few views, takes the files as a kill would leave them, and flips bits of the last record and
/// around it, wherever it lies, one at a time.
pub fn after_flipped_bits(place: &Path, open: &Open) -> Outcomes {
    let folder = tempfile::tempdir_in(place).expect("the folder can be written to");
    let mut engine = open(folder.path());
    for height in 1..=VIEWS {
        engine.view(height, &[height as u8; 3_000], &record(height));
    }
    // What a kill would leave, in another place.
    let killed = tempfile::tempdir_in(place).expect("the folder can be written to");
    let moved = |path: &Path| killed.path().join(path.strip_prefix(folder.path()).expect("it is in there"));
    let stored: Vec<(PathBuf, Vec<u8>)> = files(folder.path())
        .into_iter()
        .map(|path| (moved(&path), std::fs::read(path).expect("it can be read")))
        .collect();
    engine.close();
    let needle = record(VIEWS);
    let mut outcomes = Outcomes::default();
    for (number, (_, bytes)) in stored.iter().enumerate() {
        for at in (0..bytes.len().saturating_sub(needle.len())).filter(|at| bytes[*at..].starts_with(&needle))
        {
            let end = (at + needle.len() + AROUND).min(bytes.len());
            for flipped in (at.saturating_sub(AROUND)..end).step_by(STEP) {
                restore(killed.path(), &stored);
                let mut changed = bytes.clone();
                changed[flipped] ^= 1 << (flipped / STEP % 8);
                std::fs::write(&stored[number].0, changed).expect("it can be written");
                outcomes.count(killed.path(), open);
            }
        }
    }
    outcomes
}

fn record(height: u64) -> Vec<u8> {
    [&b"the record of "[..], &height.to_be_bytes(), &[7; 100]].concat()
}

impl Outcomes {
    fn count(&mut self, folder: &Path, open: &Open) {
        std::panic::set_hook(Box::new(|_| {}));
        let found = catch_unwind(AssertUnwindSafe(|| open(folder).record()));
        let _ = std::panic::take_hook();
        match found {
            Err(_) => self.refused += 1,
            Ok(Some(found)) if found == record(VIEWS) => self.unharmed += 1,
            Ok(Some(found)) if (1..VIEWS).all(|height| found != record(height)) => self.changed += 1,
            Ok(_) => self.forgotten += 1,
        }
    }
}

/// All files as they were, and no others.
fn restore(folder: &Path, stored: &[(PathBuf, Vec<u8>)]) {
    for path in files(folder) {
        std::fs::remove_file(path).expect("it can be removed");
    }
    for (path, bytes) in stored {
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
        std::fs::write(path, bytes).expect("it can be written");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
