//! Hunts for violations in workers of their own: each takes every so many seeds, and stops when one has found
//! something or all have run theirs.

use crate::source::worker::WorkerSource;
use crate::source::{Order, Report, Source};
use hotstuff_sim::swarm::{Finding, Hunt, Progress, State};

/// Most workers at once.
const WORKERS_MAX: usize = 4;

/// A hunt, as far as it has come.
#[derive(Default)]
pub struct Hunter {
    workers: Vec<Worker>,
    /// What is hunted for.
    pub hunt: Option<Hunt>,
    /// What came of it.
    pub result: Option<Outcome>,
}

/// How a hunt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// This was found.
    Found(Box<Finding>),
    /// Nothing was.
    Clean,
    /// The visitor stopped it.
    Stopped,
    /// It cannot be.
    Failed(String),
}

struct Worker {
    source: WorkerSource,
    progress: Progress,
}

impl Hunter {
    /// Begins a hunt, in as many workers as the machine can do at once.
    pub fn begin(&mut self, hunt: Hunt) {
        let cores = web_sys::window().map_or(1.0, |window| window.navigator().hardware_concurrency());
        let count = (cores as usize).clamp(1, WORKERS_MAX) as u64;
        let share = |number: u64| {
            let seeds = hunt.seeds * (number + 1) / count - hunt.seeds * number / count;
            Hunt { first: hunt.first.wrapping_add(hunt.seeds * number / count), seeds, ..hunt }
        };
        self.workers = (0..count)
            .map(share)
            .filter(|hunt| hunt.seeds > 0)
            .map(|hunt| {
                let mut source = WorkerSource::start();
                source.send(Order::Hunt(hunt));
                source.send(Order::HuntOn);
                Worker { source, progress: Progress { seeds: 0, steps: 0, state: State::Searching } }
            })
            .collect();
        (self.hunt, self.result) = (Some(hunt), None);
    }

    /// Ends it as it is.
    pub fn stop(&mut self) {
        if self.is_under_way() {
            self.end(Outcome::Stopped);
        }
    }

    /// Whether it goes on.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        !self.workers.is_empty()
    }

    /// Seeds that have been run, of how many, and steps.
    #[must_use]
    pub fn done(&self) -> (u64, u64, u64) {
        let sum = |what: fn(&Progress) -> u64| self.workers.iter().map(|worker| what(&worker.progress)).sum();
        (
            sum(|progress| progress.seeds),
            self.hunt.map_or(0, |hunt| hunt.seeds),
            sum(|progress| progress.steps),
        )
    }

    /// Whether a violation is being made small.
    #[must_use]
    pub fn is_shrinking(&self) -> bool {
        self.workers.iter().any(|worker| matches!(worker.progress.state, State::Shrinking(_)))
    }

    /// Takes in what the workers tell; whether anything is new.
    pub fn collect(&mut self) -> bool {
        let mut news = false;
        let mut outcome = None;
        for worker in &mut self.workers {
            for report in worker.source.reports() {
                match report {
                    Report::Hunted(progress) => {
                        news = true;
                        worker.progress = progress;
                    }
                    Report::Failed(why) => outcome = Some(Outcome::Failed(why)),
                    _ => {}
                }
            }
            match &worker.progress.state {
                State::Found(finding) => outcome = Some(Outcome::Found(finding.clone())),
                State::Searching | State::Shrinking(_) if !worker.source.is_busy() => {
                    worker.source.send(Order::HuntOn);
                }
                _ => {}
            }
        }
        let all_clean = self.workers.iter().all(|worker| worker.progress.state == State::Clean);
        if outcome.is_none() && self.is_under_way() && all_clean {
            outcome = Some(Outcome::Clean);
        }
        if let Some(outcome) = outcome {
            self.end(outcome);
            news = true;
        }
        news
    }

    fn end(&mut self, outcome: Outcome) {
        self.workers.clear();
        self.result = Some(outcome);
    }
}
