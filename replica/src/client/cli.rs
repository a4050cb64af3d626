//! `hotstuff client`: one command, or many from standard input.

use super::batch;
use super::connection::ConnectionArguments;
use super::driver::{ClientDriver, Done};
use super::exit::{self, CommandError, Exit};
use super::verified;
use crate::config::CommitteeFile;
use clap::Subcommand;
use hotstuff_core::ReplicaId;
use hotstuff_kv::{Operation, Request as KvRequest};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// What is printed for a missing key.
pub(super) const NOT_FOUND: &[u8] = b"Key not found";

/// Sends commands, signed by the client's key, to all replicas at once, and prints the result that
/// f+1 of them agree on.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP)]
pub struct Arguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Tell on stderr which replicas agreed on a result, and how long that took.
    #[arg(short, long)]
    verbose: bool,
    #[command(subcommand)]
    request: Request,
}

#[derive(Debug, Subcommand)]
enum Request {
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
    /// Run commands from standard input, one per line, and print one result per line in the same
    /// order.
    #[command(after_help = batch::HELP)]
    Batch(batch::Arguments),
}

impl Arguments {
    /// Sends the commands and prints the results. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        super::block_on(self.send()).unwrap_or_else(|error| fail(&error, Exit::Error)).into()
    }

    async fn send(self) -> Exit {
        if let Request::Get { key, verified: true, replica } = &self.request {
            return self.get_verified(key.as_encoded_bytes(), replica.map(ReplicaId)).await;
        }
        let in_flight = if let Request::Batch(arguments) = &self.request { arguments.in_flight() } else { 1 };
        let (driver, command_bytes) = match self.connection.connect(in_flight) {
            Ok(connected) => connected,
            Err(error) => return fail(&error, Exit::Error),
        };
        let exit = match self.request {
            Request::Batch(arguments) => arguments.run(&driver, command_bytes, self.verbose).await,
            Request::Set { key, value } => {
                one(&driver, Operation::Set { key: bytes(key), value: bytes(value) }, self.verbose).await
            }
            Request::Get { key, .. } => one(&driver, Operation::Get { key: bytes(key) }, self.verbose).await,
            Request::Delete { key } => {
                one(&driver, Operation::Delete { key: bytes(key) }, self.verbose).await
            }
        };
        driver.close().await;
        exit
    }

    async fn get_verified(&self, key: &[u8], replica: Option<ReplicaId>) -> Exit {
        let connection = &self.connection;
        let loaded = CommitteeFile::load(&connection.committee)
            .and_then(|file| connection.transport.transport().map(|transport| (file, transport)));
        let (file, transport) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return fail(&error, Exit::Error),
        };
        if let Err(invalid) = (Operation::Get { key: key.to_vec() }).check() {
            return fail(&invalid, Exit::Error);
        }
        let asked: Vec<ReplicaId> = replica.map_or_else(|| file.current.ids().collect(), |id| vec![id]);
        let limit = Duration::from_secs(connection.timeout);
        match verified::get_from_any(&transport, &file, &asked, key, limit).await {
            Ok(verified) => {
                if self.verbose {
                    eprintln!(
                        "proven by {}, with a certificate at height {}",
                        verified.replica, verified.height.0
                    );
                }
                print(verified.value.as_deref())
            }
            Err(failed) => {
                let each: Vec<String> = failed.iter().map(|(id, why)| format!("{id}: {why}")).collect();
                fail(&format!("no replica has proven it: {}", each.join("; ")), Exit::Error)
            }
        }
    }
}

fn bytes(argument: OsString) -> Vec<u8> {
    argument.into_encoded_bytes()
}

async fn one(driver: &ClientDriver, operation: Operation, verbose: bool) -> Exit {
    let report = |done: &Done| {
        if verbose {
            eprintln!("{}", exit::details(done));
        }
    };
    match execute(driver, &operation, report).await {
        Ok(value) => print(value.as_deref()),
        Err(error) => fail(&error, error.exit()),
    }
}

/// Prints a value, byte for byte, or that there is none.
fn print(value: Option<&[u8]>) -> Exit {
    let exit = if value.is_some() { Exit::Done } else { Exit::NotFound };
    let line = [value.unwrap_or(NOT_FOUND), b"\n"].concat();
    io::stdout().write_all(&line).map_or_else(|error| fail(&error, Exit::Error), |()| exit)
}

/// Has `operation` executed: what to print for it, or `None` for a missing key.
pub(super) async fn execute(
    driver: &ClientDriver,
    operation: &Operation,
    report: impl FnOnce(&Done),
) -> Result<Option<Vec<u8>>, CommandError> {
    let request = KvRequest::One(operation.clone());
    request.check()?;
    let done = driver.submit(request.encode()).await.map_err(CommandError::from)?;
    report(&done);
    exit::printed(done)
}

/// Tells an error in one line.
pub(super) fn fail(error: &dyn std::fmt::Display, exit: Exit) -> Exit {
    eprintln!("hotstuff: {error}");
    exit
}
