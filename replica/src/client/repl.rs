//! `hotstuff client … repl`: commands at a prompt.

mod editor;

use super::batch::{self, LineError};
use super::cli::transaction_of;
use super::driver::ClientDriver;
use super::exit::Exit;
use super::told::{self, Format, Told};
use editor::{Input, Read};
use hotstuff_kv::{Request, language};
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

/// Most bytes of a line.
const LINE_BYTES: usize = 1 << 18;

/// `hotstuff client … repl`
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where lines are remembered, values and all; otherwise in the user's state folder
    /// ($XDG_STATE_HOME or ~/.local/state, hotstuff/history). Only its owner can read it.
    #[arg(long, value_name = "FILE", conflicts_with = "no_history")]
    history: Option<PathBuf>,
    /// Remember no lines.
    #[arg(long)]
    no_history: bool,
}

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Nothing,
    Help,
    Quit,
    Begin,
    Commit,
    Abort,
    Request(Vec<u8>),
}

impl Line {
    fn read(line: &[u8]) -> Self {
        match line.trim_ascii() {
            b"" => Self::Nothing,
            b"help" | b"?" => Self::Help,
            b"quit" | b"exit" => Self::Quit,
            b"begin" => Self::Begin,
            b"commit" => Self::Commit,
            b"abort" => Self::Abort,
            _ => Self::Request(line.to_vec()),
        }
    }
}

impl Arguments {
    /// Asks for lines until they end. Without a terminal there is no prompt, and what was answered decides the exit
    /// code.
    pub(super) async fn run(&self, driver: &ClientDriver, format: Format, verbose: bool) -> Exit {
        let is_terminal = io::stdin().is_terminal();
        let opened = if is_terminal { Input::terminal(self.history_file()) } else { Ok(Input::pipe()) };
        let input = match opened {
            Ok(input) => input,
            Err(error) => return super::cli::fail(&error, Exit::Error),
        };
        if is_terminal {
            eprintln!("help tells the commands; Ctrl-D ends.");
        }
        let mut session = Session { driver, format, verbose, is_terminal, parts: None, worst: Exit::Done };
        match session.run(input).await {
            Ok(()) if is_terminal => Exit::Done,
            Ok(()) => session.worst,
            Err(error) => super::cli::fail(&error, Exit::Error),
        }
    }

    fn history_file(&self) -> Option<PathBuf> {
        if self.no_history {
            return None;
        }
        let state = || {
            let folder =
                |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
            folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))
        };
        self.history.clone().or_else(|| Some(state()?.join("hotstuff/history")))
    }
}

struct Session<'a> {
    driver: &'a ClientDriver,
    format: Format,
    verbose: bool,
    is_terminal: bool,
    /// The parts of a transaction that was begun.
    parts: Option<Vec<Vec<u8>>>,
    worst: Exit,
}

impl Session<'_> {
    async fn run(&mut self, mut input: Input) -> io::Result<()> {
        loop {
            let prompt = if self.parts.is_some() { "... " } else { "> " };
            // On a thread for what blocks: the links to the replicas go on meanwhile.
            let (read, back) = tokio::task::spawn_blocking(move || {
                let read = input.read(prompt, LINE_BYTES);
                (read, input)
            })
            .await
            .map_err(io::Error::other)?;
            input = back;
            match read {
                Read::Line(line) => match Line::read(&line) {
                    Line::Quit => return Ok(()),
                    line => self.take(line, &mut input).await?,
                },
                Read::Cancelled => self.parts = None,
                Read::Bad(error) => self.fail(&error.to_string())?,
                Read::End => return self.end(),
            }
        }
    }

    fn end(&mut self) -> io::Result<()> {
        match self.parts.take() {
            Some(_) if !self.is_terminal => self.fail("the transaction has no commit: nothing was done"),
            _ => Ok(()),
        }
    }

    async fn take(&mut self, line: Line, input: &mut Input) -> io::Result<()> {
        match (line, &mut self.parts) {
            (Line::Nothing | Line::Quit, _) => Ok(()),
            (Line::Help, _) => self.print(&help()),
            (Line::Begin, None) => {
                self.parts = Some(Vec::new());
                Ok(())
            }
            (Line::Begin, Some(_)) => self.fail("a transaction is begun already: commit or abort it"),
            (Line::Abort, Some(_)) => {
                self.parts = None;
                Ok(())
            }
            (Line::Commit, Some(parts)) => {
                let request = transaction_of(parts);
                self.parts = None;
                self.ask(request, input).await
            }
            (Line::Commit | Line::Abort, None) => self.fail("no transaction is begun"),
            (Line::Request(part), Some(parts)) => match language::parse(&part) {
                Ok(_) => {
                    parts.push(part);
                    Ok(())
                }
                Err(error) => self.fail(&error.to_string()),
            },
            (Line::Request(line), None) => {
                let request = language::parse(&line).map_err(|error| error.to_string());
                self.ask(request, input).await
            }
        }
    }

    async fn ask(&mut self, request: Result<Request, String>, input: &mut Input) -> io::Result<()> {
        let request = match request {
            Ok(request) => request,
            Err(error) => return self.fail(&error),
        };
        let told = tokio::select! {
            told = told::ask(self.driver, request.clone()) => told,
            // From a pipe the signal ends the process, as it does with any other.
            _ = tokio::signal::ctrl_c(), if self.is_terminal => Told::given_up(request),
        };
        input.remember(told.keys());
        self.worst = self.worst.max(told.exit().of_many());
        if let Some(details) = told.details().filter(|_| self.verbose) {
            eprintln!("{details}");
        }
        if self.format == Format::Json {
            return self.print(&told.json().to_string());
        }
        match told.latency_us().filter(|_| self.is_terminal) {
            Some(latency) => self.print(&format!("{}  ({:.1} ms)", told.line(), latency as f64 / 1_000.0)),
            None => self.print(&told.line()),
        }
    }

    fn fail(&mut self, error: &str) -> io::Result<()> {
        self.worst = self.worst.max(Exit::Error);
        match self.format {
            Format::Text => self.print(&format!("error: {error}")),
            Format::Json => self.print(&json!({ "outcome": "error", "error": error }).to_string()),
        }
    }

    fn print(&self, line: &str) -> io::Result<()> {
        let mut output = io::stdout().lock();
        writeln!(output, "{line}")?;
        output.flush()
    }
}

fn help() -> String {
    format!(
        "{}\n  begin … commit|abort     a transaction, a part on each line\n  \
         help, quit               Ctrl-C gives up a line or a wait, Ctrl-D ends",
        batch::language_help()
    )
}

/// What reading a line may fail with, as it is told.
type BadLine = LineError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(Line::read(b"  \n"), Line::Nothing);
        assert_eq!(Line::read(b" begin\n"), Line::Begin);
        assert_eq!(Line::read(b"commit"), Line::Commit);
        assert_eq!(Line::read(b"get begin"), Line::Request(b"get begin".to_vec()));
    }

    #[test]
    fn the_help_names_every_command() {
        for command in
            ["set", "get", "delete", "cas", "incr", "list", "if", "begin", "commit", "abort", "quit"]
        {
            assert!(help().contains(command), "{command}");
        }
    }
}
