//! Commands: how they are made, and how short ones are asked.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Longest that a question to a program on this machine may take.
const QUESTION_LIMIT: Duration = Duration::from_secs(120);

/// A command without the variables that `cargo run` adds to the environment, which describe this
/// crate and this toolchain and are wrong for every other.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
            || matches!(&*name, "CARGO" | "RUST_RECURSION_COUNT")
        {
            command.env_remove(&*name);
        }
    }
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        let kept: Vec<PathBuf> =
            std::env::split_paths(&libraries).filter(|folder| !is_added_by_cargo(folder)).collect();
        match std::env::join_paths(&kept) {
            Ok(path) if !kept.is_empty() => command.env("LD_LIBRARY_PATH", path),
            _ => command.env_remove("LD_LIBRARY_PATH"),
        };
    }
    command
}

fn is_added_by_cargo(folder: &Path) -> bool {
    folder.join("../bin/rustc").exists()
        || folder.components().any(|part| part.as_os_str() == "rustlib")
        || folder.join(".fingerprint").exists()
        || folder.join("../.fingerprint").exists()
}

/// Runs a short command and returns what it wrote to standard output.
///
/// # Errors
/// When it cannot be started, fails, or takes longer than two minutes.
pub fn capture(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start `{shown}`"))?;
    let mut out = child.stdout.take().context("no standard output")?;
    let mut err = child.stderr.take().context("no standard error")?;
    let reader = std::thread::spawn(move || std::io::read_to_string(&mut out));
    let errors = std::thread::spawn(move || std::io::read_to_string(&mut err));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > QUESTION_LIMIT {
            child.kill()?;
            child.wait()?;
            bail!("`{shown}` gave no answer in {} s", QUESTION_LIMIT.as_secs());
        }
        std::thread::park_timeout(Duration::from_millis(3));
    };
    let text = |handle: std::thread::JoinHandle<std::io::Result<String>>| {
        handle.join().ok().and_then(Result::ok).unwrap_or_default()
    };
    let (out, err) = (text(reader), text(errors));
    if !status.success() {
        bail!("`{shown}` failed ({status}): {}", err.trim());
    }
    Ok(out)
}

/// The command line as a person would type it.
pub fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where a program is found on PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// PATH with these folders in front.
///
/// # Errors
/// When a folder's name cannot be written in PATH.
pub fn path_with(folders: &[PathBuf]) -> Result<OsString> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&rest));
    std::env::join_paths(all).context("a folder's name does not fit in PATH")
}
