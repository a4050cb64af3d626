//! What becomes of the newest commit when one bit of it flips on the disk.

use super::pattern::Open;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Commits a few views, flips a bit of the last record wherever it lies, and tells what the engine
/// says of the record then.
pub fn after_a_flipped_bit(place: &Path, open: &Open) -> &'static str {
    let folder = tempfile::tempdir_in(place).expect("the folder can be written to");
    let mut engine = open(folder.path());
    let record = |height: u64| [&b"the record of "[..], &height.to_be_bytes(), &[7; 300]].concat();
    for height in 1..=10 {
        engine.view(height, &[height as u8; 3_000], &record(height));
    }
    engine.close();
    let needle = record(10);
    let mut is_flipped = false;
    for path in files(folder.path()) {
        let mut bytes = std::fs::read(&path).expect("it can be read");
        while let Some(at) = bytes.windows(needle.len()).position(|window| window == needle) {
            bytes[at + 100] ^= 1;
            is_flipped = true;
        }
        std::fs::write(&path, bytes).expect("it can be written");
    }
    assert!(is_flipped, "the record is somewhere");
    std::panic::set_hook(Box::new(|_| {}));
    let found = catch_unwind(AssertUnwindSafe(|| open(folder.path()).record()));
    let _ = std::panic::take_hook();
    match found {
        Err(_) => "refused",
        Ok(Some(found)) if found == record(10) => "unharmed",
        Ok(Some(found)) if (1..10).any(|height| found == record(height)) => {
            "forgotten: an older one is given"
        }
        Ok(Some(_)) => "given as it is, changed",
        Ok(None) => "forgotten: none is given",
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
