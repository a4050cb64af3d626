//! Steps that look at the sources and build the release.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::{Bench, Done};
use crate::binary::{self, Linkage};
use crate::process::command;
use crate::setup::wasm_target::{self, TARGET, Toolchain};
use crate::{page, tidy};

const LIMIT: Duration = Duration::from_secs(20 * 60);
const PAGE_PACKAGE: &str = "hotstuff-web";

/// `cargo fmt --check`.
pub(super) fn format(bench: &Bench<'_>) -> Result<Done> {
    bench.cargo("cargo fmt", &["fmt", "--all", "--check", "--", "--color", "never"])
}

/// The rules that no other tool checks.
pub(super) fn tidy(bench: &Bench<'_>) -> Result<Done> {
    let problems = tidy::check(bench.project)?;
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(Done::Passed(String::new()))
}

/// Lints of everything as native programs and, for wasm, of the page.
pub(super) fn clippy(bench: &Bench<'_>) -> Result<Done> {
    let deny = ["--", "-D", "warnings"];
    let native = ["clippy", "--workspace", "--all-targets"];
    bench.cargo("clippy", &[&native[..], &deny].concat())?;
    // Debian's toolchain brings no clippy.
    if wasm_target::ensure(bench.console, bench.project)? != Toolchain::Active {
        return Ok(Done::Passed("the page as a native program only".into()));
    }
    let page = ["clippy", "--package", PAGE_PACKAGE, "--target", TARGET];
    bench.cargo("clippy of the page", &[&page[..], &deny].concat())
}

/// The documentation of every package.
pub(super) fn docs(bench: &Bench<'_>) -> Result<Done> {
    let mut cargo = bench.cargo_command(&["doc", "--workspace", "--no-deps"]);
    bench.console.run("documentation", LIMIT, cargo.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Done::Passed(String::new()))
}

/// The page, as `cargo xtask page` builds it.
pub(super) fn page(bench: &Bench<'_>) -> Result<Done> {
    page::ensure(bench.console, bench.project)?;
    Ok(Done::Passed(String::new()))
}

/// The sizes that `cargo xtask page` tells.
pub(super) fn page_size(bench: &Bench<'_>) -> Result<Done> {
    let sizes = page::sizes::measure(&page::ensure(bench.console, bench.project)?)?;
    page::sizes::check(&sizes)?;
    let told: Vec<_> = sizes.iter().map(ToString::to_string).collect();
    Ok(Done::Passed(told.join("; ")))
}

/// The binary, as `cargo xtask build` builds it.
pub(super) fn binary(bench: &Bench<'_>) -> Result<Done> {
    binary::build(bench.console, bench.project, Linkage::Dynamic)?;
    Ok(Done::Passed(String::new()))
}

impl Bench<'_> {
    fn cargo_command(&self, arguments: &[&str]) -> Command {
        let mut cargo = command("cargo");
        cargo.args(arguments).current_dir(&self.project.root);
        cargo
    }

    fn cargo(&self, what: &str, arguments: &[&str]) -> Result<Done> {
        self.console.run(what, LIMIT, &mut self.cargo_command(arguments))?;
        Ok(Done::Passed(String::new()))
    }
}
