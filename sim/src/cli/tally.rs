//! What many runs together came to.

use hotstuff_sim::explore::{Report, Sight};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

/// The sum of runs.
#[derive(Default)]
pub struct Tally {
    /// How many there were.
    pub runs: u64,
    steps: u64,
    time_us: u64,
    seen: BTreeMap<Sight, u64>,
}

impl Tally {
    /// Adds a run.
    pub fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.steps += report.steps;
        self.time_us += report.time.0;
        for sight in report.coverage.seen() {
            *self.seen.entry(sight).or_default() += 1;
        }
    }

    /// How many of the sights there are some run has seen, in words.
    pub fn sights(&self) -> String {
        format!("{} of {} sights", self.seen.len(), Sight::ALL.len())
    }

    /// Prints how fast the runs went.
    pub fn print_speed(&self, took: Duration, out: &mut dyn Write) -> io::Result<()> {
        let (seconds, simulated) = (took.as_secs_f64(), self.time_us as f64 / 1e6);
        writeln!(
            out,
            "{} runs of {} steps in {seconds:.1} s: {:.0} runs/s, {:.0} times real time",
            self.runs,
            self.steps,
            self.runs as f64 / seconds,
            simulated / seconds,
        )
    }

    /// Prints how many runs have seen each of these sights.
    pub fn print_sights(&self, sights: &[Sight], out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "runs that saw:")?;
        sights.iter().try_for_each(|sight| {
            writeln!(out, "  {sight:<32} {}", self.seen.get(sight).copied().unwrap_or(0))
        })
    }
}
