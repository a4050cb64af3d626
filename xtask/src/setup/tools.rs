//! Trunk and the wasm-bindgen command, at the versions the workspace pins.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::console::Console;
use crate::process::{capture, command};
use crate::project::{Project, cache_folder};

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);

struct Tool<'a> {
    package: &'a str,
    program: &'a str,
    version: &'a str,
}

/// Makes sure of both tools. Returns the folders to put in front of PATH; none for a tool that is
/// on PATH already.
///
/// # Errors
/// When one is missing and cannot be built.
pub fn ensure(console: &Console, project: &Project) -> Result<Vec<PathBuf>> {
    let tools = [
        Tool { package: "trunk", program: "trunk", version: project.trunk_version()? },
        Tool {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version: project.wasm_bindgen_version()?,
        },
    ];
    let mut folders = Vec::new();
    for tool in &tools {
        folders.extend(tool.ensure(console)?);
    }
    Ok(folders)
}

/// Folder in the user's cache that holds the built tools.
///
/// # Errors
/// When the user has no folder for caches.
pub fn folder() -> Result<PathBuf> {
    Ok(cache_folder()?.join("tools"))
}

impl Tool<'_> {
    fn ensure(&self, console: &Console) -> Result<Option<PathBuf>> {
        let Self { package, program, version } = self;
        if self.is_at(Path::new(program)) {
            console.say(format!("set-up: {program} {version}: using the one on PATH"));
            return Ok(None);
        }
        let home = folder()?.join(format!("{package}-{version}"));
        let programs = home.join("bin");
        if self.is_at(&programs.join(program)) {
            console.say(format!("set-up: {program} {version}: already built"));
        } else {
            console.say(format!("set-up: building {package} {version} into the user's cache, once"));
            self.build(console, &home)?;
        }
        Ok(Some(programs))
    }

    fn is_at(&self, program: &Path) -> bool {
        capture(command(program).arg("--version"))
            .is_ok_and(|answer| answer.split_whitespace().nth(1) == Some(self.version))
    }

    /// Unoptimised, unchecked and without TLS builds twice as fast, and the tools make the same files.
    fn build(&self, console: &Console, home: &Path) -> Result<()> {
        let partial = home.with_extension(format!("{}.partial", std::process::id()));
        let objects = partial.join("objects");
        let built = console.run(
            &format!("building {} {}", self.package, self.version),
            BUILD_LIMIT,
            command("cargo")
                .args(["install", "--debug", "--locked", "--no-default-features", "--force"])
                .args([self.package, "--version", &format!("={}", self.version)])
                .args(["--bin", self.program, "--root"])
                .arg(&partial)
                .arg("--target-dir")
                .arg(&objects)
                .env_remove("RUSTFLAGS")
                .env_remove("CARGO_BUILD_TARGET")
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .env("CARGO_PROFILE_DEV_STRIP", "true")
                .env("CARGO_PROFILE_DEV_DEBUG_ASSERTIONS", "false")
                .env("CARGO_PROFILE_DEV_OVERFLOW_CHECKS", "false")
                .env("CARGO_INCREMENTAL", "0"),
        );
        let result = built
            .with_context(|| {
                format!(
                    "cannot build {} {}: cargo must reach a package registry; or put {} {} on PATH",
                    self.package, self.version, self.program, self.version
                )
            })
            .and_then(|_| {
                std::fs::remove_dir_all(&objects)?;
                if home.exists() {
                    std::fs::remove_dir_all(home)?;
                }
                std::fs::rename(&partial, home).context("moving the built tool into place")
            });
        if result.is_err() {
            // What is left of a failed build is of no use; the error is what matters.
            let _ = std::fs::remove_dir_all(&partial);
        }
        result
    }
}
