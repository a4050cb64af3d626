//! `hotstuff load`: makes the runs one after the other, and keeps what came of them.

use super::cluster::Cluster;
use super::connections;
use super::document::{Document, Run};
use super::plan::Workload;
use super::progress::Progress;
use super::recorder::Recorder;
use super::run::{Shared, run};
use super::settings::Settings;
use super::signals::Signals;
use super::summary;
use super::target::Clients;
use crate::client::cli::fail;
use crate::client::connection::ClusterArguments;
use crate::client::exit::Exit;
use crate::client::transport::Transport;
use crate::config::CommitteeFile;
use crate::demo::guide::quoted;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a replica may take to say what it is.
const STATUS_TIMEOUT: Duration = Duration::from_secs(3);

const HELP: &str = "\
Every command is signed, sent to all replicas, and done when f+1 of them say the same. Latencies count from when a
command was due, which in an open loop is not when there was room for it: no stall of the cluster goes unseen.
Ctrl-C or SIGTERM ends the sending, waits for what is in flight, and reports; a second one ends the waiting.
docs/load.md tells the fields of the JSON. `hotstuff report` makes a page of it.

Exit codes:
  0  every command that was sent and measured has an answer
  2  an error: wrong usage, unusable files, or the replicas refused commands
  3  no agreement among f+1 replicas in time, on a command or before the first one
  4  the same, and f+1 replicas said that they are busy";

/// Makes load, and measures what comes of it.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    #[command(flatten)]
    cluster: ClusterArguments,
    /// Files with secret keys that sign, a connection for each; otherwise keys are made for the run.
    #[arg(long = "key", value_name = "FILE", num_args = 1.., conflicts_with = "connections")]
    own_keys: Vec<PathBuf>,
    #[command(flatten)]
    workload: Workload,
    /// The same seed gives the same commands, due at the same moments; otherwise it is drawn, and told.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// What the runs are called in a report.
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Print JSON to standard output.
    #[arg(long)]
    json: bool,
    /// Write JSON to a new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tell once a second how it goes, also where standard error is no terminal.
    #[arg(long)]
    progress: bool,
}

/// Why nothing was measured, and how the program ends.
struct Refused(Exit, String);

impl Refused {
    fn error(error: impl std::fmt::Display) -> Self {
        Self(Exit::Error, error.to_string())
    }
}

