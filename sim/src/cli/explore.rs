//! `hotstuff-sim explore`: run after run from seeds, until one finds a violation.

use super::crew::Crew;
use super::tally::Tally;
use clap::Args;
use hotstuff_core::CommitRule;
use hotstuff_sim::explore::{Plan, Report, Sight, Space, shrink};
use hotstuff_sim::{Signatures, SimError, Weakness};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Random scenarios from seeds, until a checker finds a violation; that is shrunk, told, and exits 1.
#[derive(Args)]
pub struct Explore {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Stop after so many seconds, if the seeds have not run out by then.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
    /// The commit rule: three-chain or two-chain; both in turn, if it is not said.
    #[arg(long, value_parser = super::rule)]
    rule: Option<CommitRule>,
    /// How many replicas, 4 to 100; 4, 7 and 10 in turn, if it is not said.
    #[arg(long, value_parser = clap::value_parser!(u16).range(4..=100))]
    replicas: Option<u16>,
    /// How many runs at once; as many as there are processors, if it is not said.
    #[arg(long)]
    jobs: Option<std::num::NonZeroUsize>,
    /// Leave one rule out of all replicas, and see that it is missed.
    #[arg(long, value_name = "NAME", value_parser = super::weakness)]
    weaken: Option<Weakness>,
    /// Print which rules can be left out, and nothing else.
    #[arg(long)]
    list_weakened: bool,
    /// Sign with Ed25519, as replicas do, rather than with tags that stand for signatures.
    #[arg(long)]
    real_signatures: bool,
    /// Where the run that finds a violation is written to.
    #[arg(long, value_name = "FILE", default_value = "violation.json")]
    save: PathBuf,
    /// Most runs that are made to shrink it.
    #[arg(long, value_name = "RUNS", default_value_t = 400)]
    shrink: u32,
}

/// What a seed that found something is, and came to.
type Found = (u64, Plan, Report);

impl Explore {
    /// Runs the seeds. Returns whether all stayed clean.
    pub fn run(&self, out: &mut dyn Write) -> Result<bool, super::Failure> {
        if self.list_weakened {
            Weakness::ALL.iter().try_for_each(|weakness| writeln!(out, "{weakness}"))?;
            return Ok(true);
        }
        let start = Instant::now();
        let (tally, found) = self.explore(start)?;
        tally.print_speed(start.elapsed(), out)?;
        tally.print_sights(&Sight::ALL, out)?;
        match &found {
            None => writeln!(out, "no violation in {} seeds from {}", tally.runs, self.from)?,
            Some((seed, plan, report)) => self.tell(*seed, plan, report, out)?,
        }
        Ok(found.is_none())
    }

    fn space(&self) -> Space {
        Space {
            replicas: self.replicas,
            rule: self.rule,
            weakness: self.weaken,
            signatures: if self.real_signatures { Signatures::Ed25519 } else { Signatures::Tags },
        }
    }

    /// What all runs together came to, and the lowest seed that found something.
    fn explore(&self, start: Instant) -> Result<(Tally, Option<Found>), SimError> {
        let until = self.seconds.map(|seconds| start + Duration::from_secs(seconds));
        let crew = Crew { jobs: self.jobs, count: self.seeds, noun: "seeds", until };
        let seeds = (0..self.seeds).map(|number| self.from.wrapping_add(number));
        let run = |seed| {
            let plan = self.space().plan(seed);
            let report = plan.run()?;
            Ok((seed, plan, report))
        };
        let (mut tally, mut found) = (Tally::default(), None::<Found>);
        crew.share(seeds, run, |(seed, plan, report)| {
            tally.add(&report);
            if report.violation.is_none() {
                return ControlFlow::Continue(tally.sights());
            }
            if found.as_ref().is_none_or(|(lowest, ..)| seed < *lowest) {
                found = Some((seed, plan, report));
            }
            ControlFlow::Break(tally.sights())
        })?;
        Ok((tally, found))
    }

    fn tell(
        &self,
        seed: u64,
        plan: &Plan,
        report: &Report,
        out: &mut dyn Write,
    ) -> Result<(), super::Failure> {
        let shrunk = shrink(plan, report, self.shrink).expect("the report has a violation");
        let small = &shrunk.plan;
        super::replay::write(&self.save, small)?;
        writeln!(out, "seed {seed} finds a violation; shrunk in {} runs:", shrunk.runs)?;
        let config = &small.config;
        let weakness = config.weakness.map_or(String::new(), |weakness| format!(", without {weakness}"));
        writeln!(out, "  {} replicas, {:?}{weakness}", config.replicas, config.rule)?;
        for twin in &config.twins {
            writeln!(out, "  {twin} runs twice")?;
        }
        for planned in &small.faults {
            writeln!(out, "  at {}: {}", planned.at, planned.what)?;
        }
        writeln!(out, "again: hotstuff-sim replay {}", self.save.display())?;
        writeln!(out, "page: {}", super::replay::link(small, &shrunk.report))?;
        let violation = shrunk.report.violation.expect("what is shrunk still violates");
        writeln!(out, "violation: {violation}")?;
        Ok(())
    }
}
