//! What `cargo xtask test` runs: everything that continuous integration runs, as named steps, two at
//! once where the machine allows it.

mod browser;
mod checks;
mod container;
mod explore;
mod faults;
mod list;
mod manifests;
mod metrics;
mod no_std;
mod plan;
mod rust_tests;
mod set_up;
mod summary;
mod wasm_routes;

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};

use crate::console::Console;
use crate::project::{Project, in_ci};
use list::{STEPS, Step};
use plan::{Job, Next, Plan};
use summary::Summary;

/// More would keep each other from cores and from cargo's locks, and tests from their time limits.
const LANES: usize = 2;

/// What steps work with.
struct Bench<'a> {
    console: &'a Console,
    project: &'a Project,
    /// Nothing that continuous integration can do may be left out.
    ci: bool,
    summary: &'a Mutex<Summary>,
}

/// How a step ended that did not fail.
enum Done {
    /// With what it did in a few words, or nothing to add.
    Passed(String),
    /// Not run on this machine, and why.
    Skipped(String),
}

/// Prints the names of the steps.
pub fn list() {
    for Step { name, about, .. } in &STEPS {
        println!("{name:<15} {about}");
    }
}

/// Runs the steps: those named in `only` (all, if none is), but not those in `skip`; `lanes` of them
/// at once, or as many as suits the machine. All run even if one fails, but for those that need it.
/// Returns whether none failed.
///
/// # Errors
/// When a name is no step's, or signals cannot be handled.
pub fn run(
    console: &Console,
    project: &Project,
    only: &[String],
    skip: &[String],
    lanes: Option<NonZeroUsize>,
) -> Result<bool> {
    if let Some(name) = only.iter().chain(skip).find(|name| STEPS.iter().all(|s| s.name != *name)) {
        bail!("there is no step `{name}`: `cargo xtask test --list` names them");
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let lanes = lanes.map_or(LANES.min(cores), NonZeroUsize::get);
    let is_wanted = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    let steps: Vec<&Step> = STEPS.iter().filter(is_wanted).collect();
    let start = Instant::now();
    let summary = Mutex::new(Summary::default());
    let ci = in_ci();
    let mut plan = Plan::new(jobs(&steps), lanes);
    let (sender, endings) = channel();
    std::thread::scope(|scope| -> Result<()> {
        loop {
            match plan.next() {
                Next::Start(number) => {
                    let step = steps[number];
                    // Alone, nobody else's lines are between its own.
                    let name = if lanes > 1 { step.name } else { "" };
                    let console = console.beside(name)?;
                    let is_skipped = skip.iter().any(|name| name == step.name);
                    let (sender, summary) = (sender.clone(), &summary);
                    scope.spawn(move || {
                        let start = Instant::now();
                        let bench = Bench { console: &console, project, ci, summary };
                        let result = if is_skipped {
                            Ok(Done::Skipped("as asked".into()))
                        } else {
                            console.print(&format!("== {}: {}", step.name, step.about));
                            catch_unwind(AssertUnwindSafe(|| bench.run(step)))
                                .unwrap_or_else(|_| Err(anyhow!("the step panicked")))
                        };
                        let went_well = result.is_ok();
                        close(&console, summary, number, step.name, result, start.elapsed());
                        // The receiver outlives all steps.
                        let _ = sender.send((number, went_well));
                    });
                }
                Next::LeaveOut { job, needed } => {
                    let reason = format!("it needs {}, which did not pass", steps[needed].name);
                    let left_out = Ok(Done::Skipped(reason));
                    close(console, &summary, job, steps[job].name, left_out, Duration::ZERO);
                }
                Next::Wait => {
                    let (number, went_well) = endings.recv()?;
                    plan.ended(number, went_well);
                }
                Next::Over => return Ok(()),
            }
        }
    })?;
    let summary = hold(&summary);
    console.print(&summary.text(start.elapsed(), &project.scratch().join("logs")));
    Ok(summary.is_success() && !console.is_interrupted())
}

/// Records how a step ended and tells it; why it failed, in the same piece.
fn close(
    console: &Console,
    summary: &Mutex<Summary>,
    number: usize,
    name: &'static str,
    result: Result<Done>,
    took: Duration,
) {
    let told = hold(summary).add(number, name, result, took);
    console.print(&told);
}

/// What the steps' order depends on. Steps that are not to run are waited for by nobody.
fn jobs(steps: &[&Step]) -> Vec<Job> {
    let numbers = |names: &[&str]| {
        names.iter().filter_map(|name| steps.iter().position(|step| step.name == *name)).collect()
    };
    steps
        .iter()
        .map(|step| Job { needs: numbers(step.needs), after: numbers(step.after), uses: step.objects })
        .collect()
}

fn hold(summary: &Mutex<Summary>) -> MutexGuard<'_, Summary> {
    // What was recorded stays true if a step panicked.
    summary.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bench<'_> {
    fn run(&self, step: &Step) -> Result<Done> {
        if self.console.is_interrupted() {
            return Ok(Done::Skipped("interrupted".into()));
        }
        self.console.log_to(&summary::log(&self.project.scratch().join("logs"), step.name))?;
        if step.is_patient { self.console.patiently(|| (step.run)(self)) } else { (step.run)(self) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_known_by_name_and_all_come_to_run() {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        for step in &STEPS {
            assert_eq!(names.iter().filter(|name| **name == step.name).count(), 1);
            assert!(step.needs.iter().chain(step.after).all(|name| names.contains(name)), "{}", step.name);
        }
        for lanes in [1, 2, 9] {
            let mut plan = Plan::new(jobs(&STEPS.iter().collect::<Vec<_>>()), lanes);
            let (mut running, mut count) = (Vec::new(), 0);
            loop {
                match plan.next() {
                    Next::Start(number) => running.push(number),
                    Next::Wait => {
                        plan.ended(running.remove(0), true);
                        count += 1;
                    }
                    Next::LeaveOut { .. } => panic!("nothing failed"),
                    Next::Over => break,
                }
            }
            assert_eq!(count, STEPS.len());
        }
    }

    #[test]
    fn a_step_that_is_not_wanted_is_not_waited_for() {
        let browser: Vec<_> = STEPS.iter().filter(|step| step.name == "browser").collect();
        assert_eq!(Plan::new(jobs(&browser), 2).next(), Next::Start(0));
    }
}
