//! A toolchain that compiles for wasm: the active one where it can, rustup's addition to it where
//! its servers answer, Debian's where they don't.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::debian;
use crate::console::Console;
use crate::process::{capture, command, find};
use crate::project::Project;

/// Name of the target the page is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Restricts set-up to one way of getting targets: `rustup` or `debian`. For tests.
pub const ROUTE_VARIABLE: &str = "HOTSTUFF_TARGET_ROUTE";
/// Where its servers are out of reach, rustup may hang instead of failing.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);
/// Held by who changes the active toolchain, and by who copies it: rustup takes no lock.
pub static ACTIVE_TOOLCHAIN: Mutex<()> = Mutex::new(());

/// The Rust toolchain to run cargo with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The one that is active anyway.
    Active,
    /// The one that rustup knows under this name.
    Named(String),
}

impl Toolchain {
    /// Makes cargo, rustc and what they start use this toolchain.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self {
            Self::Active => command,
            Self::Named(name) => command.env("RUSTUP_TOOLCHAIN", name),
        }
    }

    /// Whether this toolchain compiles and links a program that uses `std` for wasm.
    ///
    /// # Errors
    /// When the scratch folder cannot be written.
    pub fn makes_wasm(&self, scratch: &Path) -> Result<bool> {
        links_wasm(scratch, self.apply(&mut command("rustc")))
    }
}

/// Whether this `rustc` compiles and links a program that uses `std` for wasm.
///
/// # Errors
/// When the scratch folder cannot be written.
pub fn links_wasm(scratch: &Path, rustc: &mut Command) -> Result<bool> {
    // Several threads may probe at once.
    static PROBES: AtomicU64 = AtomicU64::new(0);
    let number = PROBES.fetch_add(1, Ordering::Relaxed);
    let folder = scratch.join(format!("probe-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let source = folder.join("probe.rs");
    let module = folder.join("probe.wasm");
    std::fs::write(&source, PROBE)?;
    rustc.args(["--edition", "2024", "--crate-type", "cdylib", "--target", TARGET, "-o"]);
    rustc.arg(&module).arg(&source).current_dir(&folder);
    let compiled = capture(rustc).is_ok();
    let is_module = std::fs::read(&module).is_ok_and(|bytes| bytes.starts_with(b"\0asm"));
    std::fs::remove_dir_all(&folder)?;
    Ok(compiled && is_module)
}

/// Exported, so that it is not optimised away.
const PROBE: &str = "#[unsafe(no_mangle)] pub extern \"C\" fn length(count: usize) -> usize { \
    (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join(\",\").len() }";

/// Which ways of getting a target set-up may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The shortest that works.
    Any,
    /// Only `rustup target add`.
    Rustup,
    /// Only Debian's packages.
    Debian,
}

impl Route {
    /// The way that the environment asks for.
    ///
    /// # Errors
    /// When it asks for one that does not exist.
    pub fn wanted() -> Result<Self> {
        match std::env::var(ROUTE_VARIABLE).as_deref() {
            Err(_) | Ok("") => Ok(Self::Any),
            Ok("rustup") => Ok(Self::Rustup),
            Ok("debian") => Ok(Self::Debian),
            Ok(other) => bail!("{ROUTE_VARIABLE} is `{other}`: it can be `rustup` or `debian`"),
        }
    }
}

/// Makes sure that some toolchain compiles for wasm, and returns it.
///
/// # Errors
/// When no way worked; the error tells what each one lacked.
pub fn ensure(console: &Console, project: &Project) -> Result<Toolchain> {
    let scratch = project.scratch();
    let route = Route::wanted()?;
    if route != Route::Debian && Toolchain::Active.makes_wasm(&scratch)? {
        console.say(format!("set-up: {TARGET}: the active toolchain has it"));
        return Ok(Toolchain::Active);
    }
    // Asked first, so that a machine without rustup's servers waits for them only once.
    if route != Route::Rustup
        && let Some(toolchain) = debian::installed(&scratch)?
    {
        console.say(format!("set-up: {TARGET}: Debian's toolchain has it"));
        return Ok(toolchain);
    }
    let mut reasons = Vec::new();
    if route != Route::Debian {
        match add_with_rustup(console, TARGET) {
            Ok(()) if Toolchain::Active.makes_wasm(&scratch)? => return Ok(Toolchain::Active),
            Ok(()) => reasons.push("rustup added the target, but a program does not link".into()),
            Err(error) => {
                console.say("set-up: rustup cannot add it here");
                reasons.push(format!("{error:#}"));
            }
        }
    }
    if route != Route::Rustup {
        match debian::install(console, &scratch) {
            Ok(toolchain) => return Ok(toolchain),
            Err(error) => reasons.push(format!("{error:#}")),
        }
    }
    bail!(
        "no way to compile for {TARGET}. Run `rustup target add {TARGET}` where its servers can be \
         reached, or use Debian.\n- {}",
        reasons.join("\n- ")
    )
}

/// Adds a target to the active toolchain.
///
/// # Errors
/// When there is no rustup, or it cannot fetch the target within a minute.
pub fn add_with_rustup(console: &Console, target: &str) -> Result<()> {
    if find("rustup").is_none() {
        bail!("there is no rustup");
    }
    let _held = ACTIVE_TOOLCHAIN.lock().unwrap_or_else(PoisonError::into_inner);
    let active = capture(command("rustup").args(["show", "active-toolchain"]))?;
    let name = active.split_whitespace().next().context("rustup names no active toolchain")?;
    console.say(format!("set-up: rustup target add {target}, to toolchain {name}"));
    let mut rustup = command("rustup");
    rustup.args(["target", "add", "--toolchain", name, target]).env("RUSTUP_MAX_RETRIES", "1");
    console.run("rustup target add", RUSTUP_LIMIT, &mut rustup)?;
    Ok(())
}
