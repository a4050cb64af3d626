//! Set-up: what the page, the binary and the tests need on this machine. Safe to run again: every
//! part is left alone when it works already.

pub mod axe;
pub mod browser;
pub mod debian;
pub mod manifests;
pub mod packages;
pub mod promtool;
pub mod python;
pub mod tools;
pub mod wasm_target;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::console::Console;
use crate::project::Project;
use wasm_target::Toolchain;

/// A part of set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// A toolchain that compiles for wasm32-unknown-unknown.
    WasmTarget,
    /// Trunk and wasm-bindgen at the pinned versions.
    Tools,
    /// Chromium, its driver and axe-core, for the browser tests.
    Browser,
    /// The checker of Kubernetes manifests.
    Manifests,
    /// Prometheus' checker, for the tests of metrics.
    Promtool,
}

/// What it takes to build the page.
pub struct PageTools {
    /// Compiles for wasm.
    pub toolchain: Toolchain,
    /// To be put in front of PATH.
    pub folders: Vec<PathBuf>,
}

/// Makes sure of everything that builds the page.
///
/// # Errors
/// When something is missing and cannot be got; the error says what to do.
pub fn page_tools(console: &Console, project: &Project) -> Result<PageTools> {
    let toolchain = wasm_target::ensure(console, project)?;
    let folders = tools::ensure(console, project)?;
    Ok(PageTools { toolchain, folders })
}

/// Makes sure of these parts, or of all when none is named.
///
/// # Errors
/// When something is missing and cannot be got; the error says what to do.
pub fn run(console: &Console, project: &Project, parts: &[Part]) -> Result<()> {
    let wants = |part| parts.is_empty() || parts.contains(&part);
    if wants(Part::WasmTarget) {
        wasm_target::ensure(console, project)?;
    }
    if wants(Part::Tools) {
        tools::ensure(console, project)?;
    }
    if wants(Part::Browser) {
        browser::ensure(console)?;
        axe::ensure(console, project)?;
    }
    if wants(Part::Manifests) {
        manifests::ensure(console, project)?;
    }
    if wants(Part::Promtool) && promtool::ensure(console)?.is_none() {
        console.say("set-up: promtool: there is no apt to get it with; the tests of metrics are left out");
    }
    Ok(())
}
