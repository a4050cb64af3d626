//! The command line: one subcommand per job, each implemented by its module.

use crate::{client, config, demo, joiner, load, offline, server, testnet};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// HotStuff consensus: run a cluster, talk to it, set one up.
#[derive(Debug, Parser)]
#[command(name = "hotstuff", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a cluster of replicas on this machine, for a look.
    Demo(demo::Arguments),
    /// Write the files of a new cluster.
    Testnet(testnet::Arguments),
    /// Run one replica.
    Replica(server::Arguments),
    /// Show a replica's settings and where they come from, and check them.
    Config(config::Arguments),
    /// Send commands to a cluster.
    Client(client::Arguments),
    /// Make load, and measure what comes of it.
    Load(load::Arguments),
    /// Make a page of what loads have measured.
    Report(load::report::Arguments),
    /// Ask for another committee, as its operator.
    Change(client::change::Arguments),
    /// Write the files of a replica that is to join a cluster.
    Joiner(joiner::Arguments),
    /// Show all replicas of a cluster.
    Status(client::status::Arguments),
    /// Say by the exit code whether one replica is alive.
    Health(client::health::Arguments),
    /// Show what a stopped replica's store holds.
    Inspect(offline::InspectArguments),
    /// Check a stopped replica's store.
    Verify(offline::VerifyArguments),
}

impl Cli {
    /// Does what the command line asks for. Errors are told on stderr, in one line.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Demo(arguments) => arguments.run(),
            Command::Testnet(arguments) => arguments.run(),
            Command::Replica(arguments) => arguments.run(),
            Command::Config(arguments) => arguments.run(),
            Command::Client(arguments) => arguments.run(),
            Command::Load(arguments) => arguments.run(),
            Command::Report(arguments) => arguments.run(),
            Command::Change(arguments) => arguments.run(),
            Command::Joiner(arguments) => arguments.run(),
            Command::Status(arguments) => arguments.run(),
            Command::Health(arguments) => arguments.run(),
            Command::Inspect(arguments) => arguments.run(),
            Command::Verify(arguments) => arguments.run(),
        }
    }
}

/// Ends a command with `error` as one line on stderr and a non-zero exit code.
#[must_use]
pub fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("hotstuff: {error}");
    ExitCode::FAILURE
}
