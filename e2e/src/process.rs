//! Processes that end with the test that started them.

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// How long a process may take to say what is waited for.
const SAY_BOUND: Duration = Duration::from_secs(60);
/// How long a group may take to end after each signal.
const END_BOUND: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// A process and all that it starts, in a process group of their own. Dropped, it is told to end
/// by `farewell`, and killed if it does not.
pub struct Group {
    child: Child,
    lines: Receiver<String>,
    farewell: Signal,
}

impl Group {
    /// Starts `command`, with nothing to read.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut command: Command, farewell: Signal) -> Result<Self> {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let stdout = child.stdout.take().context("its output is a pipe")?;
        Ok(Self { child, lines: lines_of(stdout), farewell })
    }

    /// Waits for the next line of output that holds `text`.
    ///
    /// # Errors
    /// When the process ends or time is up before.
    pub fn line_with(&self, text: &str) -> Result<String> {
        let deadline = Instant::now() + SAY_BOUND;
        let mut said = String::new();
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if line.contains(text) {
                return Ok(line);
            }
            said.push_str(&line);
            said.push('\n');
        }
        bail!("waited in vain for a line with {text:?}, after:\n{said}")
    }

    fn group(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Whether all of the group ended in time.
    fn ends(&mut self) -> bool {
        let deadline = Instant::now() + END_BOUND;
        loop {
            // The first of the group is ours to wait for; it would count as alive for ever.
            let _ = self.child.try_wait();
            if test_kill_process_group(self.group()).is_err() {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for signal in [self.farewell, Signal::KILL] {
            // It may have ended by itself.
            let _ = kill_process_group(self.group(), signal);
            if self.ends() {
                return;
            }
        }
        eprintln!("process group {} does not end", self.group());
    }
}

/// What is printed, line by line; read to the end whether or not anybody takes the lines, so that
/// the process never waits at a full pipe.
fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}
