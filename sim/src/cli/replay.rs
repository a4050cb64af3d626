//! `hotstuff-sim replay`: a planned run, from a file or a link, once more.

use clap::Args;
use hotstuff_sim::explore::{Plan, Report};
use hotstuff_sim::{SimError, Step};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Makes a run again that `explore` has saved, and prints its steps. Exits with 1 when it still
/// finds a violation.
#[derive(Args)]
pub struct Replay {
    /// The file that was saved.
    file: PathBuf,
    /// Prints the summary only.
    #[arg(long)]
    quiet: bool,
}

impl Replay {
    /// Makes the run. Returns whether it stayed clean.
    pub fn run(&self, out: &mut dyn Write) -> Result<bool, super::Failure> {
        let plan = read(&self.file)?;
        play(self.quiet, out, |sink| plan.run_with(sink))
    }
}

/// Makes a run and prints its steps, unless it is to be quiet, and a summary. Returns whether it stayed
/// clean.
pub fn play(
    quiet: bool,
    out: &mut dyn Write,
    run: impl FnOnce(&mut dyn FnMut(&Step)) -> Result<Report, SimError>,
) -> Result<bool, super::Failure> {
    let mut result = Ok(());
    let report = run(&mut |step| {
        if result.is_ok() && !quiet {
            result = writeln!(out, "{step}");
        }
    })?;
    result?;
    writeln!(out, "steps: {}", report.steps)?;
    writeln!(out, "trace hash: {:#}", report.trace_hash)?;
    if let Some(violation) = &report.violation {
        writeln!(out, "violation: {violation}")?;
    }
    Ok(report.violation.is_none())
}

/// Saves a plan.
pub fn write(file: &Path, plan: &Plan) -> Result<(), super::Failure> {
    let text = serde_json::to_string_pretty(plan).expect("a plan is plain data");
    std::fs::write(file, text)
        .map_err(|why| super::Failure::File { file: file.to_owned(), why: why.to_string() })
}

fn read(file: &Path) -> Result<Plan, super::Failure> {
    let fail = |why: String| super::Failure::File { file: file.to_owned(), why };
    let text = std::fs::read_to_string(file).map_err(|why| fail(why.to_string()))?;
    serde_json::from_str(&text).map_err(|why| fail(format!("it is no saved run: {why}")))
}

/// The link under which the page shows the run.
pub fn link(plan: &Plan, report: &Report) -> String {
    let rule = super::rule_name(plan.config.rule);
    let (seed, replicas, code) = (plan.config.seed, plan.config.replicas, plan.to_code());
    format!("#/s/run?v=1&seed={seed}&n={replicas}&rule={rule}&p={code}&h={}", report.trace_hash)
}
