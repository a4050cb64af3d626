//! A copy of the active toolchain without the wasm target, in a rustup home of its own, so that
//! nothing is done to the person's toolchain.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::PoisonError;

use anyhow::{Context as _, Result, ensure};

use crate::process::{capture, command, find};
use crate::setup::wasm_target::{ACTIVE_TOOLCHAIN, ROUTE_VARIABLE, TARGET, links_wasm};

/// The copy; removed when it is dropped.
pub struct ToolchainCopy {
    folder: PathBuf,
    /// The toolchain's name, the same as the original's.
    pub name: String,
}

impl ToolchainCopy {
    /// Copies the active toolchain into this folder, or tells why it cannot be copied.
    ///
    /// # Errors
    /// When the file system does not let us, or the target cannot be taken away.
    pub fn of_active(folder: &Path) -> Result<std::result::Result<Self, String>> {
        if find("rustup").is_none() {
            return Ok(Err("there is no rustup".into()));
        }
        let active = capture(command("rustup").args(["show", "active-toolchain"]))?;
        let name = active.split_whitespace().next().unwrap_or_default().to_owned();
        let sysroot = capture(command("rustc").args(["--print", "sysroot"]))?;
        let sysroot = Path::new(sysroot.trim());
        if !sysroot.join("lib/rustlib/multirust-channel-manifest.toml").exists() {
            return Ok(Err(format!("rustup did not install the active toolchain {name}")));
        }
        let made = Self { folder: folder.to_owned(), name };
        let held = ACTIVE_TOOLCHAIN.lock().unwrap_or_else(PoisonError::into_inner);
        copy(sysroot, &made.rustup_home().join("toolchains").join(&made.name))
            .context("copying the active toolchain")?;
        drop(held);
        let mut rustup = made.command("rustup");
        rustup.args(["target", "remove", "--toolchain", &made.name, TARGET]);
        // It fails when the target is missing already, which is as good: the next line decides.
        let _ = capture(&mut rustup);
        ensure!(!made.makes_wasm(&made.name)?, "the target is not missing after its removal");
        Ok(Ok(made))
    }

    /// The rustup home that holds the copy.
    pub fn rustup_home(&self) -> PathBuf {
        self.folder.join("rustup")
    }

    /// A command that knows this toolchain only, and has empty folders for caches and objects.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = command(program);
        command
            .env("RUSTUP_HOME", self.rustup_home())
            .env("RUSTUP_TOOLCHAIN", &self.name)
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env_remove(ROUTE_VARIABLE);
        command
    }

    /// Whether a toolchain of this name, in the same rustup home, compiles for wasm.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn makes_wasm(&self, toolchain: &str) -> Result<bool> {
        links_wasm(&self.folder, self.command("rustc").env("RUSTUP_TOOLCHAIN", toolchain))
    }
}

impl Drop for ToolchainCopy {
    fn drop(&mut self) {
        // It lies in the target folder: what is left of it is in nobody's way.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// By hard links where the file systems allow it. What rustup keeps about a toolchain is copied,
/// because rustup writes to it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    let is_about_the_toolchain = from.ends_with("lib/rustlib");
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, copied) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            symlink(std::fs::read_link(&source)?, &copied)?;
        } else if kind.is_dir() {
            // Manuals, and several times the size of the rest.
            if entry.file_name() != "share" {
                copy(&source, &copied)?;
            }
        } else if is_about_the_toolchain || std::fs::hard_link(&source, &copied).is_err() {
            std::fs::copy(&source, &copied)?;
        }
    }
    Ok(())
}
