//! Runs that several threads share, with their progress on the terminal.

use hotstuff_sim::SimError;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal as _};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

const STACK_BYTES: usize = 256 << 20;

/// Who makes the runs.
pub struct Crew {
    /// How many runs at once; as many as there are processors, if it is not said.
    pub jobs: Option<NonZeroUsize>,
    /// How many runs there are to be.
    pub count: u64,
    /// What each is made of.
    pub noun: &'static str,
    /// When to stop, though not all are made.
    pub until: Option<Instant>,
}

impl Crew {
    /// Makes a run of each item, several at once, and adds up what comes of them, one at a time and in no
    /// order. `add` says what to show, and whether to stop.
    ///
    /// # Errors
    /// The first of any run's.
    pub fn share<I, T>(
        &self,
        items: impl Iterator<Item = I> + Send,
        run: impl Fn(I) -> Result<T, SimError> + Sync,
        add: impl FnMut(T) -> ControlFlow<String, String> + Send,
    ) -> Result<(), SimError> {
        let shown = Shown::new(self);
        let items = Mutex::new(items);
        let sum = Mutex::new((add, 0));
        let failure = Mutex::new(None);
        let is_over = AtomicBool::new(false);
        let work = || {
            while !is_over.load(Ordering::Relaxed) && !self.is_late() {
                let Some(item) = items.lock().expect("taking one does not panic").next() else { break };
                match run(item) {
                    Ok(result) => {
                        let mut sum = sum.lock().expect("adding up does not panic");
                        let (add, done) = &mut *sum;
                        let added = add(result);
                        *done += 1;
                        is_over.fetch_or(added.is_break(), Ordering::Relaxed);
                        let (ControlFlow::Continue(message) | ControlFlow::Break(message)) = added;
                        shown.update(*done, message);
                    }
                    Err(why) => {
                        *failure.lock().expect("nothing panics with it") = Some(why);
                        is_over.store(true, Ordering::Relaxed);
                    }
                }
            }
        };
        let jobs = self.jobs.or(thread::available_parallelism().ok()).map_or(1, Into::into);
        thread::scope(|scope| {
            for _ in 0..jobs {
                // Stateright's tester goes as deep as there are calls.
                let worker = thread::Builder::new().stack_size(STACK_BYTES);
                worker.spawn_scoped(scope, work).expect("a thread can be started");
            }
        });
        shown.bar.finish_and_clear();
        failure.into_inner().expect("nothing panicked with it").map_or(Ok(()), Err)
    }

    fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// Progress: on a terminal all the time, elsewhere a line every thousand runs.
struct Shown<'a> {
    crew: &'a Crew,
    bar: ProgressBar,
    start: Instant,
}

impl<'a> Shown<'a> {
    fn new(crew: &'a Crew) -> Self {
        let is_seen = io::stderr().is_terminal();
        let bar = if is_seen { ProgressBar::new(crew.count) } else { ProgressBar::hidden() };
        let style = format!("{{bar:40}} {{pos}}/{{len}} {}, {{per_sec}}, {{eta}} left {{msg}}", crew.noun);
        bar.set_style(ProgressStyle::with_template(&style).expect("the template is valid"));
        Self { crew, bar, start: Instant::now() }
    }

    fn update(&self, done: u64, message: String) {
        self.bar.set_position(done);
        self.bar.set_message(message);
        if self.bar.is_hidden() && done.is_multiple_of(1_000) {
            let rate = done as f64 / self.start.elapsed().as_secs_f64();
            eprintln!("{done} of {} {}, {rate:.0}/s", self.crew.count, self.crew.noun);
        }
    }
}