impl Arguments {
    /// Makes the load, and tells what came of it. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => return fail(&error, Exit::Error).into(),
        };
        let exit = match runtime.block_on(self.measure()) {
            Ok(document) => self.tell(&document),
            Err(Refused(exit, why)) => fail(&why, exit),
        };
        exit.into()
    }

    async fn measure(&self) -> Result<Document, Refused> {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if let Some(out) = &self.out {
            check_new(out).map_err(Refused::error)?;
        }
        let (file, transport) = self.cluster.load().map_err(Refused::error)?;
        let mut keys = connections::load(&self.own_keys).map_err(Refused::error)?;
        let plan = self.plan(&file)?;
        if keys.is_empty() {
            let most = plan.iter().map(|settings| settings.connections).max().unwrap_or(1);
            keys = connections::fresh(most).map_err(Refused::error)?;
        }
        let mut signals = Signals::catch().map_err(Refused::error)?;
        let at_start = Cluster::look(&file, &transport, STATUS_TIMEOUT).await;
        if let Some(why) = at_start.why_unreachable() {
            return Err(Refused(Exit::NoAgreement, why));
        }
        let clients = connections::open(keys, &self.cluster, &file, &transport);
        tokio::select! {
            answered = clients.are_answered() => answered.map_err(|(exit, why)| Refused(exit, why))?,
            () = signals.reached(1) => return Err(Refused::error("stopped before the first command")),
        }
        let runs = self.runs(plan, at_start, &clients, &signals, &file, &transport).await;
        clients.close().await;
        Ok(Document::new(command_line(), self.label.clone(), started, runs))
    }

    fn plan(&self, file: &CommitteeFile) -> Result<Vec<Settings>, Refused> {
        let mut drawn = [0; 8];
        if self.seed.is_none() {
            getrandom::fill(&mut drawn).map_err(Refused::error)?;
        }
        let seed = self.seed.unwrap_or_else(|| u64::from_le_bytes(drawn));
        let given = u32::try_from(self.own_keys.len()).unwrap_or(u32::MAX);
        let given = Some(given).filter(|count| *count > 0);
        let timeout_s = self.cluster.timeout;
        self.workload.plan(given, file.current.limits(), timeout_s, seed).map_err(Refused::error)
    }

    /// One run after the other, until a signal.
    async fn runs(
        &self,
        plan: Vec<Settings>,
        mut before: Cluster,
        clients: &Clients,
        signals: &Signals,
        file: &CommitteeFile,
        transport: &Transport,
    ) -> Vec<Run> {
        let progress = Progress::new(self.progress);
        let (count, mut runs) = (plan.len(), Vec::new());
        for (index, settings) in plan.into_iter().enumerate() {
            let name = match count {
                1 => settings.shape.to_string(),
                _ => format!("{} of {count}, {}", index + 1, settings.shape),
            };
            let recorder = Shared::new(Recorder::new(&settings));
            let stopped = tokio::select! {
                stopped = run(clients, &settings, signals.clone(), &recorder) => stopped,
                never = progress.show(&name, &settings, &recorder) => never,
            };
            let after = Cluster::look(file, transport, STATUS_TIMEOUT).await;
            let clusters = [std::mem::replace(&mut before, after.clone()), after];
            runs.push(Run::new(settings, clusters, stopped, &recorder.lock()));
            if signals.any() {
                break;
            }
        }
        runs
    }

    fn tell(&self, document: &Document) -> Exit {
        let worst =
            document.runs.iter().flat_map(|run| run.failures.keys()).map(|failure| failure.exit()).max();
        let mut exit = worst.unwrap_or(Exit::Done);
        let json = document.to_json();
        let mut must_print = self.json;
        if let Some(Err(error)) = self.out.as_deref().map(|path| write_new(path, &json)) {
            // What was measured is not lost.
            (exit, must_print) = (fail(&error, Exit::Error), true);
        }
        let text = if must_print { json } else { summary::text(document) };
        io::stdout().write_all(text.as_bytes()).map_or_else(|error| fail(&error, Exit::Error), |()| exit)
    }
}

/// That there can be a new file, before time is spent on what it is to hold.
fn check_new(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match path.try_exists() {
        Ok(true) => Err(format!("{} is there already, and is not overwritten", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
        Ok(false) if folder.is_some_and(|folder| !folder.is_dir()) => {
            Err(format!("{}: there is no such folder", path.display()))
        }
        Ok(false) => Ok(()),
    }
}

fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("{}: {error}", path.display()))
}

/// The command that runs this, as a shell takes it.
fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
    std::iter::once("hotstuff".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_takes_keys_or_makes_them() {
        use clap::{CommandFactory, Parser};
        crate::cli::Cli::command().debug_assert();
        let parse = |line: &str| crate::cli::Cli::try_parse_from(line.split_whitespace());
        assert!(parse("hotstuff load --committee c --clients 2 --key a b").is_ok());
        assert!(parse("hotstuff load --committee c --rates 1,2 --connections 5").is_ok());
        let both = parse("hotstuff load --committee c --rate 1 --connections 5 --key a").unwrap_err();
        assert!(both.to_string().contains("cannot be used with"), "{both}");
    }

    #[test]
    fn a_file_that_is_there_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        check_new(&path).unwrap();
        write_new(&path, "1").unwrap();
        assert!(check_new(&path).unwrap_err().contains("is there already"));
        assert!(write_new(&path, "2").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1");
        assert!(check_new(&folder.path().join("none/a.json")).unwrap_err().contains("no such folder"));
    }
}
