//! Tests that `cargo test` runs, and the count of those that ran.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::{Bench, Done};
use crate::process::command;

const LIMIT: Duration = Duration::from_secs(25 * 60);

/// All native tests: of units, of documentation, golden ones, and those that start replicas.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    let mut cargo = command("cargo");
    cargo.args(["test", "--workspace", "--no-fail-fast"]).current_dir(&bench.project.root);
    // They have a step of their own. What the page computes is tested here too.
    if bench.project.has_package(super::browser::PACKAGE) {
        cargo.args(["--exclude", super::browser::PACKAGE]);
    }
    counted(bench, "cargo test", LIMIT, &mut cargo)
}

/// Passes when tests ran and none failed, and tells how many; a run without any is a failure.
pub(super) fn counted(bench: &Bench<'_>, what: &str, limit: Duration, cargo: &mut Command) -> Result<Done> {
    let (status, output) = bench.console.supervise(what, limit, cargo)?;
    if !status.success() {
        bail!("{what} failed ({status})\n{}", without_successes(&output));
    }
    match count(&output) {
        0 => bail!("no test was run"),
        tests => Ok(Done::Passed(format!("{tests} tests"))),
    }
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
