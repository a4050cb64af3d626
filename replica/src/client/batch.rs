//! `hotstuff client … batch`: many commands in flight, results in the order of the lines.

use super::driver::ClientDriver;
use super::exit::Exit;
use super::told::{self, Format, Told};
use super::turns::Turns;
use futures_util::{Stream, StreamExt, stream};
use hotstuff_kv::Request;
use hotstuff_kv::language::{self, ParseError};
use serde_json::json;
use std::io::{self, BufRead, Read, Write};
use tokio::sync::mpsc;

/// The language of commands.
const LANGUAGE: &str = r#"  set KEY VALUE            incr KEY [NUMBER]
  get KEY                  list [PREFIX] [after KEY] [limit N]
  delete KEY               cas KEY EXPECTED|absent VALUE
  if KEY = VALUE|absent|present; …; OPERATION; …
The last is a transaction: if its conditions hold, all its operations are done, or else none. Keys and values are
bare words, quoted ("a b", with \\ \" \n \r \t \0 \xHH), or hexadecimal (0x00ff). The last value of `set` and `cas`
may be several bare words."#;

/// Below the help of what reads commands.
pub(super) fn language_help() -> String {
    format!("Commands:\n{LANGUAGE}")
}

/// Below the help of `batch`.
pub(super) fn help() -> String {
    format!(
        "Each line is a command:\n{LANGUAGE}\n\n\
         Each result is one line, with values as commands have them. Commands about the same keys execute in the\n\
         order of their lines, and lists in their place among all; others may overtake each other, except with\n\
         --in-flight 1. After one that has no answer and may still execute, those about the same keys are not sent;\n\
         nor is what follows a list among them."
    )
}

/// A line may be so much longer than the longest operation: by quotes and hexadecimal digits.
const LINE_FACTOR: usize = 4;

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
    pub(super) async fn run(
        &self,
        driver: &ClientDriver,
        command_bytes: usize,
        format: Format,
        verbose: bool,
    ) -> Exit {
        let (sender, mut lines) = mpsc::channel(self.in_flight as usize);
        let longest = command_bytes.saturating_mul(LINE_FACTOR);
        // A thread, because reading may block for good, and the process must be able to end then.
        std::thread::spawn(move || read_lines(io::stdin().lock(), longest, &sender));
        let lines = stream::poll_fn(move |context| lines.poll_recv(context));
        let run = |number: u64, request: Request| async move {
            let told = told::ask(driver, request).await;
            if let Some(details) = told.details().filter(|_| verbose) {
                eprintln!("line {number}: {details}");
            }
            told
        };
        let results = results(lines, self.in_flight as usize, run);
        print_all(results, format, io::stdout().lock()).await.unwrap_or_else(|error| {
            eprintln!("hotstuff: {error}");
            Exit::Error
        })
    }
}

