//! The image is built, and a cluster of it keeps taking commands while a replica is dead.

use anyhow::{Result, bail, ensure};

use super::{Bench, Done};
use crate::docker::cluster::Cluster;
use crate::docker::{compose, engine, stand_in};

const KILLED: usize = 1;

/// Builds, starts, sends, kills, sends again, starts the killed one, and takes all down.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    if engine().is_none() {
        return bench.leave_out("no Docker engine answers".into());
    }
    let Some(compose) = compose() else {
        return bench.leave_out("neither `docker compose` nor `docker-compose` answers".into());
    };
    let image = stand_in::ensure(bench.console, bench.project)?;
    let cluster = Cluster::new(bench.console, bench.project, compose)?;
    cluster.build()?;
    if let Err(error) = exercise(&cluster) {
        bail!("{error:#}\n{}", cluster.logs());
    }
    Ok(Done::Passed(image.into()))
}

fn exercise(cluster: &Cluster<'_>) -> Result<()> {
    cluster.start()?;
    let user = cluster.user()?;
    ensure!(!matches!(user.as_str(), "" | "0" | "root"), "the replicas run as root");
    expect(cluster, &["set", "colour", "blue"], "OK")?;
    cluster.kill(KILLED)?;
    expect(cluster, &["set", "shape", "round"], "OK")?;
    expect(cluster, &["get", "colour"], "blue")?;
    cluster.restart(KILLED)?;
    expect(cluster, &["get", "shape"], "round")?;
    let from_within = cluster.send_from_container(&["cas", "shape", "round", "square"])?;
    ensure!(from_within.lines().any(|line| line == "OK"), "a client in a container was told `{from_within}`");
    expect(cluster, &["get", "shape"], "square")?;
    let summary = cluster.random_load()?;
    ensure!(summary.contains(" commands done in "), "random commands were summed up as `{summary}`");
    Ok(())
}

fn expect(cluster: &Cluster<'_>, words: &[&str], answer: &str) -> Result<()> {
    let output = cluster.send(words)?;
    ensure!(output.lines().any(|line| line == answer), "{words:?} was answered with `{output}`");
    Ok(())
}
