//! Lines from a terminal, with history and completion, or from a pipe.

use super::BadLine;
use crate::client::batch::read_line;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};
use std::collections::BTreeSet;
use std::io::{self, BufReader, Stdin};
use std::path::PathBuf;

/// Most keys that are remembered for completion, and most that are offered at once.
const KEYS_MAX: usize = 10_000;
const OFFERED_MAX: usize = 100;
/// Most lines of history.
const HISTORY_LINES: usize = 1_000;
/// What a line may begin with.
const COMMANDS: [&str; 12] =
    ["abort", "begin", "cas", "commit", "delete", "get", "help", "if", "incr", "list", "quit", "set"];

/// Where lines come from.
pub(super) enum Input {
    Terminal { editor: Box<Editor<Completion, FileHistory>>, history: Option<PathBuf> },
    Pipe(BufReader<Stdin>),
}

/// What came.
pub(super) enum Read {
    Line(Vec<u8>),
    /// Ctrl-C.
    Cancelled,
    Bad(BadLine),
    End,
}

impl Input {
    /// A terminal, whose lines are remembered in a file.
    pub(super) fn terminal(history: Option<PathBuf>) -> Result<Self, ReadlineError> {
        let config =
            rustyline::Config::builder().max_history_size(HISTORY_LINES)?.auto_add_history(true).build();
        let lines = FileHistory::with_config(&config);
        let mut editor = Editor::with_history(config, lines)?;
        editor.set_helper(Some(Completion::default()));
        if let Some(file) = &history {
            // There is none before the first session.
            editor.load_history(file).ok();
        }
        Ok(Self::Terminal { editor: Box::new(editor), history })
    }

    /// Standard input as it comes.
    pub(super) fn pipe() -> Self {
        Self::Pipe(BufReader::new(io::stdin()))
    }

    /// Waits for the next line, of `longest` bytes at most.
    pub(super) fn read(&mut self, prompt: &str, longest: usize) -> Read {
        match self {
            Self::Terminal { editor, history } => match editor.readline(prompt) {
                Ok(line) => {
                    if let Some(file) = history {
                        keep(editor, file);
                    }
                    Read::Line(line.into_bytes())
                }
                Err(ReadlineError::Interrupted) => Read::Cancelled,
                Err(ReadlineError::Eof) => Read::End,
                Err(error) => Read::Bad(io::Error::other(error).into()),
            },
            Self::Pipe(input) => {
                let mut line = Vec::new();
                match read_line(input, longest, &mut line) {
                    Ok(true) => Read::Line(line),
                    Ok(false) => Read::End,
                    Err(error) => Read::Bad(error),
                }
            }
        }
    }

    /// Keys to complete from now on.
    pub(super) fn remember(&mut self, keys: Vec<Vec<u8>>) {
        if let Self::Terminal { editor, .. } = self
            && let Some(completion) = editor.helper_mut()
        {
            completion.remember(keys);
        }
    }
}

/// Writes the history; who cannot is told once, and goes on without.
fn keep(editor: &mut Editor<Completion, FileHistory>, file: &mut PathBuf) {
    if file.as_os_str().is_empty() {
        return;
    }
    let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    if let Err(error) = made.map_err(ReadlineError::from).and_then(|()| editor.save_history(file)) {
        eprintln!("hotstuff: lines are not remembered: {}: {error}", file.display());
        file.clear();
    }
}

/// Completes commands, and the keys of this session.
#[derive(Debug, Default)]
pub(super) struct Completion {
    keys: BTreeSet<String>,
}

impl Completion {
    fn remember(&mut self, keys: Vec<Vec<u8>>) {
        for key in keys {
            if self.keys.len() < KEYS_MAX {
                self.keys.insert(hotstuff_kv::language::Written(&key).to_string());
            }
        }
    }

    /// Where the word at `position` begins, and what it may become.
    fn offers(&self, line: &str, position: usize) -> (usize, Vec<String>) {
        let before = &line[..position];
        let start = before.rfind([' ', ';']).map_or(0, |space| space + 1);
        let is_first = before[..start].trim_end().is_empty() || before[..start].trim_end().ends_with(';');
        let word = &before[start..];
        let begins = |other: &&str| other.starts_with(word);
        let offers: Vec<String> = if is_first {
            COMMANDS.iter().copied().filter(begins).map(|command| format!("{command} ")).collect()
        } else {
            self.keys.iter().map(String::as_str).filter(begins).take(OFFERED_MAX).map(str::to_owned).collect()
        };
        (start, offers)
    }
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, offers) = self.offers(line, position);
        let pair = |offer: String| Pair { display: offer.clone(), replacement: offer };
        Ok((start, offers.into_iter().map(pair).collect()))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_first_and_keys_after_them() {
        let mut completion = Completion::default();
        completion.remember(vec![b"user/1".to_vec(), b"user/2".to_vec(), b"a b".to_vec(), vec![255]]);
        let offers = |line: &str| completion.offers(line, line.len());
        assert_eq!(offers("s"), (0, vec!["set ".to_owned()]));
        assert_eq!(offers("get us"), (4, vec!["user/1".to_owned(), "user/2".to_owned()]));
        assert_eq!(offers("get \"a"), (4, vec!["\"a b\"".to_owned()]));
        assert_eq!(offers("get 0x"), (4, vec!["0xff".to_owned()]));
        assert_eq!(offers("if user/1 absent; inc"), (18, vec!["incr ".to_owned()]));
        assert_eq!(offers("set é nothing"), (7, vec![]));
        assert_eq!(completion.offers("", 0).1.len(), COMMANDS.len());
    }
}
