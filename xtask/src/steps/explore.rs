//! Random scenarios in the simulator: a fixed set, and one that nobody has run before. And a look at the
//! released binary, which must have none of the weak rules that the simulator can do with.

use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};

use super::{Bench, Done};
use crate::page;
use crate::process::{capture, command};

const SIMULATOR: &str = "debug/hotstuff-sim";
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// The same in every run.
const FIXED_SEEDS: u32 = 500;
/// How long seeds are tried that depend on the day.
const FRESH_SECONDS: u32 = 45;

/// Explores both sets. The first fresh seed is told, so that a run that finds something can be made
/// again; what it finds is told too, small.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    check_released(bench)?;
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

/// Weak rules are types of the simulator, each with its name; the binary that replicas run has none, except
/// in the page that it serves, whose sandbox is to break rules.
fn check_released(bench: &Bench<'_>) -> Result<()> {
    let names = capture(&mut explore(bench, &["--list-weakened".into()]))?;
    let read = |path: &str| {
        let file = bench.project.target.join(path);
        std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    let (simulator, released) = (read(SIMULATOR)?, read("release/hotstuff")?);
    let holds = |binary: &[u8], name: &str| binary.windows(name.len()).any(|at| at == name.as_bytes());
    // Names of a word or less may stand there for something else.
    let names: Vec<&str> = names.lines().filter(|name| name.len() > 8).collect();
    if names.is_empty() || !names.iter().all(|name| holds(&simulator, name)) {
        bail!("the simulator does not hold the names of its weak rules, so this check can tell nothing");
    }
    let released = without_page(bench, released)?;
    match names.iter().find(|name| holds(&released, name)) {
        Some(name) => bail!("the released binary holds the weak rule `{name}` of the simulator"),
        None => Ok(()),
    }
}

/// The binary with zeros in place of the programs of the page.
fn without_page(bench: &Bench<'_>, mut binary: Vec<u8>) -> Result<Vec<u8>> {
    for file in std::fs::read_dir(page::ensure(bench.console, bench.project)?)? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "wasm") {
            let program = std::fs::read(&file)?;
            let at = binary.windows(program.len()).position(|part| part == program).with_context(|| {
                format!("the released binary has another page than that with {}", file.display())
            })?;
            binary[at..at + program.len()].fill(0);
        }
    }
    Ok(binary)
}

/// The simulator that the tests have built.
fn explore(bench: &Bench<'_>, arguments: &[String]) -> Command {
    let mut explore = command(bench.project.target.join(SIMULATOR));
    let save = bench.project.scratch().join("violation.json");
    explore.arg("explore").args(arguments).arg("--save").arg(save).current_dir(&bench.project.root);
    explore
}
