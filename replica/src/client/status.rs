//! `hotstuff status`: all replicas of a cluster side by side, asked at once.

use super::http::{self, HttpError};
use super::table;
use super::transport::{Transport, TransportArguments};
use super::why::{self, Why};
use crate::config::{Address, CommitteeFile};
use hotstuff_core::ReplicaId;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::task::JoinSet;

const HELP: &str = "\
Below the table stands what keeps replicas from being where the others are: links that are missing,
blocks that are fetched, a leader that is down, and so on; and ALARM where two have committed different
things. With --json, each replica's `why` holds the same.

Exit codes:
  0  a quorum of the replicas is reachable
  1  fewer are
  2  an error: wrong usage or an unusable committee file";

/// Shows where all replicas of a cluster stand.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The cluster's committee file.
    #[arg(long, value_name = "FILE")]
    committee: PathBuf,
    /// Print JSON, with null for what an unreachable replica did not say.
    #[arg(long)]
    json: bool,
    /// How long to wait for a replica's answer.
    #[arg(long, value_name = "SECS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout: u64,
    #[command(flatten)]
    transport: TransportArguments,
}

impl Arguments {
    /// Asks all replicas and prints what they say. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let file = match CommitteeFile::load(&self.committee) {
            Ok(file) => file,
            Err(error) => return fail(&error),
        };
        let transport = match self.transport.transport() {
            Ok(transport) => transport,
            Err(error) => return fail(&error),
        };
        let limit = Duration::from_secs(self.timeout);
        let survey = match super::block_on(Survey::take_by(&transport, &file, limit)) {
            Ok(survey) => survey,
            Err(error) => return fail(&error),
        };
        let text = if self.json { survey.to_json() } else { table::text(&survey) };
        match io::stdout().write_all(text.as_bytes()) {
            Ok(()) if survey.quorum_reachable => ExitCode::SUCCESS,
            Ok(()) => ExitCode::from(1),
            Err(error) => fail(&error),
        }
    }
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("hotstuff: {error}");
    ExitCode::from(2)
}

/// A block, as a status names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its distance from genesis.
    pub height: u64,
    /// Its id in hexadecimal.
    pub id: String,
}

/// What this command reads of a replica's `/status`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Report {
    /// Who answers.
    pub id: ReplicaId,
    /// The epoch of the committee in force, as it knows.
    pub epoch: u64,
    /// Whether it is in that committee.
    pub member: bool,
    /// Its view.
    pub view: u64,
    /// The last block it committed.
    pub committed_head: Head,
    /// The state root after that block, in hexadecimal.
    pub state_root: String,
    /// The leader of its view.
    pub leader: ReplicaId,
    /// Whether it has stopped for good.
    #[serde(default)]
    pub halted: bool,
    /// Whether it fetches missing blocks.
    #[serde(default)]
    pub fetching: bool,
    /// The last view that it voted in.
    #[serde(default)]
    pub last_voted: u64,
    /// Views that it has given up since its start.
    #[serde(default)]
    pub timeouts: u64,
    /// How long the write to its store under way has taken so far, in microseconds.
    #[serde(default)]
    pub store_syncing_us: u64,
    /// Its links to the other replicas.
    #[serde(default)]
    pub peers: Option<Vec<Link>>,
    /// The version of its program.
    #[serde(default)]
    pub version: String,
}

/// The links to and from one peer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Link {
    /// The peer.
    pub id: ReplicaId,
    /// Whether the replica can send to it.
    pub connected: bool,
    /// Whether it can receive from it.
    pub receiving: bool,
}

/// Why a replica has no report.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// It gave no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// It answered with an error.
    #[error("it answered {0}")]
    Code(hyper::StatusCode),
    /// Its answer is no status.
    #[error("its answer is no status: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another replica is there.
    #[error("{0} is there instead")]
    Other(ReplicaId),
}

