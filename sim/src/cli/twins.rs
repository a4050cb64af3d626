//! `hotstuff-sim twins`: what a replica that runs twice can do, in all scenarios of a few views.

use super::crew::Crew;
use super::tally::Tally;
use super::{Failure, replay, rule_name};
use clap::Args;
use hotstuff_core::CommitRule;
use hotstuff_sim::explore::Sight;
use hotstuff_sim::twins::{Enumeration, Outcome, Part, Scenario, Setting, VIEWS_MAX, Verdict};
use hotstuff_sim::{SimError, Step, Weakness};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Instant;

/// Scenarios with one key on two hosts. Exits with 1 when one is unsafe, or does not go on.
#[derive(Args)]
pub struct Twins {
    /// How many views have a leader and a partition of their own, 1 to 12.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=i64::from(VIEWS_MAX)))]
    views: u8,
    /// Into how many parts the five hosts are split at most, 1 to 5.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=5))]
    parts: u8,
    /// The commit rule: three-chain or two-chain; one after the other, if it is not said.
    #[arg(long, value_parser = super::rule)]
    rule: Option<CommitRule>,
    /// How many runs at once; as many as there are processors, if it is not said.
    #[arg(long)]
    jobs: Option<std::num::NonZeroUsize>,
    /// Leave one rule out of all replicas, and see that it is missed.
    #[arg(long, value_name = "NAME", value_parser = super::weakness)]
    weaken: Option<Weakness>,
    /// Judge runs by what is committed, executed and answered alone, and not by a rule that a replica breaks
    /// on the way: with a weak rule, this tells what comes of it.
    #[arg(long)]
    by_outcome: bool,
    /// Run only so many of the scenarios that differ, chosen by the seed.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// What keys, chance and the choice of scenarios come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make this one alone, and print its steps. It has a part like 2:01101 for each view: the leader's
    /// number, and for each of r0, r0b, r1, r2 and r3 the number of its part.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["views", "parts", "jobs", "limit"])]
    scenario: Option<Scenario>,
    /// With --scenario: print the summary only.
    #[arg(long, requires = "scenario")]
    quiet: bool,
}

/// The sights that say how far the scenarios go.
const SIGHTS: [Sight; 10] = [
    Sight::Commit,
    Sight::TimeoutCertificate,
    Sight::ViewChange,
    Sight::PulledAlong,
    Sight::Fork,
    Sight::LockRefusal,
    Sight::TimeoutRefusal,
    Sight::GivenUp,
    Sight::Equivocation,
    Sight::Sync,
];

/// What all scenarios together came to.
#[derive(Default)]
struct Sum {
    tally: Tally,
    /// Those that were unsafe, by what did not hold.
    breaches: BTreeMap<&'static str, u64>,
    stuck: u64,
    /// Those in which some host went beyond the scripted views while the partitions held.
    through: u64,
    /// The least that was unsafe; where none was, the least that got stuck.
    found: Option<(bool, Scenario)>,
}

impl Twins {
    /// Makes the runs. Returns whether all stayed clean.
    pub fn run(&self, out: &mut dyn Write) -> Result<bool, Failure> {
        let rules = [CommitRule::TwoChain, CommitRule::ThreeChain];
        let mut is_well = true;
        for rule in rules.into_iter().filter(|rule| self.rule.is_none_or(|only| only == *rule)) {
            let (weakness, by_outcome) = (self.weaken, self.by_outcome);
            let setting = Setting { rule, weakness, by_outcome, seed: self.seed };
            let weakness = self.weaken.map_or(String::new(), |weakness| format!(", without {weakness}"));
            writeln!(out, "-- {}{weakness}", rule_name(rule))?;
            is_well &= match &self.scenario {
                Some(scenario) => {
                    let run = |sink: &mut dyn FnMut(&Step)| Ok(scenario.run_with(&setting, sink)?.report);
                    replay::play(self.quiet, out, run)?
                }
                None => self.enumerate(&setting, out)?,
            };
        }
        Ok(is_well)
    }

    fn enumerate(&self, setting: &Setting, out: &mut dyn Write) -> Result<bool, Failure> {
        let start = Instant::now();
        let all = Enumeration::new(self.views, Part(self.parts));
        let distinct = u64::try_from(all.distinct()).unwrap_or(u64::MAX);
        let count = self.limit.map_or(distinct, |limit| limit.min(distinct));
        let crew = Crew { jobs: self.jobs, count, noun: "scenarios", until: None };
        let run = |scenario: Scenario| -> Result<_, SimError> {
            let outcome = scenario.run(setting)?;
            Ok((scenario, outcome))
        };
        let mut sum = Sum::default();
        crew.share(all.sample(count, self.seed), run, |(scenario, outcome)| {
            sum.add(scenario, &outcome);
            ControlFlow::Continue(sum.message())
        })?;
        sum.tally.print_speed(start.elapsed(), out)?;
        sum.print(&all, out)?;
        match &sum.found {
            None => {
                writeln!(out, "no violation in {} scenarios of {} views", sum.tally.runs, self.views)?;
            }
            Some((_, scenario)) => tell(scenario, setting, out)?,
        }
        Ok(sum.found.is_none())
    }
}

/// Prints what a scenario violates, and how to see it.
fn tell(scenario: &Scenario, setting: &Setting, out: &mut dyn Write) -> Result<(), Failure> {
    let report = scenario.run(setting)?.report;
    if !setting.by_outcome {
        writeln!(out, "page: {}", replay::link(&scenario.plan(setting), &report))?;
    }
    let violation = report.violation.expect("the same run finds the same");
    let Setting { rule, weakness, by_outcome, seed } = *setting;
    let weaken = weakness.map_or(String::new(), |weakness| format!(" --weaken {weakness}"));
    let judge = if by_outcome { " --by-outcome" } else { "" };
    let rule = rule_name(rule);
    let again =
        format!("hotstuff-sim twins --rule {rule}{weaken}{judge} --seed {seed} --scenario {scenario}");
    writeln!(out, "violation: {violation}; again: {again}")?;
    Ok(())
}

impl Sum {
    fn add(&mut self, scenario: Scenario, outcome: &Outcome) {
        self.tally.add(&outcome.report);
        self.through += u64::from(outcome.is_through);
        let is_safe = match outcome.verdict() {
            Verdict::Clean => return,
            Verdict::Stuck(_) => {
                self.stuck += 1;
                true
            }
            Verdict::Unsafe(violation) => {
                *self.breaches.entry(violation.breach.property()).or_default() += 1;
                false
            }
        };
        let found = (is_safe, scenario);
        if self.found.as_ref().is_none_or(|least| found < *least) {
            self.found = Some(found);
        }
    }

    fn count_unsafe(&self) -> u64 {
        self.breaches.values().sum()
    }

    fn message(&self) -> String {
        format!("{} unsafe, {} without progress", self.count_unsafe(), self.stuck)
    }

    fn print(&self, all: &Enumeration, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "scenarios in all          {}", all.total())?;
        writeln!(out, "distinct after symmetry   {}", all.distinct())?;
        writeln!(out, "run                       {}", self.tally.runs)?;
        writeln!(out, "unsafe                    {}", self.count_unsafe())?;
        for (property, count) in &self.breaches {
            writeln!(out, "  {property:<23} {count}")?;
        }
        writeln!(out, "without progress          {}", self.stuck)?;
        writeln!(out, "beyond the scripted views {}", self.through)?;
        self.tally.print_sights(&SIGHTS, out)
    }
}
