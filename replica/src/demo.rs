//! `hotstuff demo`: a cluster on this machine, to be looked at, spoken to and broken. Each replica
//! is a process of its own, so that a person can kill one.

mod cluster;
mod error;
pub(crate) mod guide;
pub mod leash;
mod ports;
mod site;
mod stop;

use crate::client::health;
use crate::config::CommitteeFile;
use clap::builder::RangedU64ValueParser;
use cluster::{Cluster, Ended};
use error::DemoError;
use site::Site;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// How long the replicas may take until all are well.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one of them may take to say that it is.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause before it is asked again.
const HEALTH_INTERVAL: Duration = Duration::from_millis(10);

/// Runs a cluster of replicas on this machine until Ctrl-C, for a look: nothing of it is left
/// afterwards, unless a folder is given.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many replicas, 4 to 100 [default: 4, or as many as --dir holds]
    #[arg(long, value_name = "N")]
    replicas: Option<u16>,
    /// The first replica's public port; the others' follow [default: 8080, or as in --dir]
    #[arg(long, value_name = "P", value_parser = RangedU64ValueParser::<u16>::new().range(1..=65_535))]
    port: Option<u16>,
    /// Keep the cluster in this folder. One that holds a cluster already is started again
    /// [default: a temporary folder, removed at the end]
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Arguments {
    /// Runs the cluster until it is told to stop. Errors go to stderr.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return crate::cli::fail(&error),
        };
        match runtime.block_on(self.demonstrate()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => crate::cli::fail(&error),
        }
    }

    async fn demonstrate(self) -> Result<(), DemoError> {
        let mut stop = stop::Signals::listen()?;
        let site = Site::prepare(self.replicas, self.port, self.dir)?;
        let mut cluster = Cluster::start(&site)?;
        let result = tokio::select! {
            () = stop.received() => Ok(()),
            result = watch(&site, &mut cluster) => result,
        };
        say("\nStopping.\n");
        cluster.stop().await;
        site.remove().and(result)
    }
}

/// Waits until the cluster stands, explains it, and tells of replicas that end. Returns only when
/// there is nothing left to watch.
async fn watch(site: &Site, cluster: &mut Cluster) -> Result<(), DemoError> {
    let deadline = Instant::now() + START_TIMEOUT;
    tokio::select! {
        ended = cluster.next_ended() => return Err(DemoError::Early { log: site.log_tail(ended.id), ended }),
        healthy = timeout_at(deadline, all_healthy(&site.file)) => {
            healthy.map_err(|_| DemoError::NotHealthy { folder: site.folder().to_owned() })?;
        }
    }
    say(&guide::welcome(site, cluster)?);
    let mut left = site.file.addresses.len();
    while left > 0 {
        let ended = cluster.next_ended().await;
        left -= 1;
        say(&guide::ended(site, &ended, left)?);
    }
    Err(DemoError::NoneLeft)
}

async fn all_healthy(file: &CommitteeFile) {
    let mut asked = JoinSet::new();
    for addresses in file.addresses.values() {
        let url = format!("http://{}/healthz", addresses.http);
        asked.spawn(async move {
            while health::check(&url, HEALTH_TIMEOUT).await.is_err() {
                sleep(HEALTH_INTERVAL).await;
            }
        });
    }
    asked.join_all().await;
}

/// Prints `text`. A reader that is gone does not end the cluster.
fn say(text: &str) {
    let mut output = std::io::stdout();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).ok();
}
