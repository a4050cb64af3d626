//! Tests that `cargo test` runs, and the count of those that ran.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::{Bench, Done};
use crate::process::command;
use crate::project::Project;

const LIMIT: Duration = Duration::from_secs(25 * 60);

/// All native tests: of units, of documentation, golden ones, and those that start replicas.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    // They have a step of their own. What the page computes is tested here too.
    let programs = test_programs(bench.project, |package| package != super::browser::PACKAGE)?;
    let units = ["--lib", "--bins"].map(str::to_owned);
    let programs = build_and_run(bench, "cargo test", LIMIT, &[&units[..], &programs].concat(), &[]);
    let documentation = run_only(bench, "tests of documentation", LIMIT, &["--doc".to_owned()], &[]);
    match (programs, documentation) {
        (Ok(programs), Ok(documentation)) => Ok(Done::Passed(format!("{} tests", programs + documentation))),
        (Err(first), Err(second)) => bail!("{first:#}\n{second:#}"),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// Builds the chosen tests, runs them, and tells how many there were; none is a failure.
pub(super) fn build_and_run(
    bench: &Bench<'_>,
    what: &str,
    limit: Duration,
    chosen: &[String],
    environment: &[(&str, &Path)],
) -> Result<usize> {
    build(bench, limit, chosen)?;
    match run_only(bench, what, limit, chosen, environment)? {
        0 => bail!("no test was run"),
        tests => Ok(tests),
    }
}

/// Builds the chosen tests.
pub(super) fn build(bench: &Bench<'_>, limit: Duration, chosen: &[String]) -> Result<()> {
    let mut build = cargo_test(bench.project, chosen);
    bench.console.patiently(|| bench.console.run("building tests", limit, build.arg("--no-run"))).map(drop)
}

/// Runs the chosen tests, built or not, and tells how many there were.
pub(super) fn run_only(
    bench: &Bench<'_>,
    what: &str,
    limit: Duration,
    chosen: &[String],
    environment: &[(&str, &Path)],
) -> Result<usize> {
    let mut cargo = cargo_test(bench.project, chosen);
    let (status, output) = bench.console.supervise(what, limit, cargo.envs(environment.iter().copied()))?;
    if !status.success() {
        bail!("{what} failed ({status})\n{}", without_successes(&output));
    }
    Ok(count(&output))
}

/// `cargo test` for the whole workspace, because features are joined over the packages that are
/// chosen: for others, cargo compiles many libraries once more. What is tested is chosen by target.
fn cargo_test(project: &Project, chosen: &[String]) -> Command {
    let mut cargo = command("cargo");
    cargo.args(["test", "--workspace", "--no-fail-fast"]).args(chosen).current_dir(&project.root);
    cargo
}

/// Arguments that choose the test programs of those packages that are wanted.
///
/// # Errors
/// When one has the name of one that is not wanted: cargo tells them apart by name only.
pub(super) fn test_programs(project: &Project, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let (mut wanted, mut others) = (BTreeSet::new(), BTreeSet::new());
    for package in project.packages() {
        let names = if package["name"].as_str().is_some_and(&is_wanted) { &mut wanted } else { &mut others };
        let targets = package["targets"].as_array().into_iter().flatten();
        let tests = targets.filter(|target| target["kind"][0] == "test" && target["test"] == true);
        names.extend(tests.filter_map(|target| Some(target["name"].as_str()?.to_owned())));
    }
    if let Some(name) = wanted.intersection(&others).next() {
        bail!("the tests `{name}` of the page and of another package need different names");
    }
    Ok(wanted.into_iter().flat_map(|name| ["--test".to_owned(), name]).collect())
}

/// The output without what went well: a failure may stand far from its end.
fn without_successes(output: &str) -> String {
    let is_success = |line: &str| {
        let line = line.trim();
        line.is_empty()
            || (line.starts_with("test ") && line.ends_with("... ok"))
            || ["Compiling ", "Running ", "Doc-tests ", "running ", "test result: ok."]
                .iter()
                .any(|start| line.starts_with(start))
    };
    output.lines().filter(|line| !is_success(line)).collect::<Vec<_>>().join("\n")
}

fn count(output: &str) -> usize {
    output
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. ")?.split_once(" passed"))
        .filter_map(|(number, _)| number.parse::<usize>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_over_all_programs() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\
            test result: ok. 0 passed; 0 failed; 3 ignored\ntest result: ok. 5 passed; 0 failed\n";
        assert_eq!(count(output), 7);
    }

    #[test]
    fn a_run_without_tests_counts_none() {
        assert_eq!(count("test result: ok. 0 passed; 0 failed; 1 ignored"), 0);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn failures_are_not_lost_among_successes() {
        let output = "   Compiling core\nrunning 2 tests\ntest a ... ok\ntest b ... FAILED\n\npanicked at b\n\
            test result: ok. 1 passed; 0 failed";
        assert_eq!(without_successes(output), "test b ... FAILED\npanicked at b");
    }
}
