//! The tests of the page in headless Chromium.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::rust_tests::{build_and_run, test_programs};
use super::{Bench, Done};
use crate::binary::{self, Linkage};
use crate::setup::{axe, browser};

/// The package with the tests.
pub(super) const PACKAGE: &str = "hotstuff-e2e";
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Runs them against the release binary with the page in it; screenshots are kept.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    if !bench.project.has_package(PACKAGE) {
        bail!("the workspace has no package {PACKAGE}");
    }
    browser::ensure(bench.console)?;
    let axe = axe::ensure(bench.console, bench.project)?;
    let program = binary::build(bench.console, bench.project, Linkage::Dynamic)?;
    let screenshots = bench.project.target.join("screenshots");
    std::fs::create_dir_all(&screenshots).context("the folder for screenshots")?;
    let page = bench.project.target.join("page");
    let environment = [
        ("HOTSTUFF_AXE", axe.as_path()),
        ("HOTSTUFF_BIN", program.as_path()),
        ("HOTSTUFF_PAGE", page.as_path()),
        ("HOTSTUFF_SCREENSHOTS", screenshots.as_path()),
    ];
    let tests = test_programs(bench.project, |package| package == PACKAGE)?;
    let count = build_and_run(bench, "browser tests", LIMIT, &tests, &environment)?;
    Ok(Done::Passed(format!("{count} tests")))
}
