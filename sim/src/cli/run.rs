//! `run`: one run, of a scenario or as the arguments say.

use super::{Failure, scenarios};
use clap::{Args, ValueEnum};
use hotstuff_core::{CommitRule, ReplicaId, Span, Time};
use hotstuff_sim::{Intervention, LinkConfig, Sim, SimConfig, Step, Workload};
use std::io::{self, Write};

/// The arguments.
#[derive(Args)]
pub struct Run {
    /// Plays this scenario, whose cluster and faults are its own.
    #[arg(long, value_name = "NAME",
        conflicts_with_all = ["replicas", "until_ms", "loss_ppm", "commands", "kill", "restart"])]
    scenario: Option<String>,
    /// What all keys and all chance come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// When a block is committed; three-chain if neither this nor the scenario says.
    #[arg(long)]
    rule: Option<Rule>,
    /// How many replicas there are.
    #[arg(long, default_value_t = 4)]
    replicas: u16,
    /// How long the run lasts, in simulated milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    until_ms: u64,
    /// How many of a million messages get lost.
    #[arg(long, value_name = "PPM", default_value_t = 0)]
    loss_ppm: u32,
    /// How many commands the client sends, ten a second.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    commands: u64,
    /// Crashes a replica at a simulated millisecond. May be given more than once.
    #[arg(long, value_name = "REPLICA@MS")]
    kill: Vec<At>,
    /// Starts a crashed replica again from its disk. May be given more than once.
    #[arg(long, value_name = "REPLICA@MS")]
    restart: Vec<At>,
    /// Prints the summary only.
    #[arg(long)]
    quiet: bool,
}

/// A commit rule by name.
#[derive(Clone, Copy, ValueEnum)]
enum Rule {
    ThreeChain,
    TwoChain,
}

impl From<Rule> for CommitRule {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::ThreeChain => Self::ThreeChain,
            Rule::TwoChain => Self::TwoChain,
        }
    }
}

/// A replica and a time, as in `2@500`.
#[derive(Clone, Copy)]
struct At {
    replica: ReplicaId,
    time: Time,
}

impl std::str::FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("{text} is not like 2@500: replica 2 at 500 ms");
        let (replica, time_ms) = text.split_once('@').ok_or_else(form)?;
        let replica = replica.strip_prefix('r').unwrap_or(replica).parse().map_err(|_| form())?;
        let time_ms: u64 = time_ms.parse().map_err(|_| form())?;
        Ok(Self { replica: ReplicaId(replica), time: at_ms(time_ms) })
    }
}

fn at_ms(time_ms: u64) -> Time {
    Time(0) + Span::millis(time_ms)
}

impl Run {
    /// Makes the run. Returns whether no checker found a violation, or the lesson holds.
    ///
    /// # Errors
    /// When there can be no such run, or the output does not take it.
    pub fn perform(&self, out: &mut impl Write) -> Result<bool, Failure> {
        let rule = self.rule.map(CommitRule::from);
        if let Some(name) = &self.scenario {
            return scenarios::play(name, self.seed, rule, self.quiet, out);
        }
        let mut sim = Sim::new(SimConfig {
            seed: self.seed,
            replicas: self.replicas,
            rule: rule.unwrap_or_default(),
            links: LinkConfig { loss_ppm: self.loss_ppm, ..LinkConfig::default() },
            workload: Workload { commands: self.commands, ..Workload::default() },
            ..SimConfig::default()
        })?;
        let print =
            |out: &mut dyn Write, step: &Step| if self.quiet { Ok(()) } else { writeln!(out, "{step}") };
        for (time, what) in self.interventions() {
            run_until(&mut sim, time, |step| print(out, step))?;
            if sim.violation().is_some() {
                break;
            }
            let step = sim.intervene(what)?;
            print(out, &step)?;
        }
        run_until(&mut sim, at_ms(self.until_ms), |step| print(out, step))?;
        summarize(&sim, out)?;
        Ok(sim.violation().is_none())
    }

    /// Kills and restarts up to the run's end, in order of time; kills first at the same time.
    fn interventions(&self) -> Vec<(Time, Intervention)> {
        let kills = self.kill.iter().map(|at| (at.time, Intervention::Kill(at.replica.into())));
        let restarts = self.restart.iter().map(|at| (at.time, Intervention::Restart(at.replica.into())));
        let mut all: Vec<_> =
            kills.chain(restarts).filter(|(time, _)| *time <= at_ms(self.until_ms)).collect();
        all.sort_by_key(|(time, _)| *time);
        all
    }
}

fn run_until(sim: &mut Sim, time: Time, mut print: impl FnMut(&Step) -> io::Result<()>) -> io::Result<()> {
    let mut result = Ok(());
    sim.run_until(time, |step| {
        if result.is_ok() {
            result = print(step);
        }
    });
    result
}

/// What there is to say of a run at its end.
pub(super) fn summarize(sim: &Sim, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "steps: {}", sim.steps())?;
    for host in sim.hosts() {
        let state = if host.up { "up" } else { "down" };
        let head = host.status.committed_head;
        writeln!(out, "{}: {state}, view {}, committed {head}", host.id, host.status.view)?;
    }
    let height = sim.hosts().map(|host| host.status.committed_head.height).max();
    writeln!(out, "committed height: {}", height.unwrap_or_default())?;
    let answered = sim.replies().iter().filter(|reply| reply.answer.is_some()).count();
    writeln!(out, "commands answered: {answered}")?;
    writeln!(out, "trace hash: {:#}", sim.trace_hash())?;
    sim.violation().map_or(Ok(()), |violation| writeln!(out, "violation: {violation}"))
}
