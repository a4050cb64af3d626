//! The core and the key-value store compile where there is no operating system.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Bench, Done};
use crate::process::command;
use crate::setup::debian;
use crate::setup::wasm_target::{Route, add_with_rustup};

const TARGET: &str = "thumbv7em-none-eabi";
const LIMIT: Duration = Duration::from_secs(25 * 60);

/// Builds both libraries for a processor without an operating system.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    let mut cargo = command("cargo");
    cargo.args(["build", "--lib", "--package", "hotstuff-core", "--package", "hotstuff-kv"]);
    cargo.args(["--target", TARGET]).current_dir(&bench.project.root);
    let added = match Route::wanted()? {
        Route::Debian => Err(anyhow::anyhow!("not asked for")),
        _ => add_with_rustup(bench.console, TARGET),
    };
    let note = match added {
        Ok(()) => TARGET.to_owned(),
        Err(error) => {
            let scratch = bench.project.scratch();
            let toolchain = match debian::installed(&scratch)? {
                Some(toolchain) => toolchain,
                None => debian::install(bench.console, &scratch).with_context(|| format!("{error:#}"))?,
            };
            // Debian has no library for this target, but its source.
            toolchain.apply(&mut cargo).env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=core,alloc");
            format!("{TARGET}, with Debian's source")
        }
    };
    bench.console.run("building for bare metal", LIMIT, &mut cargo)?;
    Ok(Done::Passed(note))
}
