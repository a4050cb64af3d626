//! What `cargo xtask test` runs: everything that continuous integration runs, as named steps.

mod browser;
mod checks;
mod container;
mod no_std;
mod rust_tests;
mod summary;
mod wasm_routes;

use std::cell::RefCell;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::console::Console;
use crate::project::{Project, in_ci};
use crate::setup;
use summary::Summary;

/// What steps work with.
struct Bench<'a> {
    console: &'a Console,
    project: &'a Project,
    /// Nothing that continuous integration can do may be left out.
    ci: bool,
    summary: RefCell<Summary>,
}

/// How a step ended that did not fail.
enum Done {
    /// With what it did in a few words, or nothing to add.
    Passed(String),
    /// Not run on this machine, and why.
    Skipped(String),
}

struct Step {
    name: &'static str,
    about: &'static str,
    /// Steps without which this one cannot run.
    needs: &'static [&'static str],
    run: fn(&Bench<'_>) -> Result<Done>,
}

const STEPS: [Step; 13] = [
    Step { name: "set-up", about: "wasm target, tools, browser", needs: &[], run: set_up },
    Step { name: "format", about: "cargo fmt --check", needs: &[], run: checks::format },
    Step { name: "tidy", about: "this repository's own rules", needs: &[], run: checks::tidy },
    Step { name: "clippy", about: "lints, warnings denied", needs: &[], run: checks::clippy },
    Step { name: "docs", about: "documentation, warnings denied", needs: &[], run: checks::docs },
    Step { name: "tests", about: "native tests, replicas included", needs: &[], run: rust_tests::run },
    Step { name: "no-std", about: "core and kv for bare metal", needs: &[], run: no_std::run },
    Step { name: "wasm-rustup", about: "the target by rustup", needs: &[], run: wasm_routes::rustup },
    Step { name: "wasm-debian", about: "the target by Debian", needs: &[], run: wasm_routes::debian },
    Step { name: "page", about: "release build for wasm", needs: &[], run: checks::page },
    Step { name: "binary", about: "release build with the page", needs: &["page"], run: checks::binary },
    Step {
        name: "browser",
        about: "the page in Chromium",
        needs: &["set-up", "page", "binary"],
        run: browser::run,
    },
    Step { name: "docker", about: "the image, and a cluster of it", needs: &[], run: container::run },
];

/// Prints the names of the steps.
pub fn list() {
    for Step { name, about, .. } in &STEPS {
        println!("{name:<12} {about}");
    }
}

/// Runs the steps: those named in `only` (all, if none is), but not those in `skip`. All run even
/// if one fails. Returns whether none failed.
///
/// # Errors
/// When a name is no step's, or the logs cannot be written.
pub fn run(console: &Console, project: &Project, only: &[String], skip: &[String]) -> Result<bool> {
    if let Some(name) = only.iter().chain(skip).find(|name| STEPS.iter().all(|s| s.name != *name)) {
        bail!("there is no step `{name}`: `cargo xtask test --list` names them");
    }
    let bench = Bench { console, project, ci: in_ci(), summary: RefCell::default() };
    let start = Instant::now();
    for step in STEPS.iter().filter(|s| only.is_empty() || only.iter().any(|name| name == s.name)) {
        let start = Instant::now();
        println!("== {}: {}", step.name, step.about);
        let result = if skip.iter().any(|name| name == step.name) {
            Ok(Done::Skipped("as asked".into()))
        } else {
            bench.run(step)
        };
        bench.summary.borrow_mut().add(step.name, result, start.elapsed());
    }
    let summary = bench.summary.borrow();
    summary.print(start.elapsed());
    Ok(summary.is_success())
}

impl Bench<'_> {
    fn run(&self, step: &Step) -> Result<Done> {
        if self.console.is_interrupted() {
            return Ok(Done::Skipped("interrupted".into()));
        }
        if let Some(needed) = step.needs.iter().find(|name| self.summary.borrow().has_failed(name)) {
            return Ok(Done::Skipped(format!("it needs {needed}, which failed")));
        }
        let log = self.project.scratch().join("logs").join(format!("{}.log", step.name));
        self.console.log_to(&log)?;
        (step.run)(self)
    }

    /// Leaves a step out on a person's machine, for this reason; in continuous integration that
    /// is a failure.
    fn leave_out(&self, reason: String) -> Result<Done> {
        if self.ci {
            bail!("{reason}; with CI set, this step must run");
        }
        Ok(Done::Skipped(reason))
    }
}

fn set_up(bench: &Bench<'_>) -> Result<Done> {
    setup::run(bench.console, bench.project, &[])?;
    Ok(Done::Passed(String::new()))
}
