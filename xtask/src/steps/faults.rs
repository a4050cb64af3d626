//! Replicas in containers under faults of the kernel's making: the tests of `replica/tests/faults`, which
//! are ignored elsewhere because not every machine can run them.

use std::time::Duration;

use anyhow::{Result, bail};

use super::{Bench, Done, rust_tests};
use crate::docker::engine;
use crate::process::find;
use crate::setup::packages;

const LIMIT: Duration = Duration::from_secs(15 * 60);
const PROGRAM: &str = "faults";

/// Builds the tests and runs them, where an engine answers and its containers' networks may be changed.
pub(super) fn run(bench: &Bench<'_>) -> Result<Done> {
    if engine().is_none() {
        return bench.leave_out("no Docker engine answers".into());
    }
    if !packages::is_root()? {
        return bench.leave_out("cutting containers off takes root".into());
    }
    if packages::is_debian() {
        packages::install(
            bench.console,
            &["iproute2", "iptables", "libfaketime", "util-linux"],
            "faults in containers",
        )?;
    }
    if let Some(program) = ["ip", "iptables", "nsenter", "tc"].into_iter().find(|name| find(name).is_none()) {
        return bench.leave_out(format!("there is no `{program}`"));
    }
    let chosen = ["--test", PROGRAM].map(str::to_owned);
    rust_tests::build(bench, LIMIT, &chosen)?;
    // What was done to whom is told in the step's log.
    let ignored = ["--", "--ignored", "--nocapture"].map(str::to_owned);
    let all = [&chosen[..], &ignored].concat();
    match rust_tests::run_only(bench, "faults in containers", LIMIT, &all, &[])? {
        0 => bail!("no test was run"),
        _ => Ok(Done::Passed(String::new())),
    }
}
