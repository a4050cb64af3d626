//! Set-up, in steps of its own, so that nothing waits for a part of it that it does not need.

use anyhow::Result;

use super::{Bench, Done};
use crate::setup::{self, Part};

/// A toolchain that makes wasm.
pub(super) fn wasm_target(bench: &Bench<'_>) -> Result<Done> {
    only(bench, Part::WasmTarget)
}

/// What turns the compiled page into files for a browser.
pub(super) fn tools(bench: &Bench<'_>) -> Result<Done> {
    only(bench, Part::Tools)
}

/// What the tests of the page drive.
pub(super) fn browser(bench: &Bench<'_>) -> Result<Done> {
    only(bench, Part::Browser)
}

/// What checks manifests for Kubernetes.
pub(super) fn manifests(bench: &Bench<'_>) -> Result<Done> {
    only(bench, Part::Manifests)
}

fn only(bench: &Bench<'_>, part: Part) -> Result<Done> {
    setup::run(bench.console, bench.project, &[part])?;
    Ok(Done::Passed(String::new()))
}
