//! `hotstuff change`: the operator asks for another committee.

use super::cli::fail;
use super::connection::ConnectionArguments;
use super::driver::{ClientDriver, Done};
use super::exit::{self, CommandError, Exit};
use crate::config::{CommitteeFile, hex};
use clap::Subcommand;
use hotstuff_core::change::{ChangeRefused, ChangeResult, decode_result};
use hotstuff_core::command::Outcome;
use hotstuff_core::committee::Member;
use hotstuff_core::crypto::PublicKey;
use hotstuff_core::{CommitteeChange, Power, ReplicaId};
use std::process::ExitCode;

const HELP: &str = "\
Only the key that the committee file names as `operator` may do this. One change at a time: the next is
refused until the one before is in force, a few blocks later. What is printed goes to the end of every
client's committee file: it tells clients whose replies count. Replicas learn of it from the chain.

To add a replica: `hotstuff joiner` writes its files, and the row for [[joiners]] in the committee file of
every replica; have the replicas read that (SIGHUP); start the new one, wait until `hotstuff status` shows
that it has caught up, and add it. A removed replica can be stopped once the change is in force.

Exit codes:
  0  the change is made
  2  an error: wrong usage, unusable files, or the replicas did not take the command in
  3  no agreement among f+1 replicas in time; the change may still be made later
  4  the same, and f+1 replicas said that they are busy
  5  the replicas refused the change, and say why";

/// Asks for another committee, signed by the operator's key, and waits until f+1 replicas say what came of it.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Tell on stderr which replicas agreed, and how long that took.
    #[arg(short, long)]
    verbose: bool,
    #[command(subcommand)]
    request: Request,
}

#[derive(Debug, Subcommand)]
enum Request {
    /// A replica becomes a member.
    Add {
        /// Its number.
        #[arg(long, value_name = "N")]
        id: u16,
        /// Its public key; otherwise what the committee file says among the joiners.
        #[arg(long, value_name = "HEX", value_parser = public_key)]
        key: Option<PublicKey>,
        /// Its voting power.
        #[arg(long, value_name = "POWER", default_value_t = 1)]
        power: u64,
    },
    /// A member leaves.
    Remove {
        /// Its number.
        #[arg(long, value_name = "N")]
        id: u16,
    },
    /// A member's voting power becomes another.
    Power {
        /// Its number.
        #[arg(long, value_name = "N")]
        id: u16,
        /// Its voting power from then on.
        #[arg(long, value_name = "POWER")]
        power: u64,
    },
}

#[derive(Debug, thiserror::Error)]
enum ChangeError {
    #[error("no change: {0}")]
    Refused(#[from] ChangeRefused),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("the replicas' answer is not one to a change of the committee")]
    Foreign,
}

impl Arguments {
    /// Asks for the change and says what came of it. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        super::block_on(self.send()).unwrap_or_else(|error| fail(&error, Exit::Error)).into()
    }

    async fn send(self) -> Exit {
        let change = match self.change() {
            Ok(change) => change,
            Err(error) => return fail(&error, Exit::Error),
        };
        let driver = match self.connection.connect(1) {
            Ok((driver, _)) => driver,
            Err(error) => return fail(&error, Exit::Error),
        };
        let made = made(&driver, &change, self.verbose).await;
        driver.close().await;
        match made {
            Ok(row) => {
                println!("{row}");
                Exit::Done
            }
            Err(error @ ChangeError::Refused(_)) => fail(&error, Exit::Refused),
            Err(error @ ChangeError::Foreign) => fail(&error, Exit::Error),
            Err(ChangeError::Command(error)) => fail(&error, error.exit()),
        }
    }

    fn change(&self) -> Result<CommitteeChange, Box<dyn std::error::Error>> {
        Ok(match &self.request {
            Request::Add { id, key, power } => {
                let id = ReplicaId(*id);
                let key = match (*key, CommitteeFile::load(&self.connection.cluster.committee)?.key(id)) {
                    // Its links would end with the change.
                    (Some(given), Some(listed)) if given != listed => {
                        return Err(format!("the committee file has another key for {id}").into());
                    }
                    (None, None) => {
                        return Err(format!("{id} is not in the committee file: give its --key").into());
                    }
                    (Some(key), _) | (None, Some(key)) => key,
                };
                CommitteeChange::Add(Member { id, key, power: Power(*power) })
            }
            Request::Remove { id } => CommitteeChange::Remove(ReplicaId(*id)),
            Request::Power { id, power } => {
                CommitteeChange::SetPower { replica: ReplicaId(*id), power: Power(*power) }
            }
        })
    }
}

fn public_key(text: &str) -> Result<PublicKey, &'static str> {
    hex::decode_32(text).map(PublicKey).ok_or("not 64 hexadecimal digits")
}

/// Has the change made: what to add to the committee files of clients.
async fn made(driver: &ClientDriver, change: &CommitteeChange, verbose: bool) -> Result<String, ChangeError> {
    let done = driver.submit(change.clone()).await.map_err(CommandError::from)?;
    if verbose {
        eprintln!("{}", exit::details(&done));
    }
    let epoch = result(done)??;
    Ok(format!("# {epoch}: {change}\n{}", row(change)))
}

fn result(done: Done) -> Result<ChangeResult, ChangeError> {
    match done.outcome {
        Outcome::Executed { result, .. } => decode_result(&result).ok_or(ChangeError::Foreign),
        Outcome::TooOld => Err(CommandError::TooOld.into()),
        Outcome::NotAdmitted(why) => Err(CommandError::NotAdmitted(why).into()),
    }
}

/// The change as it stands in a committee file.
fn row(change: &CommitteeChange) -> String {
    let what = match change {
        CommitteeChange::Add(Member { id, key, power }) => {
            format!("add = {{ id = {}, key = \"{key:#}\", power = {power} }}", id.0)
        }
        CommitteeChange::Remove(id) => format!("remove = {}", id.0),
        CommitteeChange::SetPower { replica, power } => {
            format!("set-power = {{ id = {}, power = {power} }}", replica.0)
        }
    };
    format!("[[changes]]\n{what}")
}
