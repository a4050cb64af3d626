//! The page: built once by Trunk into the target folder, finished there for any host, copied where
//! it is wanted.

mod compress;
mod offline;
mod policy;
pub mod sizes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::console::Console;
use crate::fingerprint;
use crate::process::{command, path_with};
use crate::project::Project;
use crate::setup;

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
/// Lists the files of a copied page, so that a later copy removes those and nothing else.
const MARKER: &str = ".hotstuff-page";

/// Makes sure of the built page and returns its folder.
///
/// # Errors
/// When set-up or the build fails.
pub fn ensure(console: &Console, project: &Project) -> Result<PathBuf> {
    let page = project.target.join("page");
    let stamp = project.scratch().join("page.fingerprint");
    let fingerprint = fingerprint::of_page(project)?;
    let is_current = || std::fs::read_to_string(&stamp).is_ok_and(|last| last == fingerprint);
    if page.join("index.html").is_file() && is_current() {
        return Ok(page);
    }
    let tools = setup::page_tools(console, project)?;
    console.say("page: building with Trunk, in release");
    let fresh = project.scratch().join("page-being-built");
    remove(&fresh)?;
    std::fs::create_dir_all(&fresh)?;
    let mut trunk = command("trunk");
    trunk.args(["build", "--release", "--dist"]).arg(&fresh).current_dir(project.root.join("web"));
    // Trunk takes only `true` and `false` for this one, and stops at anything else.
    trunk.env("PATH", path_with(&tools.folders)?).env_remove("NO_COLOR");
    console.run("building the page", BUILD_LIMIT, tools.toolchain.apply(&mut trunk))?;
    if !fresh.join("index.html").is_file() {
        bail!("trunk made no index.html");
    }
    policy::apply(&fresh)?;
    offline::write(&fresh, &project.root.join("web/offline.js"))?;
    // Never an old stamp beside a new page.
    std::fs::write(&stamp, "").context("page stamp")?;
    remove(&page)?;
    std::fs::rename(&fresh, &page).context("moving the page into place")?;
    std::fs::write(&stamp, fingerprint).context("page stamp")?;
    Ok(page)
}

/// Copies the built page to a folder that is empty, does not exist, or holds an earlier copy. Beside
/// each file are its compressed forms, for hosts that send those.
///
/// # Errors
/// When the folder holds anything else, or cannot be written.
pub fn copy(page: &Path, out: &Path) -> Result<()> {
    clear(out)?;
    std::fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let mut names = Vec::new();
    for file in list(page)? {
        let content = std::fs::read(page.join(&file)).with_context(|| file.clone())?;
        let forms = compress::forms(&content)?;
        for (end, content) in std::iter::once(("", content)).chain(forms) {
            let name = format!("{file}{end}");
            let to = out.join(&name);
            if let Some(folder) = to.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&to, content).with_context(|| format!("copying to {}", to.display()))?;
            names.push(name);
        }
    }
    std::fs::write(out.join(MARKER), names.join("\n") + "\n")?;
    Ok(())
}

/// Whether the page may be put into this folder: it is empty, missing, or holds an earlier copy.
///
/// # Errors
/// When it holds anything else, or cannot be read.
pub fn check_folder(out: &Path) -> Result<()> {
    if !out.exists() || out.join(MARKER).exists() {
        return Ok(());
    }
    if std::fs::read_dir(out).with_context(|| out.display().to_string())?.next().is_some() {
        bail!("{} is neither empty nor a page made by this command: choose another folder", out.display());
    }
    Ok(())
}

fn clear(out: &Path) -> Result<()> {
    check_folder(out)?;
    let earlier = std::fs::read_to_string(out.join(MARKER)).unwrap_or_default();
    for name in earlier.lines().filter(|name| !name.split('/').any(|part| part == "..")) {
        // Gone already is as good.
        let _ = std::fs::remove_file(out.join(name.trim_start_matches('/')));
    }
    Ok(())
}

/// The page's files by their paths below it, with slashes, in order.
fn list(page: &Path) -> Result<Vec<String>> {
    let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(below) = folders.pop() {
        for entry in std::fs::read_dir(page.join(&below))? {
            let entry = entry?;
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(path + "/");
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-page-{name}-{}", std::process::id()));
        remove(&folder).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_copy_replaces_an_earlier_copy() {
        let (page, out) = (folder("new"), folder("out"));
        std::fs::create_dir_all(page.join("assets")).unwrap();
        std::fs::write(page.join("index.html"), "one").unwrap();
        std::fs::write(page.join("assets/old.js"), "old ".repeat(99)).unwrap();
        copy(&page, &out).unwrap();
        std::fs::write(page.join("index.html"), "two").unwrap();
        std::fs::rename(page.join("assets/old.js"), page.join("assets/new.js")).unwrap();
        copy(&page, &out).unwrap();
        assert_eq!(std::fs::read_to_string(out.join("index.html")).unwrap(), "two");
        for end in ["", ".gz", ".br"] {
            let exists = |name| out.join(format!("assets/{name}.js{end}")).exists();
            assert!(exists("new") && !exists("old"), "{end}");
        }
    }

    #[test]
    fn somebody_elses_files_are_left_alone() {
        let (page, out) = (folder("source"), folder("full"));
        std::fs::write(page.join("index.html"), "page").unwrap();
        std::fs::write(out.join("thesis.txt"), "years of work").unwrap();
        assert!(copy(&page, &out).unwrap_err().to_string().contains("neither empty"));
        assert!(!out.join("index.html").exists());
    }
}
