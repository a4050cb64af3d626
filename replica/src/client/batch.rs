//! `hotstuff client … batch`: many commands in flight, results in the order of the lines.

use super::cli::{NOT_FOUND, execute};
use super::driver::{ClientDriver, Done};
use super::exit::{self, CommandError, Exit};
use futures_util::{Stream, StreamExt, stream};
use hotstuff_kv::Operation;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};
use tokio::sync::{mpsc, oneshot};

/// Shown below the help of `batch`.
pub(super) const HELP: &str = "\
Each line is one of `set KEY VALUE`, `get KEY` and `delete KEY`, with single spaces; the value is the
rest of the line. Each result is one line: OK, a value, `Key not found` or `error: …`. Line breaks and
backslashes in values are printed as \\n, \\r and \\\\. Commands on the same key execute in the order of
their lines; others may overtake each other, except with --in-flight 1.";

/// What a line may have beyond the bytes of the longest operation: its first word.
const LINE_OVERHEAD_BYTES: usize = 16;

/// `hotstuff client … batch`
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Most commands in flight at a time. (The committee's `session_replies` is a limit, too.)
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    in_flight: u32,
}

impl Arguments {
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Runs the lines of standard input. `command_bytes` is the committee's limit.
    pub(super) async fn run(&self, driver: &ClientDriver, command_bytes: usize, verbose: bool) -> Exit {
        let (sender, mut lines) = mpsc::channel(self.in_flight as usize);
        let longest = command_bytes + LINE_OVERHEAD_BYTES;
        // A thread, because reading may block for good, and the process must be able to end then.
        std::thread::spawn(move || read_lines(io::stdin().lock(), longest, &sender));
        let lines = stream::poll_fn(move |context| lines.poll_recv(context));
        let run = |number: u64, operation: Operation| async move {
            let report = |done: &Done| {
                if verbose {
                    eprintln!("line {number}: {}", exit::details(done));
                }
            };
            execute(driver, &operation, report).await
        };
        let printed = print_all(results(lines, self.in_flight as usize, run), io::stdout().lock()).await;
        printed.unwrap_or_else(|error| {
            eprintln!("hotstuff: {error}");
            Exit::Error
        })
    }
}

/// Why a line is no command.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("not one of `set KEY VALUE`, `get KEY` and `delete KEY`")]
    Unknown,
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    #[error("standard input cannot be read: {0}")]
    Input(#[from] io::Error),
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl LineError {
    fn exit(&self) -> Exit {
        if let Self::Command(error) = self { error.exit() } else { Exit::Error }
    }
}

type Line = Result<Operation, LineError>;
type Printed = Result<Option<Vec<u8>>, LineError>;

/// Sends the operations in `input`, one per line, until it ends or nobody wants more.
fn read_lines(mut input: impl BufRead, longest: usize, lines: &mpsc::Sender<Line>) {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let line = match input.by_ref().take(longest as u64 + 1).read_until(b'\n', &mut bytes) {
            Ok(0) => return,
            Ok(_) if bytes.len() > longest && !bytes.ends_with(b"\n") => input
                .skip_until(b'\n')
                .map_or_else(|error| Err(error.into()), |_| Err(LineError::TooLong(longest))),
            Ok(_) => parse(&bytes),
            Err(error) => Err(error.into()),
        };
        let broken = matches!(line, Err(LineError::Input(_)));
        if lines.blocking_send(line).is_err() || broken {
            return;
        }
    }
}

fn parse(line: &[u8]) -> Line {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = line.splitn(3, |byte| *byte == b' ').map(<[u8]>::to_vec);
    match (words.next().as_deref(), words.next(), words.next()) {
        (Some(b"set"), Some(key), Some(value)) => Ok(Operation::Set { key, value }),
        (Some(b"get"), Some(key), None) => Ok(Operation::Get { key }),
        (Some(b"delete"), Some(key), None) => Ok(Operation::Delete { key }),
        _ => Err(LineError::Unknown),
    }
}

/// What a line's command is about: all of them are about one key.
fn key(operation: &Operation) -> &[u8] {
    operation.key().unwrap_or_default()
}

/// Has each operation `run`, up to `in_flight` side by side, but those on one key one after the
/// other. The results come in the order of the lines.
fn results<F>(
    lines: impl Stream<Item = Line>,
    in_flight: usize,
    run: impl Fn(u64, Operation) -> F,
) -> impl Stream<Item = Printed>
where
    F: Future<Output = Result<Option<Vec<u8>>, CommandError>>,
{
    let mut turns: BTreeMap<Vec<u8>, oneshot::Receiver<()>> = BTreeMap::new();
    let mut number = 0;
    let started = lines.map(move |line| {
        number += 1;
        let started = line.map(|operation| {
            if turns.len() > 2 * in_flight {
                turns.retain(|_, turn| turn.try_recv() == Err(oneshot::error::TryRecvError::Empty));
            }
            let (done, turn) = oneshot::channel::<()>();
            let before = turns.insert(key(&operation).to_vec(), turn);
            (before, run(number, operation), done)
        });
        async move {
            let (before, result, done) = started?;
            if let Some(before) = before {
                before.await.ok(); // its sender is dropped when the command before is through
            }
            let result = result.await;
            drop(done);
            Ok(result?)
        }
    });
    started.buffered(in_flight)
}

