//! `hotstuff-sim check`: every state of a small cluster within bounds, until there is no more or one breaks a
//! property.

use clap::Args;
use hotstuff_core::CommitRule;
use hotstuff_sim::Weakness;
use hotstuff_sim::model::{self, Account, Bounds, Effort, Finding, Outcome, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal as _, Write};
use std::num::NonZeroUsize;
use std::time::Instant;

/// Off a terminal, a line of progress is printed every so many states.
const REPORT_STATES: usize = 1_000_000;

/// Looks at every state that four replicas can get into within bounds, whatever messages and timers do; exits
/// with 1 when one breaks a property, and prints the way there. `docs/testing.md` says what is covered.
#[derive(Args)]
pub struct Check {
    /// The last view in which anything happens.
    #[arg(long, value_name = "VIEW", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=16))]
    views: u64,
    /// The commit rule: three-chain or two-chain; both in turn, if it is not said.
    #[arg(long, value_parser = super::rule)]
    rule: Option<CommitRule>,
    /// How many replicas run twice, 0 or 1: the leader of the first view.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    twins: u8,
    /// Let the leader of the first view lead all of them.
    #[arg(long)]
    fixed_leader: bool,
    /// Leave one rule out of all replicas, and see that it is missed.
    #[arg(long, value_name = "NAME", value_parser = super::weakness)]
    weaken: Option<Weakness>,
    /// How many threads search; one, if it is not said, and the ways that are found are the shortest.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Look at what follows a state before its neighbours: takes far less memory, and the ways that are found are
    /// not the shortest.
    #[arg(long, conflicts_with = "depth")]
    deep_first: bool,
    /// Look no further than so many actions from the start. Not exhaustive then.
    #[arg(long, value_name = "ACTIONS")]
    depth: Option<NonZeroUsize>,
    /// Stop after about so many states, counting those that come again. Not exhaustive then.
    #[arg(long, value_name = "COUNT")]
    states: Option<NonZeroUsize>,
}

impl Check {
    /// Searches. Returns whether all properties hold.
    ///
    /// # Errors
    /// When there is nothing to search for, or the output does not take it.
    pub fn run(&self, out: &mut dyn Write) -> Result<bool, super::Failure> {
        if let Some(weakness) = self.weaken.filter(|weakness| !model::misses(*weakness)) {
            return Err(super::Failure::NotModelled(weakness));
        }
        let rules = self.rule.map_or(vec![CommitRule::ThreeChain, CommitRule::TwoChain], |rule| vec![rule]);
        for rule in rules {
            if !self.check(rule, out)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn check(&self, rule: CommitRule, out: &mut dyn Write) -> Result<bool, super::Failure> {
        let bounds = Bounds {
            views: self.views,
            rule,
            is_twinned: self.twins > 0,
            has_fixed_leader: self.fixed_leader,
            weakness: self.weaken,
        };
        writeln!(out, "{bounds}")?;
        out.flush()?;
        let effort = Effort {
            jobs: self.jobs,
            is_deep_first: self.deep_first,
            depth: self.depth,
            states: self.states,
        };
        let mut meter = Meter::new();
        let outcome = model::check(bounds, effort, |progress| meter.report(progress))?;
        meter.bar.finish_and_clear();
        summarize(&outcome, meter.start, out)?;
        Ok(outcome.violation().is_none())
    }
}

/// Shows progress: on a terminal all the time, elsewhere a line every [`REPORT_STATES`].
struct Meter {
    bar: ProgressBar,
    start: Instant,
    next: usize,
}

impl Meter {
    fn new() -> Self {
        let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is valid"));
        Self { bar, start: Instant::now(), next: REPORT_STATES }
    }

    fn report(&mut self, progress: Progress) {
        let Progress { states, unique, depth } = progress;
        let rate = states as f64 / self.start.elapsed().as_secs_f64();
        let told = format!("{states} states, {unique} different, depth {depth}, {rate:.0}/s");
        if self.bar.is_hidden() && states >= self.next {
            eprintln!("{told}");
            self.next = states + REPORT_STATES;
        }
        self.bar.set_message(told);
        self.bar.tick();
    }
}

fn summarize(outcome: &Outcome, start: Instant, out: &mut dyn Write) -> io::Result<()> {
    let Progress { states, unique, depth } = outcome.progress;
    let seconds = start.elapsed().as_secs_f64();
    writeln!(out, "{states} states made in {seconds:.1} s: {:.0} states/s", states as f64 / seconds)?;
    writeln!(out, "different states: {unique}, of single hosts: {}", outcome.host_states)?;
    writeln!(out, "depth: {depth}")?;
    for Finding { property, must_hold, account } in &outcome.findings {
        match (must_hold, account) {
            (true, None) => writeln!(out, "  {property:<24} holds")?,
            (true, Some(account)) => {
                writeln!(out, "  {property:<24} broken, {} actions deep", account.actions)?
            }
            (false, Some(account)) => {
                writeln!(out, "  {property:<24} seen, {} actions deep", account.actions)?
            }
            (false, None) => writeln!(out, "  {property:<24} never seen")?,
        }
    }
    match outcome.violation() {
        Some(Finding { property, account: Some(account), .. }) => tell(property, account, out),
        _ if outcome.is_exhaustive => writeln!(out, "no violation in any state within the bounds"),
        _ => writeln!(out, "no violation so far; not exhaustive: there are more states within the bounds"),
    }
}

fn tell(property: &str, account: &Account, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "the way there:")?;
    account.steps.iter().try_for_each(|step| writeln!(out, "{step}"))?;
    match &account.violation {
        Some(violation) => writeln!(out, "violation: {violation}"),
        None => writeln!(out, "violation: {property}"),
    }
}
