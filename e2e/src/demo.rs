//! A cluster of real replicas, as a person starts it for a look.

use crate::environment::program;
use crate::process::Group;
use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use tempfile::TempDir;

const REPLICAS: u16 = 4;
/// How often a start may meet a port that somebody took in the meantime.
const ATTEMPTS: u32 = 5;

/// One at a time looks for ports, so that two do not find the same.
static START: Mutex<()> = Mutex::new(());

/// A running `hotstuff demo`. Its replicas end with it.
pub struct Demo {
    /// The first replica's page.
    url: String,
    port: u16,
    pids: BTreeMap<u16, i32>,
    // Dropped in this order: the processes end before their folder goes.
    restarted: Vec<Group>,
    _demo: Group,
    folder: TempDir,
}

impl Demo {
    /// Starts four replicas and waits until all are well.
    ///
    /// # Errors
    /// When they are not.
    pub fn start() -> Result<Self> {
        let _alone = START.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match Self::attempt(free_ports()?) {
                Ok(demo) => return Ok(demo),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("there was an attempt")?.context("the demonstration does not start"))
    }

    fn attempt(port: u16) -> Result<Self> {
        let folder = TempDir::new().context("a folder for the cluster")?;
        let mut command = Command::new(program()?);
        command.args(["demo", "--port", &port.to_string()]).arg("--dir").arg(folder.path().join("cluster"));
        let demo = Group::start(command, Signal::INT)?;
        demo.line_with("http://")?;
        let processes = demo.line_with("Kill a replica")?;
        let pids = pids(&processes).with_context(|| processes.clone())?;
        ensure!(pids.len() == usize::from(REPLICAS), "{processes}");
        let url = format!("http://127.0.0.1:{port}/");
        Ok(Self { url, port, pids, restarted: Vec::new(), _demo: demo, folder })
    }

    /// The page, with a fragment that begins with `#`, or none.
    #[must_use]
    pub fn url(&self, fragment: &str) -> String {
        format!("{}{fragment}", self.url)
    }

    /// The `host:port` of a replica's page and WebSockets.
    #[must_use]
    pub fn address(&self, replica: u16) -> String {
        format!("127.0.0.1:{}", self.port + replica)
    }

    /// Ends a replica's process, as `kill -9` does.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn kill(&mut self, replica: u16) -> Result<()> {
        let pid = self.pids.remove(&replica).context("it runs")?;
        let pid = Pid::from_raw(pid).context("a process id is not 0")?;
        kill_process(pid, Signal::KILL).with_context(|| format!("replica {replica}"))
    }

    /// Starts a killed replica again.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn restart(&mut self, replica: u16) -> Result<()> {
        let mut command = Command::new(program()?);
        command.arg("replica").arg("--config").arg(self.file(&format!("r{replica}/replica.toml")));
        command.stderr(Stdio::null());
        self.restarted.push(Group::start(command, Signal::TERM)?);
        Ok(())
    }

    /// Runs `hotstuff client` with the cluster's own client key and these words.
    ///
    /// # Errors
    /// When it cannot be run or fails.
    pub async fn client<S: AsRef<OsStr>>(&self, words: &[S]) -> Result<String> {
        let mut command = tokio::process::Command::new(program()?);
        command.arg("client").arg("--committee").arg(self.file("committee.toml"));
        command.arg("--key").arg(self.file("client.key")).args(words).kill_on_drop(true);
        let Output { status, stdout, stderr } = command.output().await.context("the client")?;
        if !status.success() {
            bail!("the client: {status}: {}", String::from_utf8_lossy(&stderr));
        }
        Ok(String::from_utf8(stdout)?.trim_end().to_owned())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("cluster").join(name)
    }
}

/// Reads the processes out of `… (r0 12, r1 13, r2 14, r3 15):`.
fn pids(line: &str) -> Option<BTreeMap<u16, i32>> {
    let (_, list) = line.split_once('(')?;
    let (list, _) = list.split_once(')')?;
    let pair = |pair: &str| {
        let (id, pid) = pair.trim().strip_prefix('r')?.split_once(' ')?;
        Some((id.parse().ok()?, pid.parse().ok()?))
    };
    list.split(',').map(pair).collect()
}

/// The first of adjacent ports of loopback that nobody listens on. They are not from the range of
/// outgoing connections, one of which could take a port before it is used.
fn free_ports() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 220) as u16 * 100;
    for _ in 0..1_000 {
        let first = 10_000 + start.wrapping_add(NEXT.fetch_add(REPLICAS, Ordering::Relaxed)) % 21_900;
        if (first..first + REPLICAS).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return Ok(first);
        }
    }
    bail!("no adjacent ports are free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_read_from_the_guide() {
        let line = "Kill a replica, and see the others go on (r0 7, r1 8, r2 9, r3 10):";
        assert_eq!(pids(line), Some(BTreeMap::from([(0, 7), (1, 8), (2, 9), (3, 10)])));
        assert_eq!(pids("Kill a replica"), None);
        assert_eq!(pids("(r0 seven)"), None);
    }
}
