//! Debian's Rust as a toolchain for wasm: its compiler, and the standard library compiled from its
//! source once, in a folder of the user that rustup knows by name. Nothing under /usr is changed
//! but by apt.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::packages;
use super::wasm_target::{TARGET, Toolchain};
use crate::console::Console;
use crate::process::{capture, command, find};
use crate::project::cache_folder;

/// Name under which rustup knows the toolchain.
pub const NAME: &str = "hotstuff-debian";
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const COMPILER: &str = "/usr/bin/rustc";
const COMPILE_LIMIT: Duration = Duration::from_secs(15 * 60);

/// The toolchain, if an earlier run has made it and it works.
///
/// # Errors
/// When the scratch folder cannot be written.
pub fn installed(scratch: &Path) -> Result<Option<Toolchain>> {
    let toolchain = Toolchain::Named(NAME.into());
    Ok(toolchain.makes_wasm(scratch)?.then_some(toolchain))
}

/// Makes the toolchain from Debian's packages.
///
/// # Errors
/// When this is no Debian, the packages cannot be installed, or the library does not compile.
pub fn install(console: &Console, scratch: &Path) -> Result<Toolchain> {
    if !packages::is_debian() {
        bail!("this is not Debian");
    }
    if find("rustup").is_none() {
        bail!("there is no rustup to link Debian's toolchain into");
    }
    packages::install(console, &PACKAGES, &format!("compiling for {TARGET}"))?;
    let compiler = Compiler::ask()?;
    let linker = compiler.linker();
    if !linker.exists() {
        let package = format!("lld-{}", compiler.llvm);
        packages::install(console, &[&package], &format!("linking for {TARGET}"))?;
    }
    let home = cache_folder()?.join("toolchains").join(format!("debian-{}", compiler.release));
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    lay_out(&home, &compiler)?;
    console.say(format!("set-up: compiling the standard library {} for {TARGET}, once", compiler.release));
    compile_library(console, scratch, &home, &compiler)?;
    capture(command("rustup").args(["toolchain", "link", NAME]).arg(&home))
        .context("linking Debian's toolchain into rustup")?;
    installed(scratch)?.with_context(|| {
        format!("{NAME} is installed, but does not link a program; its files are in {}", home.display())
    })
}

struct Compiler {
    release: String,
    host: String,
    llvm: String,
}

impl Compiler {
    fn ask() -> Result<Self> {
        let answer = capture(command(COMPILER).arg("-vV"))?;
        let field = |name: &str| {
            let value = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.map(str::to_owned).with_context(|| format!("{COMPILER} does not tell its {name}"))
        };
        let llvm = field("LLVM version")?;
        let llvm = llvm.split('.').next().unwrap_or_default().to_owned();
        Ok(Self { release: field("release")?, host: field("host")?, llvm })
    }

    fn linker(&self) -> PathBuf {
        format!("/usr/lib/llvm-{}/bin/lld", self.llvm).into()
    }

    fn library_source(&self) -> PathBuf {
        format!("/usr/src/rustc-{}/library", self.release).into()
    }
}

/// Everything a toolchain has, by links to Debian's files, but no library for wasm yet.
fn lay_out(home: &Path, compiler: &Compiler) -> Result<()> {
    let programs = home.join("bin");
    let library = home.join("lib/rustlib");
    let host = library.join(&compiler.host);
    std::fs::create_dir_all(&programs)?;
    std::fs::create_dir_all(host.join("bin"))?;
    let wrapper = programs.join("rustc");
    let script = format!("#!/bin/sh\nexec {COMPILER} --sysroot '{}' \"$@\"\n", home.display());
    std::fs::write(&wrapper, script)?;
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755))?;
    symlink("/usr/bin/cargo", programs.join("cargo"))?;
    symlink(Path::new("/usr/lib/rustlib").join(&compiler.host).join("lib"), host.join("lib"))?;
    // rustc asks for its linker by this name.
    symlink(compiler.linker(), host.join("bin/rust-lld"))?;
    // For `-Zbuild-std`, which looks for the source inside the toolchain.
    std::fs::create_dir_all(library.join("src/rust"))?;
    symlink(compiler.library_source(), library.join("src/rust/library"))?;
    Ok(())
}

fn compile_library(console: &Console, scratch: &Path, home: &Path, compiler: &Compiler) -> Result<()> {
    if !compiler.library_source().join("Cargo.lock").is_file() {
        bail!("rust-web-src has no source for release {}", compiler.release);
    }
    let work = scratch.join(format!("library-{}", std::process::id()));
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    std::fs::create_dir_all(work.join("src"))?;
    std::fs::write(work.join("src/lib.rs"), "")?;
    std::fs::write(work.join("Cargo.toml"), MANIFEST)?;
    let folders = [home.join("bin"), "/usr/bin".into()];
    let compiled = console.run(
        "compiling the standard library",
        COMPILE_LIMIT,
        command(home.join("bin/cargo"))
            .args(["build", "--release", "--target", TARGET])
            .arg("-Zbuild-std=std,panic_abort,panic_unwind,proc_macro,test")
            .current_dir(&work)
            .env("PATH", crate::process::path_with(&folders)?)
            .env("CARGO_TARGET_DIR", work.join("target"))
            .env("RUSTC", home.join("bin/rustc"))
            .env("RUSTC_BOOTSTRAP", "1")
            // The page's fat LTO reads the bitcode of the library.
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("RUSTC_WRAPPER")
            .env_remove("RUSTUP_TOOLCHAIN"),
    );
    let collected = compiled
        .context("cannot compile the standard library: cargo must reach a package registry")
        .and_then(|_| {
            let objects = work.join("target").join(TARGET).join("release/deps");
            collect(&objects, &home.join("lib/rustlib").join(TARGET).join("lib"))
        });
    std::fs::remove_dir_all(&work)?;
    collected
}

const MANIFEST: &str = "[package]\nname = \"library-for-wasm\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
    [workspace]\n[profile.release]\nopt-level = 3\ncodegen-units = 1\ndebug = 0\n";

fn collect(objects: &Path, library: &Path) -> Result<()> {
    std::fs::create_dir_all(library)?;
    for entry in std::fs::read_dir(objects)? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("liblibrary_for_wasm") {
            std::fs::copy(&file, library.join(&name))?;
        }
    }
    Ok(())
}
