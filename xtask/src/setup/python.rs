//! Python: to make environments of its own in the user's cache, and to get packages with its pip.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::packages;
use crate::console::Console;
use crate::process::{capture, command};

/// A Python that can make environments: the one on PATH, Debian's, or Debian's once it is installed.
///
/// # Errors
/// When there is none, and none can be installed.
pub fn find(console: &Console, purpose: &str) -> Result<PathBuf> {
    let found = || {
        ["python3", "/usr/bin/python3"]
            .into_iter()
            .map(PathBuf::from)
            .find(|python| makes_environments(python))
    };
    if let Some(python) = found() {
        return Ok(python);
    }
    packages::install(console, &["python3", "python3-venv"], purpose)?;
    found().with_context(|| format!("{purpose} needs a python3 with venv and ensurepip, and none has both"))
}

fn makes_environments(python: &Path) -> bool {
    capture(bare(python).args(["-c", "import ensurepip, venv"])).is_ok()
}

/// A command without what would lead Python to other packages.
pub fn bare(program: impl AsRef<Path>) -> Command {
    let mut command = command(program.as_ref());
    for name in ["PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"] {
        command.env_remove(name);
    }
    command
}
