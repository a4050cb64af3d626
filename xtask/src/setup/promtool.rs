//! Prometheus' checker, from Debian's package. The package is unpacked into the user's cache and not installed:
//! installed, it would start a service.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::console::Console;
use crate::process::{capture, command, find};
use crate::project::cache_folder;

const PACKAGE: &str = "prometheus";
const PROGRAM: &str = "promtool";
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// The checker: that on PATH, or one in the cache, put there if need be. `None` where there is no apt to get it with.
///
/// # Errors
/// When it can be neither downloaded nor unpacked.
pub fn ensure(console: &Console) -> Result<Option<PathBuf>> {
    if let Some(program) = find(PROGRAM) {
        console.say(format!("set-up: {PROGRAM}: using {}", program.display()));
        return Ok(Some(program));
    }
    let home = cache_folder()?.join("tools").join(PROGRAM);
    let program = home.join(PROGRAM);
    if works(&program) {
        console.say(format!("set-up: {PROGRAM}: already unpacked"));
        return Ok(Some(program));
    }
    if find("apt-get").is_none() || find("dpkg").is_none() {
        return Ok(None);
    }
    console.say(format!("set-up: unpacking {PROGRAM} from Debian's package {PACKAGE} into the user's cache"));
    let partial = home.with_extension(format!("{}.partial", std::process::id()));
    let result = fetch(console, &partial).and_then(|()| {
        if home.exists() {
            std::fs::remove_dir_all(&home)?;
        }
        std::fs::rename(partial.join("result"), &home).context("moving it into place")
    });
    // What is left there is of no use, whatever came of it.
    let _ = std::fs::remove_dir_all(&partial);
    result.with_context(|| {
        format!("cannot get {PROGRAM}: check the network and apt's sources, or put {PROGRAM} on PATH")
    })?;
    if !works(&program) {
        bail!("{} does not start", program.display());
    }
    Ok(Some(program))
}

fn works(program: &Path) -> bool {
    capture(command(program).arg("--version")).is_ok()
}

/// Downloads the package into `folder`, unpacks it there, and moves the checker into `result`.
fn fetch(console: &Console, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let download = || {
        console.run(
            "apt-get download",
            LIMIT,
            command("apt-get").args(["-q", "download", PACKAGE]).current_dir(folder),
        )
    };
    if let Err(first) = download() {
        // Its lists may be old, or not there yet; only who may change them can help that.
        super::packages::update(console, "the check of metrics").context(format!("{first:#}"))?;
        download()?;
    }
    let package = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get left no package")?;
    console.run("dpkg", LIMIT, command("dpkg").arg("-x").arg(&package).arg(folder.join("root")))?;
    let result = folder.join("result");
    std::fs::create_dir(&result)?;
    std::fs::rename(folder.join("root/usr/bin").join(PROGRAM), result.join(PROGRAM))?;
    Ok(())
}
