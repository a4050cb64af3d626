//! What the person sees, and long commands run under supervision: progress, a time limit, a log.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::process::shown;
use crate::screen::Screen;

const TICK: Duration = Duration::from_millis(200);
const REPORT_EVERY: Duration = Duration::from_secs(30);
const TIME_TO_END: Duration = Duration::from_secs(10);
/// Enough for all that a compiler says about one mistake, and an end for what goes round in circles.
const LINES_SHOWN_OF_A_FAILURE: usize = 2_000;
const COLUMNS: usize = 120;
/// How much `renice` adds for commands that are patient.
const PATIENCE: &str = "10";

/// Messages, progress and the fate of long commands, of one thing that is done. Others may be done
/// beside it, each with a console of its own.
pub struct Console {
    screen: Arc<Screen>,
    /// Stands before every line; empty for something that is done alone.
    prefix: String,
    interrupted: Arc<AtomicBool>,
    log: RefCell<Option<File>>,
    is_patient: Cell<bool>,
}

impl Console {
    /// A console that writes to standard error.
    pub fn new() -> Self {
        Self {
            screen: Arc::new(Screen::new()),
            prefix: String::new(),
            interrupted: Arc::default(),
            log: RefCell::default(),
            is_patient: Cell::default(),
        }
    }

    /// A console on the same screen, for something whose lines bear this name.
    ///
    /// # Errors
    /// When the signals cannot be handled.
    pub fn beside(&self, name: &str) -> Result<Self> {
        let prefix = if name.is_empty() { String::new() } else { format!("{name} | ") };
        let screen = Arc::clone(&self.screen);
        let made = Self { screen, prefix, ..Self::new() };
        made.take_interrupts()?;
        // In this order: a request that came before the signals were taken is known to us.
        made.interrupted.fetch_or(self.is_interrupted(), Ordering::SeqCst);
        Ok(made)
    }

