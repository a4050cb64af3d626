//! `hotstuff client`: one command, or many.

use super::batch;
use super::connection::ConnectionArguments;
use super::driver::ClientDriver;
use super::exit::{self, Exit};
use super::random;
use super::repl;
use super::told::{self, Format};
use super::verified;
use clap::Subcommand;
use hotstuff_core::ReplicaId;
use hotstuff_kv::{Operation, Request, language};
use serde_json::json;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

/// Most bytes of a transaction that standard input is read for.
const TRANSACTION_BYTES: u64 = 1 << 20;

/// Sends commands, signed by the client's key, to all replicas at once, and prints the result that
/// f+1 of them agree on.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub struct Arguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Tell on stderr which replicas agreed on a result, which did not, and how long that took.
    #[arg(short, long)]
    verbose: bool,
    /// Print each result as one JSON object on a line, errors too.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Asked,
}

#[derive(Debug, Subcommand)]
enum Asked {
    /// Give a key a value; prints OK.
    Set {
        /// The key.
        #[arg(allow_hyphen_values = true)]
        key: OsString,
        /// Its new value.
        #[arg(allow_hyphen_values = true)]
        value: OsString,
    },
    /// Print a key's value.
    Get {
        /// The key.
        #[arg(allow_hyphen_values = true)]
        key: OsString,
        /// Ask one replica alone, and check its proof: a quorum's certificate, and the way from the state
        /// that it names to the key. That is what was true a moment ago: only f+1 replicas can tell that no
        /// later command has changed it.
        #[arg(long)]
        verified: bool,
        /// The replica to ask; otherwise one after the other is asked until one has proven it.
        #[arg(long, value_name = "N", requires = "verified")]
        replica: Option<u16>,
    },
    /// Remove a key; prints the value it had.
    Delete {
        /// The key.
        #[arg(allow_hyphen_values = true)]
        key: OsString,
    },
    /// Give a key a value if it has the one expected; prints OK, or what it has.
    #[command(override_usage = "hotstuff client cas <KEY> <EXPECTED> <VALUE>\n       \
                                hotstuff client cas --absent <KEY> <VALUE>")]
    Cas {
        /// The key must have no value.
        #[arg(long)]
        absent: bool,
        /// The key, the value that it must have (not with --absent), and its new value.
        #[arg(value_name = "KEY EXPECTED VALUE", num_args = 2..=3, required = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Add to the number that a key's value is; prints the sum. A key without a value counts as 0.
    Incr {
        /// The key.
        #[arg(allow_hyphen_values = true)]
        key: OsString,
        /// What to add; may be less than 0.
        #[arg(default_value_t = 1, allow_negative_numbers = true, value_parser = whole)]
        by: i64,
    },
    /// Print keys and their values, by ascending bytes of the keys.
    List {
        /// Only keys that begin with this.
        #[arg(default_value = "", allow_hyphen_values = true)]
        prefix: OsString,
        /// Only keys above this one.
        #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
        after: Option<OsString>,
        /// Most entries; there may be fewer, as an answer has at most 64 KiB.
        #[arg(long, value_name = "N", default_value_t = language::LIST_LIMIT)]
        limit: u32,
    },
    /// Several operations, all of them or none, if conditions hold; prints one result per line.
    #[command(after_help = batch::language_help())]
    Transaction {
        /// Conditions, then operations, each as one argument: 'if k absent' 'set k v' 'incr n'. Without any they are
        /// read from standard input, one a line.
        #[arg(value_name = "PART")]
        parts: Vec<OsString>,
    },
    /// Run commands from standard input, one per line, and print one result per line in the same
    /// order.
    #[command(after_help = batch::help())]
    Batch(batch::Arguments),
    /// Ask for commands, one after the other, with history and completion.
    #[command(after_help = batch::language_help())]
    Repl(repl::Arguments),
    /// Send random commands at a rate, and sum up what came of them.
    Random(random::Arguments),
}

fn whole(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "it is no whole number from -2^63 to 2^63 - 1")
}

impl Arguments {
    /// Sends the commands and prints the results. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        super::block_on(self.send()).unwrap_or_else(|error| fail(&error, Exit::Error)).into()
    }

    async fn send(self) -> Exit {
        let format = if self.json { Format::Json } else { Format::Text };
        if let Asked::Get { key, verified: true, replica } = &self.command {
            return self.get_verified(key.as_encoded_bytes(), replica.map(ReplicaId)).await;
        }
        let in_flight = match &self.command {
            Asked::Batch(arguments) => arguments.in_flight(),
            Asked::Random(arguments) => arguments.in_flight(),
            _ => 1,
        };
        let request = match self.command.request() {
            Ok(request) => request,
            Err(error) => return fail(&error, Exit::Error),
        };
        let (driver, command_bytes) = match self.connection.connect(in_flight) {
            Ok(connected) => connected,
            Err(error) => return fail(&error, Exit::Error),
        };
        let exit = match (self.command, request) {
            (_, Some(request)) => one(&driver, request, format, self.verbose).await,
            (Asked::Batch(arguments), _) => arguments.run(&driver, command_bytes, format, self.verbose).await,
            (Asked::Repl(arguments), _) => arguments.run(&driver, format, self.verbose).await,
            (Asked::Random(arguments), _) => arguments.run(&driver, format).await,
            (_, None) => Exit::Error,
        };
        driver.close().await;
        exit
    }

    async fn get_verified(&self, key: &[u8], replica: Option<ReplicaId>) -> Exit {
        let (file, transport) = match self.connection.cluster.load() {
            Ok(loaded) => loaded,
            Err(error) => return fail(&error, Exit::Error),
        };
        if let Err(invalid) = (Operation::Get { key: key.to_vec() }).check() {
            return fail(&invalid, Exit::Error);
        }
        let asked: Vec<ReplicaId> = replica.map_or_else(|| file.current.ids().collect(), |id| vec![id]);
        let limit = Duration::from_secs(self.connection.cluster.timeout);
        match verified::get_from_any(&transport, &file, &asked, key, limit).await {
            Ok(verified) => {
                if self.verbose {
                    eprintln!(
                        "proven by {}, with a certificate at height {}",
                        verified.replica, verified.height.0
                    );
                }
                let exit = if verified.value.is_some() { Exit::Done } else { Exit::NotFound };
                let line = if self.json {
                    let value = verified.value.as_deref().map(told::bytes_json);
                    let (by, height) = (verified.replica.0, verified.height.0);
                    let outcome = told::name(exit);
                    json!({ "outcome": outcome, "value": value, "proven_by": by, "height": height })
                        .to_string()
                        .into_bytes()
                } else {
                    verified.value.unwrap_or_else(|| b"Key not found".to_vec())
                };
                print(&[line, b"\n".to_vec()].concat()).map_or_else(|failed| failed, |()| exit)
            }
            Err(failed) => {
                let each: Vec<String> = failed.iter().map(|(id, why)| format!("{id}: {why}")).collect();
                fail(&format!("no replica has proven it: {}", each.join("; ")), Exit::Error)
            }
        }
    }
}

