//! axe-core, which the browser tests put into the page to find what is not accessible. It is one file, taken from a
//! Python package and kept in the user's cache.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use super::python::{self, bare};
use crate::console::Console;
use crate::project::{Project, cache_folder};

const PACKAGE: &str = "axe-playwright-python";
const FILE: &str = "axe.min.js";
const PURPOSE: &str = "the tests of accessibility";
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// Makes sure of the pinned axe-core, and returns the file.
///
/// # Errors
/// When it is missing and cannot be got, or is another one; the error says what to do.
pub fn ensure(console: &Console, project: &Project) -> Result<PathBuf> {
    let (version, sha256) = project.axe()?;
    let home = cache_folder()?.join("tools").join(format!("{PACKAGE}-{version}"));
    let file = home.join(FILE);
    if check(&file, sha256).is_ok() {
        console.say(format!("set-up: axe-core of {PACKAGE} {version}: already there"));
        return Ok(file);
    }
    console.say(format!("set-up: getting axe-core of {PACKAGE} {version} into the user's cache, once"));
    let partial = home.with_extension(format!("{}.partial", std::process::id()));
    let result = fetch(console, version, &partial).and_then(|fetched| {
        check(&fetched, sha256)?;
        std::fs::create_dir_all(&home)?;
        std::fs::rename(&fetched, &file).context("moving it into place")
    });
    // What is left there is of no use, whatever came of it.
    let _ = std::fs::remove_dir_all(&partial);
    result.with_context(|| {
        format!(
            "cannot get axe-core: pip must reach a package index (see `pip config`); then run this again. Or take \
             {FILE} from the wheel of {PACKAGE} {version}, and put it at {}",
            file.display()
        )
    })?;
    Ok(file)
}

fn check(file: &Path, sha256: &str) -> Result<()> {
    verify(&std::fs::read(file).with_context(|| file.display().to_string())?, sha256)
}

fn verify(content: &[u8], sha256: &str) -> Result<()> {
    let found: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(found == sha256, "{FILE} has the SHA-256 hash {found}, and Cargo.toml wants {sha256}");
    Ok(())
}

/// Gets the package into `folder` with a pip of its own there, unpacks it, and returns the file.
fn fetch(console: &Console, version: &str, folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let python = python::find(console, PURPOSE)?;
    let environment = folder.join("environment");
    console.run(
        "making a Python environment",
        LIMIT,
        bare(&python).args(["-m", "venv"]).arg(&environment),
    )?;
    let unpacked = folder.join("unpacked");
    let mut pip = bare(environment.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--no-compile",
    ]);
    pip.args(["--only-binary", ":all:", "--target"]).arg(&unpacked).arg(format!("{PACKAGE}=={version}"));
    console.run("pip install", LIMIT, &mut pip)?;
    Ok(unpacked.join(PACKAGE.replace('-', "_")).join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_is_refused() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(verify(b"abc", abc).is_ok());
        assert!(verify(b"abd", abc).is_err_and(|why| why.to_string().contains(abc)));
    }
}
