//! What this machine has fetched and compiled already, for the stand-in of the Rust image: packages'
//! sources, and the libraries of other people that the page, the binary and this command need. Cargo
//! in the image compares fingerprints, and compiles again what does not match. Nothing of this
//! workspace is among it.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::console::Console;
use crate::process::{capture, command};
use crate::project::Project;
use crate::setup::wasm_target::TARGET;

/// Cargo's folder for objects in the image; the results still go to the project's target folder.
pub const OBJECTS: &str = "/usr/local/cargo/objects";
const COPY_LIMIT: Duration = Duration::from_secs(5 * 60);
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(200);
/// What cargo keeps about units in the folder of a profile. What says that a unit is complete comes
/// first, so that nothing is copied as complete that was not.
const KINDS: [&str; 3] = [".fingerprint", "build", "deps"];

/// Copies all of it below the root of the image to be.
///
/// # Errors
/// When something cannot be read or copied.
pub fn add(console: &Console, project: &Project, root: &Path) -> Result<()> {
    add_registry(console, root)?;
    let own = project.packages().flat_map(|package| {
        let targets = package["targets"].as_array().into_iter().flatten();
        targets.chain([package]).filter_map(|named| Some(named["name"].as_str()?.replace('-', "_")))
    });
    let own: BTreeSet<String> = own.collect();
    let of_xtask = packages_of_xtask(project)?;
    let foreign = |unit: &str| !own.contains(&crate_of(unit));
    let needed = |unit: &str| foreign(unit) && of_xtask.contains(&crate_of(unit));
    add_objects(console, project, root, "release", &foreign)?;
    add_objects(console, project, root, "web", &foreign)?;
    add_objects(console, project, root, &format!("{TARGET}/web"), &foreign)?;
    add_objects(console, project, root, "debug", &needed)
}

/// This machine's folder for what cargo fetches. The image has it in the same place, because the
/// places of sources are part of cargo's fingerprints.
///
/// # Errors
/// When neither `CARGO_HOME` nor `HOME` is set.
pub fn cargo_home() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CARGO_HOME")
        .or_else(|| Some(set("HOME")?.join(".cargo")))
        .filter(|home| home.is_absolute())
        .context("no folder of cargo: set HOME or CARGO_HOME")
}

fn add_registry(console: &Console, root: &Path) -> Result<()> {
    let home = cargo_home()?;
    let Some(_held) = held(console, &home.join(".package-cache"))? else {
        return Ok(());
    };
    let folders = ["index", "cache"].map(|name| home.join("registry").join(name));
    let folders = folders.into_iter().filter(|folder| folder.is_dir()).collect();
    copy(console, folders, &below(root, &home).join("registry"))
}

/// Where an absolute path lies in the image to be.
fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Objects of one profile, of the units that are wanted.
fn add_objects(
    console: &Console,
    project: &Project,
    root: &Path,
    profile: &str,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<()> {
    let from = project.target.join(profile);
    let Some(_held) = held(console, &from.join(".cargo-lock"))? else {
        return Ok(());
    };
    for kind in KINDS {
        let mut units = Vec::new();
        for entry in std::fs::read_dir(from.join(kind)).into_iter().flatten() {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| is_wanted(&name.to_string_lossy())) {
                units.push(path);
            }
        }
        units.sort();
        copy(console, units, &below(root, Path::new(OBJECTS)).join(profile).join(kind))?;
    }
    Ok(())
}

/// The crate that an entry belongs to: `serde_json` for `libserde_json-0123.rlib`.
fn crate_of(entry: &str) -> String {
    let name = entry.rsplit_once('-').map_or(entry, |(name, _)| name);
    // Libraries are files with an extension; others may have a name that begins so.
    let is_library = [".rlib", ".rmeta", ".so"].iter().any(|extension| entry.ends_with(extension));
    name.strip_prefix("lib").filter(|_| is_library).unwrap_or(name).replace('-', "_")
}

/// Everything that this command is made from, but itself.
fn packages_of_xtask(project: &Project) -> Result<BTreeSet<String>> {
    let mut cargo = command("cargo");
    cargo.args(["tree", "--package", "xtask", "--edges", "normal,build", "--prefix", "none"]);
    let answer = capture(cargo.arg("--offline").current_dir(&project.root))?;
    Ok(answer.lines().filter_map(|line| Some(line.split_whitespace().next()?.replace('-', "_"))).collect())
}

/// Keeps cargo from changing what this file guards until the answer is dropped. Nothing if there is no
/// such file, or if a cargo at work does not let go of it soon: to wait longer would cost more than
/// what the image lacks then.
fn held(console: &Console, lock: &Path) -> Result<Option<File>> {
    let Ok(file) = File::open(lock) else {
        return Ok(None);
    };
    let start = Instant::now();
    while start.elapsed() < PATIENCE && !console.is_interrupted() {
        match file.try_lock_shared() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(error).context(lock.display().to_string()),
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(POLL),
        }
    }
    Ok(None)
}

fn copy(console: &Console, from: Vec<PathBuf>, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    if from.is_empty() {
        return Ok(());
    }
    let mut copy = command("cp");
    copy.arg("--archive").arg("--target-directory").arg(to).args(from);
    console.run("copying", COPY_LIMIT, &mut copy).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_known_by_their_crates() {
        for (entry, name) in [
            ("libserde_json-0a1b.rlib", "serde_json"),
            ("serde_json-0a1b.d", "serde_json"),
            ("serde_json-0a1b", "serde_json"),
            ("pin-project-lite-0a1b", "pin_project_lite"),
            ("libc-0a1b", "libc"),
            ("liblibc-0a1b.rmeta", "libc"),
            ("libthiserror_impl-0a1b.so", "thiserror_impl"),
        ] {
            assert_eq!(crate_of(entry), name, "{entry}");
        }
    }
}