impl Asked {
    /// What is asked for, where that is one request.
    fn request(&self) -> Result<Option<Request>, String> {
        let operation = match self {
            Self::Set { key, value } => Operation::Set { key: bytes(key), value: bytes(value) },
            Self::Get { key, .. } => Operation::Get { key: bytes(key) },
            Self::Delete { key } => Operation::Delete { key: bytes(key) },
            Self::Cas { absent, words } => match (absent, &words[..]) {
                (true, [key, value]) => {
                    Operation::Cas { key: bytes(key), expected: None, value: bytes(value) }
                }
                (false, [key, expected, value]) => {
                    Operation::Cas { key: bytes(key), expected: Some(bytes(expected)), value: bytes(value) }
                }
                (true, _) => return Err("cas --absent takes a key and a value".into()),
                (false, _) => return Err("cas takes a key, the value expected, and a value".into()),
            },
            Self::Incr { key, by } => Operation::Incr { key: bytes(key), by: *by },
            Self::List { prefix, after, limit } => {
                Operation::List { prefix: bytes(prefix), after: after.as_ref().map(bytes), limit: *limit }
            }
            Self::Transaction { parts } => return transaction(parts).map(Some),
            Self::Batch(_) | Self::Repl(_) | Self::Random(_) => return Ok(None),
        };
        let request = Request::One(operation);
        request.check().map_err(|invalid| invalid.to_string())?;
        Ok(Some(request))
    }
}

fn bytes(argument: &OsString) -> Vec<u8> {
    argument.as_encoded_bytes().to_vec()
}

/// The transaction that `parts` make, or the lines of standard input.
fn transaction(parts: &[OsString]) -> Result<Request, String> {
    let mut parts: Vec<Vec<u8>> = parts.iter().map(bytes).collect();
    if parts.is_empty() {
        let mut input = Vec::new();
        let read = io::stdin().lock().take(TRANSACTION_BYTES + 1).read_to_end(&mut input);
        let bytes = read.map_err(|error| format!("standard input cannot be read: {error}"))?;
        if bytes as u64 > TRANSACTION_BYTES {
            return Err(format!("the transaction is longer than {TRANSACTION_BYTES} bytes"));
        }
        let lines = input.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        parts = lines.map(<[u8]>::to_vec).collect();
    }
    let request = transaction_of(&parts)?;
    request.check().map_err(|invalid| invalid.to_string())?;
    Ok(request)
}

/// The transaction whose parts these are.
pub(super) fn transaction_of(parts: &[Vec<u8>]) -> Result<Request, String> {
    let (mut conditions, mut operations) = (Vec::new(), Vec::new());
    for (position, part) in parts.iter().enumerate() {
        let at = |what: &dyn std::fmt::Display| format!("part {}: {what}", position + 1);
        let parsed = language::parse(part).map_err(|error| at(&error))?;
        if !parsed.conditions().is_empty() && !operations.is_empty() {
            return Err(at(&"conditions stand before all operations"));
        }
        conditions.extend_from_slice(parsed.conditions());
        operations.extend_from_slice(parsed.operations());
    }
    if conditions.is_empty() && operations.is_empty() {
        return Err("the transaction is empty".into());
    }
    Ok(Request::Transaction { conditions, operations })
}

async fn one(driver: &ClientDriver, request: Request, format: Format, verbose: bool) -> Exit {
    let told = told::ask(driver, request).await;
    if let Some(details) = told.details().filter(|_| verbose) {
        eprintln!("{details}");
    }
    let printed = match (format, told.text()) {
        (Format::Json, _) => print(format!("{}\n", told.json()).as_bytes()),
        (Format::Text, Ok(text)) => print(&text),
        (Format::Text, Err(error)) => return fail(&error, told.exit()),
    };
    if let (Format::Text, Some(more)) = (format, told.more()) {
        eprintln!("hotstuff: {more}");
    }
    printed.map_or_else(|failed| failed, |()| told.exit())
}

fn print(bytes: &[u8]) -> Result<(), Exit> {
    io::stdout().write_all(bytes).map_err(|error| fail(&error, Exit::Error))
}

/// Tells an error in one line.
pub(crate) fn fail(error: &dyn std::fmt::Display, exit: Exit) -> Exit {
    eprintln!("hotstuff: {error}");
    exit
}
