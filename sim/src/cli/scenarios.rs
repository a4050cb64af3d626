//! `scenarios`, and `run --scenario`: lessons at a terminal.

use super::{Failure, run};
use hotstuff_core::CommitRule;
use hotstuff_sim::scenarios::{self, Run, Scenario};
use std::io::{self, Write};

/// Lists them.
///
/// # Errors
/// When the output does not take it.
pub fn list(out: &mut impl Write) -> Result<bool, Failure> {
    for Scenario { number, name, title, .. } in scenarios::all() {
        writeln!(out, "{number:>2}  {name:28}  {title}")?;
    }
    Ok(true)
}

/// Plays one, script after script, and says whether it comes out as its lesson has it.
///
/// # Errors
/// When there is no such scenario, it cannot have this rule, or the output does not take it.
pub fn play(
    name: &str,
    seed: u64,
    rule: Option<CommitRule>,
    quiet: bool,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let scenario = scenarios::named(name).ok_or_else(|| Failure::UnknownScenario(name.into()))?;
    if rule.is_some() && !scenario.takes_rule() {
        return Err(Failure::SetsRule(scenario.name));
    }
    let mut runs = scenario.runs(seed, rule);
    for run in &mut runs {
        if !run.script().label.is_empty() {
            writeln!(out, "-- {}", run.script().label)?;
        }
        finish(run, quiet, out)?;
        run::summarize(run.sim(), out)?;
    }
    let outcome = scenario.outcome(&runs);
    outcome.iter().try_for_each(|unmet| writeln!(out, "{unmet}"))?;
    if outcome.is_empty() {
        writeln!(out, "outcome: as the lesson says")?;
    }
    Ok(outcome.is_empty())
}

fn finish(run: &mut Run, quiet: bool, out: &mut impl Write) -> io::Result<()> {
    let mut result = Ok(());
    run.finish(|step| {
        if result.is_ok() && !quiet {
            result = writeln!(out, "{step}");
        }
    });
    result
}
