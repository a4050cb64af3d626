//! The checker of Kubernetes manifests: a Python program, in an environment of its own in the user's cache. The official
//! schemas of all releases come with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::python::{self, bare};
use crate::console::Console;
use crate::process::capture;
use crate::project::{Project, cache_folder};

const PROGRAM: &str = "kubernetes-validate";
const PURPOSE: &str = "checking Kubernetes manifests";
const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);
/// In an environment that is complete.
const STAMP: &str = "complete";

/// Makes sure of the checker at the pinned version, with all that it needs pinned too, and returns the program.
///
/// # Errors
/// When it is missing and cannot be installed; the error says what to do.
pub fn ensure(console: &Console, project: &Project) -> Result<PathBuf> {
    let version = project.kubernetes_validate_version()?;
    let pins = project.python_packages()?;
    let digest = Sha256::digest(pins.join("\n"));
    let name =
        format!("{PROGRAM}-{version}-{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
    let home = cache_folder()?.join("tools").join(name);
    let program = home.join("bin").join(PROGRAM);
    if home.join(STAMP).is_file() && is_at(&program, version) {
        console.say(format!("set-up: {PROGRAM} {version}: already installed"));
        return Ok(program);
    }
    console.say(format!("set-up: installing {PROGRAM} {version} into the user's cache, once"));
    let python = python::find(console, PURPOSE)?;
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    let installed = install(console, &python, &home, &pins);
    if installed.is_ok() && !is_at(&program, version) {
        bail!("{} is installed, but does not tell version {version}", program.display());
    }
    installed.with_context(|| {
        format!(
            "cannot install {PROGRAM}: pip must reach a package index (see `pip config`); then run this again"
        )
    })?;
    std::fs::write(home.join(STAMP), "")?;
    Ok(program)
}

fn is_at(program: &Path, version: &str) -> bool {
    capture(bare(program).arg("--version"))
        .is_ok_and(|answer| answer.split_whitespace().any(|word| word == version))
}

fn install(console: &Console, python: &Path, home: &Path, pins: &[String]) -> Result<()> {
    let mut venv = bare(python);
    console.run("making a Python environment", INSTALL_LIMIT, venv.args(["-m", "venv"]).arg(home))?;
    let inside = home.join("bin/python");
    let mut pip = bare(&inside);
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]).args(pins);
    console.run("pip install", INSTALL_LIMIT, &mut pip)?;
    // All that it needs is pinned, and nothing contradicts.
    let mut check = bare(&inside);
    console.run(
        "pip check",
        INSTALL_LIMIT,
        check.args(["-m", "pip", "check", "--disable-pip-version-check"]),
    )?;
    Ok(())
}
