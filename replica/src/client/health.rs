//! `hotstuff health`: one replica's health as an exit code, for container health checks where no
//! other program is at hand.

use super::http;
use super::transport::{Transport, TransportArguments};
use std::process::ExitCode;
use std::time::Duration;

/// Says by the exit code whether one replica is well: 0 when its answer is a success, otherwise 1,
/// with the reason on stderr.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The replica's health page.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/healthz")]
    url: String,
    /// How long to wait for its answer.
    #[arg(long, value_name = "SECS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout: u64,
    #[command(flatten)]
    transport: TransportArguments,
}

impl Arguments {
    /// Asks the replica.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let transport = match self.transport.transport() {
            Ok(transport) => transport,
            Err(error) => return not_well(&error),
        };
        match super::block_on(check_by(&transport, &self.url, Duration::from_secs(self.timeout))) {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(why)) => not_well(&why),
            Err(error) => not_well(&error),
        }
    }
}

fn not_well(why: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("hotstuff: {why}");
    ExitCode::FAILURE
}

/// Whether the replica whose health page is at `url` (plain `http://`) says within `limit` that it is well.
///
/// # Errors
/// Why it does not.
pub async fn check(url: &str, limit: Duration) -> Result<(), HealthError> {
    check_by(&Transport::default(), url, limit).await
}

async fn check_by(transport: &Transport, url: &str, limit: Duration) -> Result<(), HealthError> {
    let answer = http::get(transport, url, limit).await?;
    if answer.status.is_success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.body).chars().take(SAID_CHARS_MAX).collect::<String>();
    Err(HealthError::Unwell { status: answer.status, said: said.trim().to_owned() })
}

/// How much of an unwell replica's words is passed on.
const SAID_CHARS_MAX: usize = 200;

/// Why a replica is not known to be well.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// It gave no answer.
    #[error(transparent)]
    Http(#[from] http::HttpError),
    /// It answered that it is not.
    #[error("{status}: {said}")]
    Unwell {
        /// The answer's code.
        status: hyper::StatusCode,
        /// The beginning of what it said.
        said: String,
    },
}
