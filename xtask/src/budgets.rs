//! `cargo xtask budgets`: what the page is held to, each figure beside its budget.

use anyhow::{Context as _, Result, bail};

use crate::console::Console;
use crate::page;
use crate::process::command;
use crate::project::Project;
use crate::setup::browser;

/// Measures what is named, or all, and prints figures and budgets. Nothing else should run meanwhile.
///
/// # Errors
/// When something cannot be built or started. A budget that is missed is none.
pub fn run(console: &Console, project: &Project, names: &[String]) -> Result<()> {
    browser::ensure(console)?;
    let page = page::ensure(console, project)?;
    page::sizes::measure(&page)?.iter().for_each(|size| console.say(size.to_string()));
    let mut bench = command("cargo");
    bench.args(["bench", "--quiet", "--package", "hotstuff-e2e", "--bench", "budgets", "--"]).args(names);
    bench.current_dir(&project.root).env("HOTSTUFF_PAGE", &page);
    let status = bench.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the page could not be measured: {status}");
    }
    Ok(())
}
