//! Random scenarios in the simulator: a fixed set, and one that nobody has run before.

use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use super::{Bench, Done};
use crate::process::command;

const LIMIT: Duration = Duration::from_secs(15 * 60);
/// The same in every run.
const FIXED_SEEDS: u32 = 500;
/// How long seeds are tried that depend on the day.
const FRESH_SECONDS: u32 = 45;

/// Explores both sets. The first fresh seed is told, so that a run that finds something can be made
/// again; what it finds is told too, small.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    let fixed = ["--seeds".into(), FIXED_SEEDS.to_string()];
    bench.console.run("500 fixed seeds", LIMIT, &mut explore(bench, &fixed))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let first = now.as_secs() << 20;
    bench.console.say(format!("fresh seeds from {first}"));
    let fresh = format!("--from {first} --seeds {} --seconds {FRESH_SECONDS}", 1 << 20);
    let fresh: Vec<String> = fresh.split(' ').map(str::to_owned).collect();
    let told = bench.console.run("fresh seeds", LIMIT, &mut explore(bench, &fresh))?;
    let last = told.lines().next_back().context("it tells how many there were")?;
    Ok(Done::Passed(last.to_owned()))
}

/// The simulator that the tests have built.
fn explore(bench: &Bench<'_>, arguments: &[String]) -> Command {
    let mut explore = command(bench.project.target.join("debug/hotstuff-sim"));
    let save = bench.project.scratch().join("violation.json");
    explore.arg("explore").args(arguments).arg("--save").arg(save).current_dir(&bench.project.root);
    explore
}
