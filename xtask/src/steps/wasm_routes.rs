//! Both ways of getting the wasm target, each from a state where it is missing.
//!
//! The state is made apart from the person's own: a rustup home that holds a copy of the active
//! toolchain without the target, and an empty folder for caches. Set-up runs in it as a person
//! would start it.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::{Bench, Done};
use crate::process::{capture, command, find};
use crate::setup::wasm_target::{ROUTE_VARIABLE, TARGET, links_wasm};
use crate::setup::{debian as debian_route, packages};

const LIMIT: Duration = Duration::from_secs(20 * 60);
const RUSTUP_STEP: &str = "wasm-rustup";
/// What rustup says when its servers cannot be reached.
const UNREACHABLE: [&str; 5] =
    ["could not download", "could not fetch", "error sending request", "no end after", "timed out"];

/// The way of ordinary machines: rustup fetches the target.
pub(super) fn rustup(bench: &Bench<'_>) -> Result<Done> {
    let state = match State::make(bench)? {
        Ok(state) => state,
        Err(reason) => return Ok(Done::Skipped(reason)),
    };
    let (passed, output) = state.set_up(bench, (ROUTE_VARIABLE, "rustup"))?;
    if !passed {
        // Its servers are not ours to keep up: the other way exists because of that.
        if UNREACHABLE.iter().any(|words| output.contains(words)) {
            return Ok(Done::Skipped("rustup's servers cannot be reached from here".into()));
        }
        bail!("{output}");
    }
    ensure!(state.makes_wasm(&state.toolchain)?, "set-up passed, but the target is still missing\n{output}");
    Ok(Done::Passed("missing, then added".into()))
}

/// The way where rustup's servers are out of reach: Debian's compiler and the library's source.
pub(super) fn debian(bench: &Bench<'_>) -> Result<Done> {
    if !packages::is_debian() {
        let summary = bench.summary.borrow();
        if bench.ci && summary.has_ended(RUSTUP_STEP) && !summary.has_passed(RUSTUP_STEP) {
            bail!("this is not Debian, and the other way did not work either");
        }
        return Ok(Done::Skipped("this is not Debian".into()));
    }
    let state = match State::make(bench)? {
        Ok(state) => state,
        Err(reason) => return bench.leave_out(reason),
    };
    // Nothing listens there: rustup fails at once, and set-up has to find the other way itself.
    let unreachable = ("RUSTUP_DIST_SERVER", "http://127.0.0.1:9");
    let (passed, output) = state.set_up(bench, unreachable)?;
    if !passed {
        let rights = ["needs root", "Unable to locate package"];
        if let Some(words) = rights.iter().find(|words| output.contains(*words)) {
            return bench.leave_out(format!("apt-get cannot install what it needs ({words})"));
        }
        bail!("{output}");
    }
    ensure!(
        output.contains("rustup cannot add it here"),
        "set-up did not try rustup before Debian's packages\n{output}"
    );
    ensure!(state.makes_wasm(debian_route::NAME)?, "the target is still missing\n{output}");
    Ok(Done::Passed("missing, then compiled".into()))
}

/// A machine's state without the target; removed when it is dropped.
struct State {
    folder: PathBuf,
    toolchain: String,
    program: PathBuf,
}

impl State {
    /// Makes the state, or tells why that is impossible here.
    fn make(bench: &Bench<'_>) -> Result<std::result::Result<Self, String>> {
        if find("rustup").is_none() {
            return Ok(Err("there is no rustup".into()));
        }
        let active = capture(command("rustup").args(["show", "active-toolchain"]))?;
        let toolchain = active.split_whitespace().next().unwrap_or_default().to_owned();
        let sysroot = capture(command("rustc").args(["--print", "sysroot"]))?;
        let sysroot = Path::new(sysroot.trim());
        if !sysroot.join("lib/rustlib/multirust-channel-manifest.toml").exists() {
            return Ok(Err(format!("rustup did not install the active toolchain {toolchain}")));
        }
        let folder = bench.project.scratch().join(format!("without-target-{}", std::process::id()));
        let state = Self { folder, toolchain, program: std::env::current_exe()? };
        let home = state.rustup_home().join("toolchains").join(&state.toolchain);
        copy_toolchain(sysroot, &home).context("copying the active toolchain")?;
        let mut rustup = state.command("rustup");
        rustup.args(["target", "remove", "--toolchain", &state.toolchain, TARGET]);
        // It fails when the target is missing already, which is as good: the next line decides.
        let _ = capture(&mut rustup);
        ensure!(!state.makes_wasm(&state.toolchain)?, "the target is not missing after its removal");
        Ok(Ok(state))
    }

    fn rustup_home(&self) -> PathBuf {
        self.folder.join("rustup")
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = command(program);
        command
            .env("RUSTUP_HOME", self.rustup_home())
            .env("RUSTUP_TOOLCHAIN", &self.toolchain)
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env_remove(ROUTE_VARIABLE);
        command
    }

    /// Runs set-up as a person would; returns whether it passed and what it said.
    fn set_up(&self, bench: &Bench<'_>, variable: (&str, &str)) -> Result<(bool, String)> {
        let mut program = self.command(&self.program);
        program.args(["setup", "--only", "wasm-target"]).env(variable.0, variable.1);
        program.env("CARGO_MANIFEST_DIR", bench.project.root.join("xtask"));
        let what = "set-up without the target";
        let (status, output) = bench.console.supervise(what, LIMIT, &mut program)?;
        Ok((status.success(), output))
    }

    fn makes_wasm(&self, toolchain: &str) -> Result<bool> {
        let mut rustc = self.command("rustc");
        links_wasm(&self.folder, rustc.env("RUSTUP_TOOLCHAIN", toolchain))
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // It lies in the target folder: what is left of it is in nobody's way.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// By hard links where the file systems allow it. What rustup keeps about a toolchain is copied,
/// because rustup writes to it.
fn copy_toolchain(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    let is_about_the_toolchain = from.ends_with("lib/rustlib");
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            symlink(std::fs::read_link(&source)?, &copy)?;
        } else if kind.is_dir() {
            // Manuals, and several times the size of the rest.
            if entry.file_name() != "share" {
                copy_toolchain(&source, &copy)?;
            }
        } else if is_about_the_toolchain || std::fs::hard_link(&source, &copy).is_err() {
            std::fs::copy(&source, &copy)?;
        }
    }
    Ok(())
}