/// Why a line is no command.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error(transparent)]
    Parse(#[from] ParseError),
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    #[error("standard input cannot be read: {0}")]
    Input(#[from] io::Error),
}

type Line = Result<Request, LineError>;
type Printed = Result<Told, LineError>;

/// Sends the requests in `input`, one per line, until it ends or nobody wants more.
fn read_lines(mut input: impl BufRead, longest: usize, lines: &mpsc::Sender<Line>) {
    let mut bytes = Vec::new();
    loop {
        let line = match read_line(&mut input, longest, &mut bytes) {
            Ok(false) => return,
            Ok(true) => language::parse(&bytes).map_err(LineError::from),
            Err(error) => Err(error),
        };
        let broken = matches!(line, Err(LineError::Input(_)));
        if lines.blocking_send(line).is_err() || broken {
            return;
        }
    }
}

/// Reads the next line, of no more than `longest` bytes, without its end; false when there is none. A longer line is
/// skipped.
pub(super) fn read_line(
    input: &mut impl BufRead,
    longest: usize,
    bytes: &mut Vec<u8>,
) -> Result<bool, LineError> {
    bytes.clear();
    let read = input.by_ref().take(longest as u64 + 1).read_until(b'\n', bytes)?;
    if bytes.len() > longest && !bytes.ends_with(b"\n") {
        input.skip_until(b'\n')?;
        return Err(LineError::TooLong(longest));
    }
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    Ok(read > 0)
}

/// Has each request `run`, up to `in_flight` side by side, but those about the same keys one after the
/// other. The results come in the order of the lines.
fn results<F>(
    lines: impl Stream<Item = Line>,
    in_flight: usize,
    run: impl Fn(u64, Request) -> F,
) -> impl Stream<Item = Printed>
where
    F: Future<Output = Told>,
{
    let mut turns = Turns::new(in_flight);
    let mut number = 0;
    let started = lines.map(move |line| {
        number += 1;
        let started = line.map(|request| (turns.next(&request), request.clone(), run(number, request)));
        async move {
            let (turn, request, result) = started?;
            let Ok(turn) = turn.come().await else { return Ok(Told::not_sent(request)) };
            let result = result.await;
            if result.may_still_write() {
                turn.is_unknown();
            }
            Ok(result)
        }
    });
    started.buffered(in_flight)
}

/// Prints one line per result.
async fn print_all(
    results: impl Stream<Item = Printed>,
    format: Format,
    mut output: impl Write,
) -> io::Result<Exit> {
    let mut results = std::pin::pin!(results);
    let mut worst = Exit::Done;
    let mut number = 0;
    while let Some(result) = results.next().await {
        number += 1;
        let exit = result.as_ref().map_or(Exit::Error, Told::exit);
        worst = worst.max(exit.of_many());
        let line = match (format, result) {
            (Format::Text, Ok(told)) => told.line(),
            (Format::Text, Err(error)) => format!("error: {error}"),
            (Format::Json, Ok(told)) => {
                let mut object = told.json();
                object["line"] = json!(number);
                object.to_string()
            }
            (Format::Json, Err(error)) => {
                json!({ "line": number, "outcome": "error", "error": error.to_string() }).to_string()
            }
        };
        writeln!(output, "{line}")?;
    }
    output.flush()?;
    Ok(worst)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::driver::Done;
    use hotstuff_core::command::Outcome;
    use hotstuff_core::{Height, SequenceNumber, Span};
    use hotstuff_kv::{Answer, Operation, Response};
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    fn read(input: &[u8], longest: usize) -> Vec<String> {
        let (sender, mut lines) = mpsc::channel(100);
        read_lines(input, longest, &sender);
        drop(sender);
        let shown = |line: Line| line.map_or_else(|error| error.to_string(), |request| request.to_string());
        std::iter::from_fn(|| lines.blocking_recv()).map(shown).collect()
    }

    #[test]
    fn a_line_is_a_command() {
        assert_eq!(
            read(b"set k two words\r\nget k\ndelete k", 100),
            ["set k two words", "get k", "delete k"]
        );
        assert_eq!(read(b"set k \"\"\n", 100), ["set k "]);
        for wrong in ["\n", "set k\n", "get\n", "get a b\n", "put a b\n"] {
            let told = read(wrong.as_bytes(), 100);
            assert!(told.len() == 1 && told[0].starts_with("at column "), "{wrong:?}: {told:?}");
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_one_error_and_the_next_is_read() {
        let long = format!("set k {}\nget k\n", "x".repeat(10_000));
        assert_eq!(read(long.as_bytes(), 20), ["the line is longer than 20 bytes", "get k"]);
        assert_eq!(read(b"set k 01234567890123\nget k\n", 20), ["set k 01234567890123", "get k"]);
        assert_eq!(read(b"set k 012345678901234\n", 20), ["the line is longer than 20 bytes"]);
    }

    fn lines(texts: &[String]) -> impl Stream<Item = Line> {
        let parsed = texts.iter().map(|text| language::parse(text.as_bytes()).map_err(LineError::from));
        stream::iter(parsed.collect::<Vec<_>>())
    }

    fn told(request: Request, answer: Answer) -> Told {
        let response = Response::One(answer);
        let outcome = Outcome::Executed { height: Height(1), result: response.encode() };
        let (sequence, latency, first_reply) = (SequenceNumber(1), Span(1), Span(1));
        let (replicas, others) = (Vec::new(), Vec::new());
        Told::new(request, Ok((response, Done { sequence, outcome, replicas, others, first_reply, latency })))
    }

    /// Commands run side by side, but never two on one key; each takes a few turns of the executor.
    #[tokio::test]
    async fn results_come_in_order_and_a_key_is_used_by_one_command_at_a_time() {
        let texts: Vec<String> = (0..200)
            .map(|index| match index % 10 {
                7 => format!("set k{} {index}; get k{}", index % 7, (index + 3) % 7),
                8 => format!("if k{0} absent; incr k{0}; incr k{0}", index % 7),
                9 if index % 3 == 0 => "list k".to_owned(),
                _ => format!("set k{} {index}", index % 7),
            })
            .collect();
        let busy: RefCell<BTreeMap<Vec<u8>, u64>> = RefCell::default();
        let (most, order) = (Cell::new(0), RefCell::new(Vec::new()));
        let run = |number: u64, request: Request| {
            let (busy, most, order) = (&busy, &most, &order);
            async move {
                let mut keys: Vec<Vec<u8>> =
                    request.operations().iter().filter_map(Operation::key).map(<[u8]>::to_vec).collect();
                keys.dedup();
                assert!(!keys.is_empty() || busy.borrow().is_empty(), "a list is in its place among all");
                for key in &keys {
                    assert!(busy.borrow_mut().insert(key.clone(), number).is_none());
                }
                most.set(most.get().max(busy.borrow().len()));
                for _ in 0..number % 5 {
                    tokio::task::yield_now().await;
                }
                for key in keys {
                    busy.borrow_mut().remove(&key);
                    order.borrow_mut().push((key, number));
                }
                told(request, Answer::Number(number as i64))
            }
        };
        let results: Vec<Printed> = results(lines(&texts), 5, run).collect().await;
        let numbers: Vec<String> = results.into_iter().map(|result| result.unwrap().line()).collect();
        assert_eq!(numbers, (1..=200u64).map(|number| number.to_string()).collect::<Vec<_>>());
        assert!(most.get() >= 4, "{}", most.get());
        let order = order.into_inner();
        assert!(!order.is_sorted_by_key(|(_, number)| *number), "commands on different keys overtake");
        let mut by_key = order.clone();
        by_key.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert!(by_key.is_sorted(), "commands on one key do not");
    }

    /// A command without an answer may execute at any time, so none of those after it on its keys may.
    #[tokio::test]
    async fn what_has_no_answer_overtakes_nothing() {
        let ran = RefCell::new(Vec::new());
        let run = |number: u64, request: Request| {
            let ran = &ran;
            async move {
                ran.borrow_mut().push(number);
                tokio::task::yield_now().await;
                if request.to_string().contains("lost") {
                    return Told::given_up(request);
                }
                told(request, Answer::Number(number as i64))
            }
        };
        // Of many commands on many keys, that a key's is lost must not be forgotten.
        let others = (0..40).map(|index| format!("set other{index} v"));
        let texts: Vec<String> = ["set k 1", "get lost", "set lost 1", "set k lost", "set j 5"]
            .map(str::to_owned)
            .into_iter()
            .chain(others)
            .chain(["get k", "set k 6; set i 6", "get i", "set lost 2", "list", "set j 7"].map(str::to_owned))
            .collect();
        let results: Vec<Printed> = results(lines(&texts), 4, run).collect().await;
        let exits: Vec<Exit> = results.iter().map(|result| result.as_ref().unwrap().exit()).collect();
        let lost = Exit::NoAgreement;
        assert_eq!(exits[..5], [Exit::Done, lost, lost, lost, Exit::Done]);
        assert!(exits[5..45].iter().all(|exit| *exit == Exit::Done));
        assert_eq!(exits[45..], [lost; 6]);
        let said: Vec<String> = results.into_iter().map(|result| result.unwrap().line()).collect();
        assert!(said[2].contains("not waited for"), "a read that is lost blocks nobody: {}", said[2]);
        assert!(said[45..].iter().all(|line| line.contains("not sent")), "{said:?}");
        let ran = ran.into_inner();
        assert!(ran.len() == 45, "what is not sent is not run: {ran:?}");
    }

    #[tokio::test]
    async fn each_result_is_one_line_and_the_worst_decides_the_exit_code() {
        let get = || Request::One(Operation::Get { key: b"k".to_vec() });
        let results = || {
            let wrong = language::parse(b"get").unwrap_err();
            stream::iter([
                Ok(told(get(), Answer::Value(b"a\nb\\".to_vec()))),
                Ok(told(get(), Answer::NotFound)),
                Err(wrong.into()),
            ])
        };
        let mut output = Vec::new();
        assert_eq!(print_all(results(), Format::Text, &mut output).await.unwrap(), Exit::Error);
        let expected = "\"a\\nb\\\\\"\nKey not found\nerror: at column 4: expected a key\n";
        assert_eq!(String::from_utf8(output).unwrap(), expected);
        let mut output = Vec::new();
        print_all(results(), Format::Json, &mut output).await.unwrap();
        let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let objects: Vec<serde_json::Value> =
            lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        assert_eq!(objects.len(), 3);
        assert_eq!(objects[1]["outcome"], "not-found");
        assert_eq!(
            objects[2],
            json!({ "line": 3, "outcome": "error", "error": "at column 4: expected a key" })
        );
        let only = [Ok(told(get(), Answer::NotFound)), Ok(told(get(), Answer::Mismatch(None)))];
        let ended = print_all(stream::iter(only), Format::Text, io::sink()).await.unwrap();
        assert_eq!(ended, Exit::Done, "every line has an answer");
    }
}
