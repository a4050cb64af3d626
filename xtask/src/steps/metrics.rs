//! What replicas show to Prometheus, its alerts and the dashboard, by Prometheus' own checker: the tests of
//! `replica/tests/metrics` that are ignored elsewhere.

use std::time::Duration;

use anyhow::{Result, bail};

use super::{Bench, Done, rust_tests};
use crate::setup::promtool;

const LIMIT: Duration = Duration::from_secs(15 * 60);
const PROGRAM: &str = "metrics";

/// Builds the tests and runs them, where the checker is there or can be got.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    let Some(promtool) = promtool::ensure(bench.console)? else {
        return bench.leave_out("there is no `promtool`, and no apt to get it with".into());
    };
    let chosen = ["--test", PROGRAM].map(str::to_owned);
    rust_tests::build(bench, LIMIT, &chosen)?;
    let all = [&chosen[..], &["--", "--ignored"].map(str::to_owned)].concat();
    match rust_tests::run_only(bench, "checks by promtool", LIMIT, &all, &[("HOTSTUFF_PROMTOOL", &promtool)])?
    {
        0 => bail!("no test was run"),
        tests => Ok(Done::Passed(format!("{tests} tests"))),
    }
}