/// Prints one line per result.
async fn print_all(results: impl Stream<Item = Printed>, mut output: impl Write) -> io::Result<Exit> {
    let mut results = std::pin::pin!(results);
    let mut worst = Exit::Done;
    while let Some(result) = results.next().await {
        let mut line = match result {
            Ok(value) => escaped(value.as_deref().unwrap_or(NOT_FOUND)),
            Err(error) => {
                worst = worst.max(error.exit());
                escaped(format!("error: {error}").as_bytes())
            }
        };
        line.push(b'\n');
        output.write_all(&line)?;
    }
    output.flush()?;
    Ok(worst)
}

/// `value` without line breaks.
fn escaped(value: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(value.len() + 1);
    for byte in value {
        match byte {
            b'\n' => line.extend(br"\n"),
            b'\r' => line.extend(br"\r"),
            b'\\' => line.extend(br"\\"),
            other => line.push(*other),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::driver::ClientError;
    use std::cell::{Cell, RefCell};

    fn read(input: &[u8], longest: usize) -> Vec<String> {
        let (sender, mut lines) = mpsc::channel(100);
        read_lines(input, longest, &sender);
        drop(sender);
        let shown =
            |line: Line| line.map_or_else(|error| error.to_string(), |operation| operation.to_string());
        std::iter::from_fn(|| lines.blocking_recv()).map(shown).collect()
    }

    #[test]
    fn a_line_is_a_command() {
        assert_eq!(
            read(b"set k two words\r\nget k\ndelete k", 100),
            ["set k two words", "get k", "delete k"]
        );
        assert_eq!(read(b"set k \n", 100), ["set k "]);
        let unknown = LineError::Unknown.to_string();
        for wrong in ["\n", "set k\n", "get\n", "get a b\n", "put a b\n", " get a\n"] {
            assert_eq!(read(wrong.as_bytes(), 100), [unknown.as_str()], "{wrong:?}");
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_one_error_and_the_next_is_read() {
        let long = format!("set k {}\nget k\n", "x".repeat(10_000));
        assert_eq!(read(long.as_bytes(), 20), ["the line is longer than 20 bytes", "get k"]);
        assert_eq!(read(b"set k 01234567890123\nget k\n", 20), ["set k 01234567890123", "get k"]);
        assert_eq!(read(b"set k 012345678901234\n", 20), ["the line is longer than 20 bytes"]);
    }

    fn lines(texts: &[&str]) -> impl Stream<Item = Line> {
        stream::iter(texts.iter().map(|text| parse(text.as_bytes())).collect::<Vec<_>>())
    }

    /// Commands run side by side, but never two on one key; each takes a few turns of the executor.
    #[tokio::test]
    async fn results_come_in_order_and_a_key_is_used_by_one_command_at_a_time() {
        let texts: Vec<String> = (0..100).map(|index| format!("set k{} {index}", index % 7)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (busy, most, order) = (RefCell::new(BTreeMap::new()), Cell::new(0), RefCell::new(Vec::new()));
        let run = |number: u64, operation: Operation| {
            let (busy, most, order) = (&busy, &most, &order);
            async move {
                assert!(busy.borrow_mut().insert(key(&operation).to_vec(), number).is_none());
                most.set(most.get().max(busy.borrow().len()));
                for _ in 0..number % 5 {
                    tokio::task::yield_now().await;
                }
                busy.borrow_mut().remove(key(&operation));
                order.borrow_mut().push((key(&operation).to_vec(), number));
                Ok(Some(number.to_string().into_bytes()))
            }
        };
        let results: Vec<Printed> = results(lines(&texts), 5, run).collect().await;
        let numbers: Vec<String> =
            results.into_iter().map(|result| String::from_utf8(result.unwrap().unwrap()).unwrap()).collect();
        assert_eq!(numbers, (1..=100u64).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(most.get(), 5);
        let order = order.into_inner();
        assert!(!order.is_sorted_by_key(|(_, number)| *number), "commands on different keys overtake");
        let mut by_key = order.clone();
        by_key.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert!(by_key.is_sorted(), "commands on one key do not");
    }

    #[tokio::test]
    async fn each_result_is_one_line_and_the_worst_decides_the_exit_code() {
        let results = |last: Printed| {
            stream::iter([Ok(Some(b"a\nb\\".to_vec())), Ok(None), Err(LineError::Unknown), last])
        };
        let mut output = Vec::new();
        assert_eq!(print_all(results(Ok(None)), &mut output).await.unwrap(), Exit::Error);
        let unknown = "error: not one of `set KEY VALUE`, `get KEY` and `delete KEY`";
        let expected = format!("a\\nb\\\\\nKey not found\n{unknown}\nKey not found\n");
        assert_eq!(String::from_utf8(output).unwrap(), expected);
        let closed = Err(LineError::Command(ClientError::Closed.into()));
        assert_eq!(print_all(results(closed), io::sink()).await.unwrap(), Exit::Error);
        assert_eq!(print_all(stream::iter([Ok(None)]), io::sink()).await.unwrap(), Exit::Done);
    }
}