/// One replica, as it was found.
#[derive(Debug)]
pub struct Found {
    /// The replica.
    pub id: ReplicaId,
    /// Its public address.
    pub http: Address,
    /// What it says.
    pub report: Result<Report, StatusError>,
    /// What is out of the ordinary about it, beside the others.
    pub why: Vec<Why>,
}

/// All replicas of a committee, as they were found.
#[derive(Debug)]
pub struct Survey {
    /// The replicas, by ascending id.
    pub replicas: Vec<Found>,
    /// Whether those that answered are a quorum.
    pub quorum_reachable: bool,
    /// What the replicas' URLs begin with.
    pub scheme: &'static str,
}

impl Survey {
    /// Asks all replicas of `file` at once, in the clear, and waits for each no longer than `limit`.
    pub async fn take(file: &CommitteeFile, limit: Duration) -> Self {
        Self::take_by(&Transport::default(), file, limit).await
    }

    /// Asks as [`take`](Self::take) does, by a transport.
    pub async fn take_by(transport: &Transport, file: &CommitteeFile, limit: Duration) -> Self {
        let mut asked = JoinSet::new();
        for (id, addresses) in &file.addresses {
            let (id, http, transport) = (*id, addresses.http.clone(), transport.clone());
            asked.spawn(async move {
                let report = ask(&transport, id, &http, limit).await;
                Found { id, http, report, why: Vec::new() }
            });
        }
        let mut replicas = asked.join_all().await;
        replicas.sort_by_key(|found| found.id);
        let reasons = why::reasons(&file.current, &replicas);
        replicas.iter_mut().zip(reasons).for_each(|(found, why)| found.why = why);
        let reachable = replicas.iter().filter(|found| found.report.is_ok()).map(|found| found.id);
        let quorum_reachable = file.current.power_of(reachable) >= file.current.quorum();
        Self { replicas, quorum_reachable, scheme: transport.http() }
    }

    /// The survey as one JSON document, with a line break at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let replicas = self.replicas.iter().map(|found| Row::new(self.scheme, found)).collect();
        let document = Document { quorum_reachable: self.quorum_reachable, replicas };
        let json = serde_json::to_string_pretty(&document);
        json.expect("a document of numbers and strings has a JSON form") + "\n"
    }
}

async fn ask(
    transport: &Transport,
    id: ReplicaId,
    http: &Address,
    limit: Duration,
) -> Result<Report, StatusError> {
    let answer = http::get(transport, &format!("{}://{http}/status", transport.http()), limit).await?;
    if !answer.status.is_success() {
        return Err(StatusError::Code(answer.status));
    }
    let report: Report = serde_json::from_slice(&answer.body)?;
    if report.id == id { Ok(report) } else { Err(StatusError::Other(report.id)) }
}

#[derive(Serialize)]
struct Document<'a> {
    quorum_reachable: bool,
    replicas: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: ReplicaId,
    reachable: bool,
    http: String,
    epoch: Option<u64>,
    member: Option<bool>,
    view: Option<u64>,
    committed_head: Option<&'a Head>,
    state_root: Option<&'a str>,
    leader: Option<ReplicaId>,
    halted: Option<bool>,
    error: Option<String>,
    why: Vec<Reason<'a>>,
}

#[derive(Serialize)]
struct Reason<'a> {
    #[serde(flatten)]
    why: &'a Why,
    text: String,
}

impl<'a> Row<'a> {
    fn new(scheme: &str, found: &'a Found) -> Self {
        let report = found.report.as_ref().ok();
        Self {
            id: found.id,
            reachable: report.is_some(),
            http: format!("{scheme}://{}", found.http),
            epoch: report.map(|report| report.epoch),
            member: report.map(|report| report.member),
            view: report.map(|report| report.view),
            committed_head: report.map(|report| &report.committed_head),
            state_root: report.map(|report| report.state_root.as_str()),
            leader: report.map(|report| report.leader),
            halted: report.map(|report| report.halted),
            error: found.report.as_ref().err().map(ToString::to_string),
            why: found.why.iter().map(|why| Reason { why, text: why.to_string() }).collect(),
        }
    }
}
