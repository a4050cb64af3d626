//! The simulator on the command line: `hotstuff-sim run --seed 7`.

mod cli;

use clap::{Parser, Subcommand};
use cli::Failure;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Runs simulated clusters, the same way for the same arguments on every machine.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes one run and prints its steps. Exits with 1 when a checker finds a violation, or when a
    /// scenario does not come out as its lesson says.
    Run(cli::run::Run),
    /// Lists the scenarios: number, name, title.
    Scenarios,
    /// Random scenarios from seeds, until a checker finds a violation.
    Explore(cli::explore::Explore),
    /// All scenarios of a few views in which one replica of four runs twice.
    ///
    /// It is on two hosts, r0 and r0b, with one key. Scenarios differ in who leads each of the first views,
    /// and in which hosts hear each other in it; in later views everyone does, and a command must be answered
    /// (Bano et al., "Twins: BFT Systems Made Robust", 2021). Those that only have like hosts in each other's
    /// places are run once. Exits with 1 when one is unsafe, or does not go on.
    Twins(cli::twins::Twins),
    /// Every state of a small cluster within bounds, until one breaks a property.
    Check(cli::check::Check),
    /// Makes a saved run again.
    Replay(cli::replay::Replay),
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let mut out = BufWriter::new(io::stdout().lock());
    let result = match command {
        Command::Run(run) => run.perform(&mut out),
        Command::Scenarios => cli::scenarios::list(&mut out),
        Command::Explore(explore) => explore.run(&mut out),
        Command::Twins(twins) => twins.run(&mut out),
        Command::Check(check) => check.run(&mut out),
        Command::Replay(replay) => replay.run(&mut out),
    };
    match result.and_then(|is_well| out.flush().map(|()| is_well).map_err(Failure::Output)) {
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
