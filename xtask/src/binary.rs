//! The release binary `hotstuff` with the page in it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::console::Console;
use crate::page;
use crate::process::{capture, command};
use crate::project::Project;
use crate::setup;
use crate::setup::wasm_target::TARGET;

const PACKAGE: &str = "hotstuff-replica";
const PROGRAM: &str = "hotstuff";
/// Tells the binary's build script where the page is; without it a placeholder goes in.
const PAGE_VARIABLE: &str = "HOTSTUFF_PAGE_DIR";
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// What the binary links against.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Linkage {
    /// The system's libraries.
    Dynamic,
    /// Nothing: it runs in an image that holds nothing else.
    Static,
}

/// Builds the page, and the binary with the page in it; returns where the binary is.
///
/// # Errors
/// When set-up or a build fails.
pub fn build(console: &Console, project: &Project, linkage: Linkage) -> Result<PathBuf> {
    let page = page::ensure(console, project)?;
    compile(console, project, linkage, Some(page))
}

/// Compiles the libraries that the page and the binary depend on, from whatever sources the
/// workspace holds. For images: with placeholder sources this makes a layer that lasts.
///
/// # Errors
/// When set-up or a build fails.
pub fn build_dependencies(console: &Console, project: &Project, linkage: Linkage) -> Result<()> {
    let tools = setup::page_tools(console, project)?;
    let mut cargo = command("cargo");
    cargo.args(["build", "--package", "hotstuff-web", "--profile", "web", "--target", TARGET]);
    cargo.current_dir(&project.root);
    console.run("libraries of the page", BUILD_LIMIT, tools.toolchain.apply(&mut cargo))?;
    compile(console, project, linkage, None)?;
    Ok(())
}

fn compile(console: &Console, project: &Project, linkage: Linkage, page: Option<PathBuf>) -> Result<PathBuf> {
    // Only the program itself is told what to link against, so that its libraries serve both kinds.
    let mut cargo = command("cargo");
    cargo.args(["rustc", "--release", "--package", PACKAGE, "--bin", PROGRAM]);
    cargo.current_dir(&project.root);
    if let Some(page) = page {
        cargo.env(PAGE_VARIABLE, page);
    }
    if linkage == Linkage::Static {
        let host = host()?;
        if !host.contains("-linux-") {
            bail!("--static is for Linux, and this machine compiles for {host}");
        }
        cargo.args(["--", "-Ctarget-feature=+crt-static"]);
    }
    console.run("building the binary", BUILD_LIMIT, &mut cargo)?;
    Ok(project.target.join("release").join(PROGRAM))
}

fn host() -> Result<String> {
    let answer = capture(command("rustc").arg("-vV"))?;
    let host = answer.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not tell its host")?.to_owned())
}
