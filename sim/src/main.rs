//! The simulator on the command line: `hotstuff-sim run --seed 7`.

mod cli;

use clap::{Args, Parser, Subcommand};
use cli::Failure;
use hotstuff_core::{ReplicaId, Span, Time};
use hotstuff_sim::{Intervention, LinkConfig, Sim, SimConfig, Step, Workload};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Runs a simulated cluster, the same way for the same arguments on every machine.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes one run and prints its steps. Exits with 1 when a checker finds a violation.
    Run(Run),
    /// Random scenarios from seeds, until a checker finds a violation.
    Explore(cli::explore::Explore),
    /// Makes a saved run again.
    Replay(cli::replay::Replay),
}

#[derive(Args)]
struct Run {
    /// What all keys and all chance come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
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

fn main() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let is_safe = match Cli::parse().command {
        Command::Run(run) => simulate(&run, &mut out),
        Command::Explore(explore) => explore.run(&mut out),
        Command::Replay(replay) => replay.run(&mut out),
    };
    let result = is_safe.and_then(|is_safe| out.flush().map(|()| is_safe).map_err(Failure::Output));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Makes the run. Returns whether no checker found a violation.
fn simulate(run: &Run, out: &mut impl Write) -> Result<bool, Failure> {
    let mut sim = Sim::new(SimConfig {
        seed: run.seed,
        replicas: run.replicas,
        links: LinkConfig { loss_ppm: run.loss_ppm, ..LinkConfig::default() },
        workload: Workload { commands: run.commands, ..Workload::default() },
        ..SimConfig::default()
    })?;
    let print = |out: &mut dyn Write, step: &Step| if run.quiet { Ok(()) } else { writeln!(out, "{step}") };
    for (time, what) in interventions(run) {
        run_until(&mut sim, time, |step| print(out, step))?;
        if sim.violation().is_some() {
            break;
        }
        let step = sim.intervene(what)?;
        print(out, &step)?;
    }
    run_until(&mut sim, at_ms(run.until_ms), |step| print(out, step))?;
    summarize(&sim, out)?;
    Ok(sim.violation().is_none())
}

/// Kills and restarts up to the run's end, in order of time; kills first at the same time.
fn interventions(run: &Run) -> Vec<(Time, Intervention)> {
    let kills = run.kill.iter().map(|at| (at.time, Intervention::Kill(at.replica.into())));
    let restarts = run.restart.iter().map(|at| (at.time, Intervention::Restart(at.replica.into())));
    let mut all: Vec<_> = kills.chain(restarts).filter(|(time, _)| *time <= at_ms(run.until_ms)).collect();
    all.sort_by_key(|(time, _)| *time);
    all
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

fn summarize(sim: &Sim, out: &mut dyn Write) -> io::Result<()> {
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