    /// From here on Ctrl-C and a request to terminate end the running command and are then seen by
    /// [`Console::is_interrupted`], so that what was started can be taken down.
    ///
    /// # Errors
    /// When the signals cannot be handled.
    pub fn take_interrupts(&self) -> Result<()> {
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&self.interrupted))?;
        }
        Ok(())
    }

    /// Whether the person asked to stop.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// Runs something that cleans up, and which a request to stop must not keep from running. What is
    /// done beside this stops all the same.
    pub fn despite_interrupts<T>(&self, clean_up: impl FnOnce() -> T) -> T {
        let was_interrupted = self.interrupted.swap(false, Ordering::SeqCst);
        let result = clean_up();
        self.interrupted.fetch_or(was_interrupted, Ordering::SeqCst);
        result
    }

    /// Runs something whose commands only compute: where others want the processors, they go first.
    pub fn patiently<T>(&self, work: impl FnOnce() -> T) -> T {
        let was_patient = self.is_patient.replace(true);
        let result = work();
        self.is_patient.set(was_patient);
        result
    }

    /// Tells the person something.
    pub fn say(&self, line: impl std::fmt::Display) {
        let line = line.to_string();
        self.screen.say(&self.prefixed(&line));
        self.note(&line);
    }

    /// Writes to standard output what belongs to the answer, not to the way there.
    pub fn print(&self, lines: &str) {
        self.screen.print(&self.prefixed(lines));
        self.note(lines);
    }

    fn prefixed(&self, lines: &str) -> String {
        if self.prefix.is_empty() {
            return lines.to_owned();
        }
        lines.lines().map(|line| format!("{}{line}", self.prefix)).collect::<Vec<_>>().join("\n")
    }

    /// Keeps the output of the commands that follow in this file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn log_to(&self, file: &Path) -> Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        *self.log.borrow_mut() = Some(File::create(file)?);
        Ok(())
    }

    /// Runs a command to its end, and returns what it wrote.
    ///
    /// # Errors
    /// When it cannot be started, fails (its output is in the error), takes longer than `limit`
    /// or is interrupted.
    pub fn run(&self, what: &str, limit: Duration, command: &mut Command) -> Result<String> {
        let (status, output) = self.supervise(what, limit, command)?;
        if status.success() {
            return Ok(output);
        }
        Err(anyhow!("{what}: `{}` failed ({status})\n{}", shown(command), tail(&output)))
    }

    /// Like [`Console::run`], but a failure of the command is an answer, not an error.
    ///
    /// # Errors
    /// When it cannot be started, takes longer than `limit` or is interrupted.
    pub fn supervise(
        &self,
        what: &str,
        limit: Duration,
        command: &mut Command,
    ) -> Result<(ExitStatus, String)> {
        if self.is_interrupted() {
            bail!("interrupted");
        }
        self.note(&format!("$ {}", shown(command)));
        let (reader, writer) = std::io::pipe()?;
        // A group of its own: ending it ends what the command started too.
        command.process_group(0).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let spawned = command.spawn();
        // The command holds the pipe's writing end, and the reader waits for its last holder.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = spawned.with_context(|| format!("cannot start `{}`", shown(command)))?;
        if self.is_patient.get() {
            // Without it the command is only less patient.
            let group = child.id().to_string();
            let _ = Command::new("renice").args(["-n", PATIENCE, "-g", &group]).output();
        }
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                    break;
                }
                line.clear();
            }
        });
        let result = self.follow(what, limit, &mut child, &lines);
        self.screen.show(&self.prefix, "");
        result.map_err(|error| error.context(format!("`{}`", shown(command))))
    }

    fn follow(
        &self,
        what: &str,
        limit: Duration,
        child: &mut Child,
        lines: &Receiver<String>,
    ) -> Result<(ExitStatus, String)> {
        let start = Instant::now();
        let mut output = String::new();
        let mut reported = Duration::ZERO;
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            match lines.recv_timeout(TICK) {
                Ok(line) => {
                    self.note(&line);
                    output.push_str(&line);
                    output.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => return Ok((child.wait()?, output)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if ended.is_none() {
                ended = child.try_wait()?.map(|status| (status, Instant::now()));
            }
            // Something the command left behind may hold the pipe for ever.
            if let Some((status, when)) = ended
                && when.elapsed() > TICK * 5
            {
                return Ok((status, output));
            }
            if self.is_interrupted() {
                end_group(child)?;
                bail!("{what}: interrupted");
            }
            if start.elapsed() > limit {
                end_group(child)?;
                bail!("{what}: no end after {} s\n{}", limit.as_secs(), tail(&output));
            }
            let last = output.lines().next_back().unwrap_or_default();
            self.show_progress(what, start.elapsed(), &mut reported, last);
        }
    }

    fn show_progress(&self, what: &str, elapsed: Duration, reported: &mut Duration, last: &str) {
        let last = last.rsplit('\r').next().unwrap_or_default().trim();
        let line = format!("{}{what}: {} s  {last}", self.prefix, elapsed.as_secs());
        let line: String = line.chars().filter(|c| !c.is_control()).take(COLUMNS).collect();
        if self.screen.is_terminal() {
            if elapsed - *reported >= TICK {
                self.screen.show(&self.prefix, &line);
                *reported = elapsed;
            }
        } else if elapsed - *reported >= REPORT_EVERY {
            self.screen.say(&if self.prefix.is_empty() { format!("  {line}") } else { line });
            *reported = elapsed;
        }
    }

    fn note(&self, line: &str) {
        if let Some(file) = self.log.borrow_mut().as_mut() {
            // A full disk will make itself known where it matters.
            let _ = writeln!(file, "{line}");
        }
    }
}

fn end_group(child: &mut Child) -> Result<()> {
    let id = child.id();
    let signal = |name: &str| {
        let group = format!("kill -{name} -{id}");
        Command::new("sh").args(["-c", &group]).stderr(Stdio::null()).status()
    };
    signal("TERM")?;
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if start.elapsed() > TIME_TO_END {
            signal("KILL")?;
            child.wait()?;
            break;
        }
        std::thread::park_timeout(TICK);
    }
    Ok(())
}

/// The end of a long output.
pub fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let start = lines.len().saturating_sub(LINES_SHOWN_OF_A_FAILURE);
    lines[start..].join("\n")
}
