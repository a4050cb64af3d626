//! `hotstuff-sim explore`: run after run from seeds, until one finds a violation.

use clap::Args;
use hotstuff_core::CommitRule;
use hotstuff_sim::explore::{Plan, Report, Sight, Space, shrink};
use hotstuff_sim::{Signatures, Weakness};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const STACK_BYTES: usize = 256 << 20;

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

/// What all runs together came to.
#[derive(Default)]
struct Totals {
    runs: u64,
    steps: u64,
    time_us: u64,
    seen: BTreeMap<Sight, u64>,
    /// The lowest seed that found something.
    found: Option<(u64, Plan, Report)>,
}

impl Explore {
    /// Runs the seeds. Returns whether all stayed clean.
    pub fn run(&self, out: &mut dyn Write) -> Result<bool, super::Failure> {
        if self.list_weakened {
            Weakness::ALL.iter().try_for_each(|weakness| writeln!(out, "{weakness}"))?;
            return Ok(true);
        }
        let start = Instant::now();
        let totals = self.explore(start)?;
        self.summarize(&totals, start.elapsed(), out)?;
        match &totals.found {
            None => writeln!(out, "no violation in {} seeds from {}", totals.runs, self.from)?,
            Some((seed, plan, report)) => self.tell(*seed, plan, report, out)?,
        }
        Ok(totals.found.is_none())
    }

    fn space(&self) -> Space {
        Space {
            replicas: self.replicas,
            rule: self.rule,
            weakness: self.weaken,
            signatures: if self.real_signatures { Signatures::Ed25519 } else { Signatures::Tags },
        }
    }

    fn explore(&self, start: Instant) -> Result<Totals, super::Failure> {
        let jobs = self.jobs.or(std::thread::available_parallelism().ok()).map_or(1, Into::into);
        let bar =
            if io::stderr().is_terminal() { ProgressBar::new(self.seeds) } else { ProgressBar::hidden() };
        let style = "{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left {msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is valid"));
        let next = AtomicU64::new(0);
        let is_over = AtomicBool::new(false);
        let totals = Mutex::new(Totals::default());
        let failure = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                // Stateright's tester goes as deep as there are calls.
                let worker = std::thread::Builder::new().stack_size(STACK_BYTES);
                let spawned = worker.spawn_scoped(scope, || {
                    while !is_over.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.seeds || self.is_late(start) {
                            break;
                        }
                        let seed = self.from.wrapping_add(number);
                        let plan = self.space().plan(seed);
                        match plan.run() {
                            Ok(report) => {
                                let mut totals = totals.lock().expect("adding up does not panic");
                                if totals.add(seed, plan, report) {
                                    is_over.store(true, Ordering::Relaxed);
                                }
                                self.report(&totals, start, &bar);
                            }
                            Err(why) => {
                                *failure.lock().expect("nothing panics with it") = Some(why);
                                is_over.store(true, Ordering::Relaxed);
                            }
                        }
                    }
                });
                spawned.expect("a thread can be started");
            }
        });
        bar.finish_and_clear();
        match failure.into_inner().expect("nothing panicked with it") {
            Some(why) => Err(why.into()),
            None => Ok(totals.into_inner().expect("nothing panicked with it")),
        }
    }

    fn is_late(&self, start: Instant) -> bool {
        self.seconds.is_some_and(|seconds| start.elapsed() >= Duration::from_secs(seconds))
    }

    /// Shows progress: on a terminal all the time, elsewhere a line every thousand runs.
    fn report(&self, totals: &Totals, start: Instant, bar: &ProgressBar) {
        bar.set_position(totals.runs);
        bar.set_message(format!("{} of {} sights", totals.seen.len(), Sight::ALL.len()));
        if bar.is_hidden() && totals.runs.is_multiple_of(1_000) {
            let rate = totals.runs as f64 / start.elapsed().as_secs_f64();
            eprintln!("{} of {} seeds, {rate:.0}/s", totals.runs, self.seeds);
        }
    }

    fn summarize(&self, totals: &Totals, took: Duration, out: &mut dyn Write) -> io::Result<()> {
        let (seconds, simulated) = (took.as_secs_f64(), totals.time_us as f64 / 1e6);
        writeln!(
            out,
            "{} runs of {} steps in {seconds:.1} s: {:.0} runs/s, {:.0} times real time",
            totals.runs,
            totals.steps,
            totals.runs as f64 / seconds,
            simulated / seconds,
        )?;
        writeln!(out, "runs that saw:")?;
        for sight in Sight::ALL {
            writeln!(out, "  {sight:<32} {}", totals.seen.get(&sight).copied().unwrap_or(0))?;
        }
        Ok(())
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

impl Totals {
    /// Adds a run. Returns whether it found something.
    fn add(&mut self, seed: u64, plan: Plan, report: Report) -> bool {
        self.runs += 1;
        self.steps += report.steps;
        self.time_us += report.time.0;
        for sight in report.coverage.seen() {
            *self.seen.entry(sight).or_default() += 1;
        }
        let is_found = report.violation.is_some();
        if is_found && self.found.as_ref().is_none_or(|(lowest, _, _)| seed < *lowest) {
            self.found = Some((seed, plan, report));
        }
        is_found
    }
}
