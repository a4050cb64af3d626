//! Tests that `cargo test` runs, and the count of those that ran.

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
    let output = bench.console.run("cargo test", LIMIT, &mut cargo)?;
    counted(&output)
}

/// Passes when tests ran, and tells how many; a run without any is a failure.
pub(super) fn counted(output: &str) -> Result<Done> {
    match count(output) {
        0 => bail!("no test was run"),
        tests => Ok(Done::Passed(format!("{tests} tests"))),
    }
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
    fn a_run_without_tests_fails() {
        assert!(counted("test result: ok. 0 passed; 0 failed; 1 ignored").is_err());
        assert!(counted("").is_err());
    }
}
