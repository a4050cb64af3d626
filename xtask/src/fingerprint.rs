//! One value for everything that the page is made from, so that it is built only when that changed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::process::{capture, command};
use crate::project::Project;
use crate::setup::wasm_target::ROUTE_VARIABLE;

const FOLDERS: [&str; 5] = ["core", "kv", "sim", "web", "xtask/src/page"];
const FILES: [&str; 3] = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];
/// Folders with what builds leave behind.
const OUTPUTS: [&str; 2] = ["target", "dist"];

/// Fingerprint of the page's sources, the tools and the compiler.
///
/// # Errors
/// When a source cannot be read or there is no compiler.
pub fn of_page(project: &Project) -> Result<String> {
    let mut hash = Sha256::new();
    for name in FILES.iter().chain(&FOLDERS) {
        add(&mut hash, &project.root, &project.root.join(name))?;
    }
    hash.update(capture(command("rustc").arg("-vV"))?);
    for variable in ["RUSTFLAGS", ROUTE_VARIABLE] {
        hash.update(std::env::var(variable).unwrap_or_default());
        hash.update([0]);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn add(hash: &mut Sha256, root: &Path, path: &Path) -> Result<()> {
    if path.is_dir() {
        for entry in sorted(path)? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !(entry.is_dir() && OUTPUTS.contains(&&*name)) {
                add(hash, root, &entry)?;
            }
        }
        return Ok(());
    }
    let content = match std::fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    hash.update(path.strip_prefix(root).unwrap_or(path).as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(Sha256::digest(&content));
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(folder: &Path) -> Vec<u8> {
        let mut hash = Sha256::new();
        add(&mut hash, folder, folder).unwrap();
        hash.finalize().to_vec()
    }

    #[test]
    fn follows_names_and_contents_but_not_outputs() {
        let folder = std::env::temp_dir().join(format!("xtask-fingerprint-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("dist")).unwrap();
        std::fs::write(folder.join("a"), "1").unwrap();
        let first = hash(&folder);
        std::fs::write(folder.join("dist/page"), "built").unwrap();
        assert_eq!(hash(&folder), first);
        std::fs::write(folder.join("a"), "2").unwrap();
        let second = hash(&folder);
        assert_ne!(second, first);
        std::fs::rename(folder.join("a"), folder.join("b")).unwrap();
        assert_ne!(hash(&folder), second);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
