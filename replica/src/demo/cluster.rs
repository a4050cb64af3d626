//! The replicas' processes: started, watched, and ended with the demonstration, however it ends.

use super::error::DemoError;
use super::site::Site;
use hotstuff_core::ReplicaId;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a replica may take to end after it was told to, before it is killed. More than it takes
/// for a shutdown in order.
const STOP_TIMEOUT: Duration = Duration::from_secs(8);

/// A replica's process that ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) id: ReplicaId,
    pub(super) pid: u32,
    /// In words.
    pub(super) how: String,
}

/// Running replicas. Dropped, it kills them; even where that is not done, because this process is
/// killed, they end, as their standard input does (see [`super::leash`]).
pub(super) struct Cluster {
    /// The program that all of them run.
    pub(super) program: PathBuf,
    /// The process of each replica, as it was started.
    pub(super) pids: BTreeMap<ReplicaId, u32>,
    watched: JoinSet<Ended>,
    stop: watch::Sender<bool>,
}

impl Cluster {
    /// Starts all replicas of `site`.
    pub(super) fn start(site: &Site) -> Result<Self, DemoError> {
        let program =
            std::env::current_exe().map_err(DemoError::system("cannot find this program's file"))?;
        let (stop, stopped) = watch::channel(false);
        let mut cluster = Self { program, pids: BTreeMap::new(), watched: JoinSet::new(), stop };
        for (id, config) in site.replicas() {
            let log =
                File::create(site.log(id)).map_err(DemoError::system("cannot write a replica's log"))?;
            let copy = log.try_clone().map_err(DemoError::system("cannot write a replica's log"))?;
            let mut command = Command::new(&cluster.program);
            command.arg("replica").arg("--config").arg(config).arg("--stop-with-stdin");
            command.stdin(Stdio::piped()).stdout(copy).stderr(log).kill_on_drop(true);
            // Ctrl-C is for this process alone, which then ends the others in order.
            #[cfg(unix)]
            command.process_group(0);
            let child = command.spawn().map_err(DemoError::system("cannot start a replica"))?;
            let pid = child.id().expect("a child that was not waited for has an id");
            cluster.pids.insert(id, pid);
            let stopped = stopped.clone();
            cluster.watched.spawn(async move { Ended { id, pid, how: run(child, stopped).await } });
        }
        Ok(cluster)
    }

    /// Waits for the next replica to end. For ever, when none is left.
    pub(super) async fn next_ended(&mut self) -> Ended {
        match self.watched.join_next().await {
            Some(ended) => ended.expect("a watching task does not panic and is not cancelled"),
            None => std::future::pending().await,
        }
    }

    /// Ends all replicas, and waits until they are gone.
    pub(super) async fn stop(mut self) {
        self.stop.send(true).ok(); // nobody listens when all have ended
        while self.watched.join_next().await.is_some() {}
    }
}

/// Waits until the replica ends by itself or, once told to, ends it: how it ended.
async fn run(mut child: Child, mut stopped: watch::Receiver<bool>) -> String {
    let leash = child.stdin.take(); // waiting would close it
    tokio::select! {
        ended = child.wait() => return described(ended),
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    drop(leash);
    match timeout(STOP_TIMEOUT, child.wait()).await {
        Ok(ended) => described(ended),
        Err(_) => {
            described(child.kill().await.and_then(|()| child.try_wait()).map(Option::unwrap_or_default))
        }
    }
}

fn described(ended: io::Result<ExitStatus>) -> String {
    ended.map_or_else(|error| format!("it cannot be watched: {error}"), |status| status.to_string())
}
