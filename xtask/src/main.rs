//! `cargo xtask`: set-up, the page, the binary, the demonstration and the tests, on any machine.

mod binary;
mod budgets;
mod console;
mod docker;
mod fingerprint;
mod page;
mod performance;
mod process;
mod project;
mod screen;
mod setup;
mod steps;
mod tidy;
mod toolchain_copy;

use std::num::NonZeroUsize;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use binary::Linkage;
use console::Console;
use project::Project;
use setup::Part;

/// Set up, build, run and test HotStuff.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Install what builds and tests need; what works already is left alone.
    Setup {
        /// Only this part; may be given more than once.
        #[arg(long)]
        only: Vec<Part>,
    },
    /// Build the static page, for any host of files; fails where a program of it is too large.
    Page {
        /// Folder to put it in: empty, new, or with an earlier page.
        #[arg(long)]
        out: PathBuf,
    },
    /// Build the release binary with the page in it, and print its path.
    Build {
        /// Link statically, for an image that holds nothing else.
        #[arg(long = "static")]
        is_static: bool,
        /// Compile only the libraries it depends on.
        #[arg(long, hide = true)]
        dependencies: bool,
    },
    /// Build, then run a cluster on this machine and serve its page.
    Demo {
        /// How many replicas.
        #[arg(long, default_value_t = 4)]
        replicas: u16,
        /// Port of the first replica's page and of its clients.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Measure a cluster on this machine, and write docs/performance.md anew; nothing else should run meanwhile.
    Performance {
        /// Seconds that each run is measured; there are 72 of them.
        #[arg(long, default_value_t = 5)]
        duration: u32,
    },
    /// Measure the page in a headless browser, and print each figure beside its budget.
    Budgets {
        /// What to measure: everything where nothing is named.
        #[arg(value_parser = ["picture", "simulation", "frames", "seek"])]
        names: Vec<String>,
    },
    /// Set up and run everything that continuous integration runs.
    Test {
        /// Only this step; may be given more than once.
        #[arg(long, value_name = "STEP")]
        only: Vec<String>,
        /// Not this step; may be given more than once.
        #[arg(long, value_name = "STEP")]
        skip: Vec<String>,
        /// How many steps may run at once; two where there is more than one core.
        #[arg(long, value_name = "N")]
        jobs: Option<NonZeroUsize>,
        /// Name the steps and stop.
        #[arg(long)]
        list: bool,
    },
}

fn main() -> ExitCode {
    run(Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let console = Console::new();
    let project = Project::locate()?;
    std::fs::create_dir_all(project.scratch()).context("cargo's target folder")?;
    console.take_interrupts()?;
    match arguments.action {
        Action::Setup { only } => setup::run(&console, &project, &only)?,
        Action::Page { out } => {
            page::check_folder(&out)?;
            let built = page::ensure(&console, &project)?;
            page::copy(&built, &out)?;
            console.say(format!("page: {}", out.display()));
            let sizes = page::sizes::measure(&built)?;
            sizes.iter().for_each(|size| console.say(format!("page: {size}")));
            page::sizes::check(&sizes)?;
        }
        Action::Build { is_static, dependencies } => {
            let linkage = if is_static { Linkage::Static } else { Linkage::Dynamic };
            if dependencies {
                binary::build_dependencies(&console, &project, linkage)?;
            } else {
                println!("{}", binary::build(&console, &project, linkage)?.display());
            }
        }
        Action::Demo { replicas, port } => {
            let program = binary::build(&console, &project, Linkage::Dynamic)?;
            let mut demo = Command::new(&program);
            demo.args(["demo", "--replicas", &replicas.to_string(), "--port", &port.to_string()]);
            // In our place, so that Ctrl-C and the exit code are its own.
            let error = demo.exec();
            return Err(error).with_context(|| format!("cannot start {}", program.display()));
        }
        Action::Budgets { names } => budgets::run(&console, &project, &names)?,
        Action::Performance { duration } => performance::run(&console, &project, duration)?,
        Action::Test { list: true, .. } => steps::list(),
        Action::Test { only, skip, jobs, .. } => {
            if !steps::run(&console, &project, &only, &skip, jobs)? {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
