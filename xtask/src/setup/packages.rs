//! Debian packages: installed by root or through sudo, and only those that are missing.

use std::fs::{File, TryLockError};
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::console::Console;
use crate::process::{self, command};

const UPDATE_LIMIT: Duration = Duration::from_secs(5 * 60);
const INSTALL_LIMIT: Duration = Duration::from_secs(15 * 60);
const POLL: Duration = Duration::from_millis(200);

/// How this machine lets us change what is installed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Privilege {
    Root,
    Sudo,
}

impl Privilege {
    fn find() -> Result<Option<Self>> {
        if is_root()? {
            return Ok(Some(Self::Root));
        }
        if process::find("sudo").is_none() {
            return Ok(None);
        }
        let silent = Command::new("sudo").args(["-n", "true"]).stderr(Stdio::null()).status()?;
        // The password is asked for here, where the terminal is still ours to read.
        let granted = silent.success()
            || (std::io::stdin().is_terminal() && Command::new("sudo").arg("-v").status()?.success());
        Ok(granted.then_some(Self::Sudo))
    }

    fn command(self, program: &str) -> Command {
        match self {
            Self::Root => command(program),
            Self::Sudo => {
                let mut sudo = command("sudo");
                sudo.args(["-n", program]);
                sudo
            }
        }
    }

    fn apt(self, arguments: &[&str]) -> Command {
        let mut apt = self.command("env");
        apt.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]);
        apt.args(arguments);
        apt
    }
}

/// Brings apt's lists of packages up to date.
///
/// # Errors
/// When there is no apt-get, when we are neither root nor allowed to use sudo, or when apt fails.
pub fn update(console: &Console, purpose: &str) -> Result<()> {
    let program = process::find("apt-get").context("there is no apt-get")?;
    let _turn = turn(console, &program)?;
    let Some(privilege) = Privilege::find()? else {
        bail!("{purpose} needs root for: apt-get update");
    };
    console.run("apt-get update", UPDATE_LIMIT, &mut privilege.apt(&["update"])).map(drop)
}

/// Whether we are root.
///
/// # Errors
/// When `id` does not answer.
pub fn is_root() -> Result<bool> {
    Ok(process::capture(command("id").arg("-u"))?.trim() == "0")
}

/// Whether this is Debian itself, not a system made from it.
pub fn is_debian() -> bool {
    std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
        && Path::new("/usr/bin/apt-get").exists()
}

/// Whether this is the release of Debian with this code name.
pub fn is_debian_release(name: &str) -> bool {
    let line = format!("VERSION_CODENAME={name}");
    is_debian()
        && std::fs::read_to_string("/etc/os-release")
            .is_ok_and(|text| text.lines().any(|found| found == line))
}

/// Which of these packages are not installed.
pub fn missing<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let is_installed = |package: &str| {
        process::capture(command("dpkg-query").args(["-W", "-f=${db:Status-Status}", package]))
            .is_ok_and(|status| status == "installed")
    };
    packages.iter().copied().filter(|package| !is_installed(package)).collect()
}

/// Waits until no other of our steps and processes uses apt: it stops at once where another one
/// updates its lists. The lock is on the program, which all who start it can open; it lasts until the
/// file is dropped.
fn turn(console: &Console, program: &Path) -> Result<File> {
    let file = File::open(program).with_context(|| program.display().to_string())?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error).context("waiting for apt-get"),
            Err(TryLockError::WouldBlock) if console.is_interrupted() => bail!("interrupted"),
            Err(TryLockError::WouldBlock) if start.elapsed() > INSTALL_LIMIT => {
                bail!("another apt-get did not end in {} s", INSTALL_LIMIT.as_secs())
            }
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(POLL),
        }
    }
}

/// Installs those of the packages that are missing, and says so and what for.
///
/// # Errors
/// When there is no apt-get, when we are neither root nor allowed to use sudo, or when apt fails.
pub fn install(console: &Console, packages: &[&str], purpose: &str) -> Result<()> {
    let wanted = missing(packages);
    if wanted.is_empty() {
        return Ok(());
    }
    let Some(program) = process::find("apt-get") else {
        let list = wanted.join(" ");
        bail!("{purpose} needs {list} (Debian's names), and there is no apt-get: install them");
    };
    let _turn = turn(console, &program)?;
    let missing = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let Some(privilege) = Privilege::find()? else {
        bail!("{purpose} needs root for: apt-get install --no-install-recommends {list}");
    };
    console.say(format!("set-up: installing {list} with apt-get, for {purpose}"));
    // One unreachable source of several is no reason to stop: the installation decides.
    let updated = console.run("apt-get update", UPDATE_LIMIT, &mut privilege.apt(&["update"]));
    let mut install = privilege.apt(&["install", "--yes", "--no-install-recommends"]);
    install.args(&missing);
    let installed = console.run("apt-get install", INSTALL_LIMIT, &mut install);
    match (updated, installed) {
        (_, Ok(_)) => Ok(()),
        (Ok(_), Err(error)) => Err(error),
        (Err(first), Err(error)) => Err(error.context(format!("{first:#}"))),
    }
    .with_context(|| {
        format!(
            "cannot install {list} for {purpose}: check the network and apt's sources, then run this again"
        )
    })
}
