//! Both ways of getting the wasm target, each from a state where it is missing.
//!
//! The state is made apart from the person's own: a rustup home with a copy of the active toolchain
//! that lacks the target, and empty caches. Set-up runs in it as a person would start it.

use std::time::Duration;

use anyhow::{Result, bail, ensure};

use super::{Bench, Done};
use crate::setup::wasm_target::ROUTE_VARIABLE;
use crate::setup::{debian as debian_route, packages};
use crate::toolchain_copy::ToolchainCopy;

const LIMIT: Duration = Duration::from_secs(20 * 60);
/// Name of the step for the first way: the second has to make up for it.
pub(super) const RUSTUP_STEP: &str = "wasm-rustup";
/// What rustup says when its servers cannot be reached.
const UNREACHABLE: [&str; 5] =
    ["could not download", "could not fetch", "error sending request", "no end after", "timed out"];

/// The way of ordinary machines: rustup fetches the target.
pub(super) fn rustup(bench: &Bench<'_>) -> Result<Done> {
    let copy = match copy(bench, "rustup")? {
        Ok(copy) => copy,
        Err(reason) => return Ok(Done::Skipped(reason)),
    };
    let (passed, output) = set_up(bench, &copy, (ROUTE_VARIABLE, "rustup"))?;
    if !passed {
        // Its servers are not ours to keep up: the other way exists because of that.
        if UNREACHABLE.iter().any(|words| output.contains(words)) {
            return Ok(Done::Skipped("rustup's servers cannot be reached from here".into()));
        }
        bail!("{output}");
    }
    ensure!(copy.makes_wasm(&copy.name)?, "set-up passed, but the target is still missing\n{output}");
    Ok(Done::Passed("missing, then added".into()))
}

/// The way where rustup's servers are out of reach: Debian's compiler and the library's source.
pub(super) fn debian(bench: &Bench<'_>) -> Result<Done> {
    if !packages::is_debian() {
        let summary = super::hold(bench.summary);
        if bench.ci && summary.has_ended(RUSTUP_STEP) && !summary.has_passed(RUSTUP_STEP) {
            bail!("this is not Debian, and the other way did not work either");
        }
        return Ok(Done::Skipped("this is not Debian".into()));
    }
    let copy = match copy(bench, "debian")? {
        Ok(copy) => copy,
        Err(reason) => return bench.leave_out(reason),
    };
    // Nothing listens there: rustup fails at once, and set-up has to find the other way itself.
    let unreachable = ("RUSTUP_DIST_SERVER", "http://127.0.0.1:9");
    let (passed, output) = set_up(bench, &copy, unreachable)?;
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
    ensure!(copy.makes_wasm(debian_route::NAME)?, "the target is still missing\n{output}");
    Ok(Done::Passed("missing, then compiled".into()))
}

/// Runs set-up inside the copy, as a person would; returns whether it passed and what it said.
fn set_up(bench: &Bench<'_>, copy: &ToolchainCopy, variable: (&str, &str)) -> Result<(bool, String)> {
    let mut program = copy.command(std::env::current_exe()?);
    program.args(["setup", "--only", "wasm-target"]).env(variable.0, variable.1);
    program.env("CARGO_MANIFEST_DIR", bench.project.root.join("xtask"));
    let (status, output) = bench.console.supervise("set-up without the target", LIMIT, &mut program)?;
    Ok((status.success(), output))
}

/// A fresh copy for one test, or why there can be none.
fn copy(bench: &Bench<'_>, way: &str) -> Result<std::result::Result<ToolchainCopy, String>> {
    let name = format!("without-target-{way}-{}", std::process::id());
    ToolchainCopy::of_active(&bench.project.scratch().join(name))
}
