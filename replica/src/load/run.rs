//! Makes the load of one run: closed, where each command waits for one before it, or open, where none does.

use super::outcome::Ended;
use super::recorder::{Asked, Recorder};
use super::settings::{Arrivals as Spans, Settings, Shape};
use super::signals::Signals;
use super::target::Target;
use crate::client::random::arrivals::Arrivals;
use crate::client::random::requests::Requests;
use hotstuff_kv::{Operation, Request};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// What the keys of a load begin with, so that it touches nobody else's.
pub(super) const PREFIX: &str = "load/";

/// A recorder that several tasks write into.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Recorder>>);

impl Shared {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self(Arc::new(Mutex::new(recorder)))
    }

    /// What is recorded is whole between any two statements, whoever panics.
    pub(super) fn lock(&self) -> MutexGuard<'_, Recorder> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what the settings say, from now on, and returns when every command that was sent has ended: whether a
/// signal stopped it early. A first signal ends the sending, a second one the waiting.
pub(super) async fn run<T: Target>(
    target: &T,
    settings: &Settings,
    mut signals: Signals,
    recorder: &Shared,
) -> bool {
    let run = Run {
        target: target.clone(),
        recorder: recorder.clone(),
        started: Instant::now(),
        end: settings.end(),
    };
    let mut commands = JoinSet::new();
    let was_stopped = match settings.shape {
        Shape::Closed { clients, in_flight } => {
            for client in 0..clients {
                for slot in 0..in_flight {
                    let number = u64::from(client) * u64::from(in_flight) + u64::from(slot);
                    let requests = requests(settings, number);
                    let connection = client as usize % settings.connections as usize;
                    commands.spawn(run.clone().one_after_the_other(connection, requests, signals.clone()));
                }
            }
            tokio::select! {
                () = sleep_until(run.started + run.end) => false,
                () = signals.reached(1) => {
                    recorder.lock().stopped(run.started.elapsed());
                    true
                }
            }
        }
        Shape::Open { rate_per_s, arrivals, in_flight } => {
            let arrivals = Schedule::new(settings, rate_per_s, arrivals);
            run.as_scheduled(arrivals, settings, in_flight, &mut signals, &mut commands).await
        }
    };
    tokio::select! {
        () = async { while commands.join_next().await.is_some() {} } => {}
        () = signals.reached(2) => {
            commands.shutdown().await;
            recorder.lock().abandoned();
        }
    }
    was_stopped
}

/// What a run's `number`th source of requests asks for; the same for the same seed.
fn requests(settings: &Settings, number: u64) -> Requests {
    let seed = settings.seed.wrapping_add(number);
    Requests::new(seed, PREFIX, settings.keys, settings.read_share, 0.0, settings.payload_bytes)
}

/// The longest request that settings may ask for.
pub(super) fn longest_request(keys: u32, payload_bytes: u32) -> Request {
    let key = format!("{PREFIX}k{}", keys - 1).into_bytes();
    Operation::Set { key, value: vec![0; payload_bytes as usize] }.into()
}

/// Commands and when they are due.
struct Schedule {
    arrivals: Arrivals,
    requests: Requests,
}

impl Schedule {
    fn new(settings: &Settings, rate_per_s: f64, spans: Spans) -> Self {
        let arrivals = Arrivals::new(settings.seed, spans.into(), rate_per_s);
        Self { arrivals, requests: requests(settings, 0) }
    }
}

#[derive(Clone)]
struct Run<T> {
    target: T,
    recorder: Shared,
    started: Instant,
    end: Duration,
}

impl<T: Target> Run<T> {
    /// A closed loop's client, or one of several commands that it has in flight.
    async fn one_after_the_other(self, connection: usize, mut requests: Requests, signals: Signals) {
        loop {
            let now = self.started.elapsed();
            if now >= self.end || signals.any() {
                return;
            }
            self.recorder.lock().offered(now);
            self.ask(connection, requests.next(), now, now).await;
        }
    }

    /// An open loop: what is due waits for room, and its latency counts from when it was due. What has none until
    /// the time is over, or until a signal, is not sent. Whether it was a signal.
    async fn as_scheduled(
        &self,
        Schedule { mut arrivals, mut requests }: Schedule,
        settings: &Settings,
        in_flight: u32,
        signals: &mut Signals,
        commands: &mut JoinSet<()>,
    ) -> bool {
        let room = Arc::new(Semaphore::new(in_flight as usize));
        let mut connections = (0..settings.connections as usize).cycle();
        let (mut due, mut was_stopped) = (arrivals.next(), false);
        while due < self.end {
            let permit = tokio::select! {
                biased;
                () = signals.reached(1) => {
                    self.recorder.lock().stopped(self.started.elapsed());
                    was_stopped = true;
                    break;
                }
                permit = async {
                    sleep_until(self.started + due).await;
                    Arc::clone(&room).acquire_owned().await
                } => permit.ok(),
                // What was due at the very end is late by what timers are, and not for want of room.
                () = sleep_until(self.started + self.end) => Arc::clone(&room).try_acquire_owned().ok(),
            };
            let Some(permit) = permit else { break };
            self.recorder.lock().offered(due);
            let (run, request) = (self.clone(), requests.next());
            let connection = connections.next().expect("a cycle of at least one connection has no end");
            commands.spawn(async move {
                run.ask(connection, request, due, run.started.elapsed()).await;
                drop(permit);
            });
            while commands.try_join_next().is_some() {}
            due = arrivals.next();
        }
        let over = self.started.elapsed().min(self.end);
        while due < over {
            let mut recorder = self.recorder.lock();
            recorder.offered(due);
            recorder.not_sent(due);
            due = arrivals.next();
        }
        was_stopped
    }

    async fn ask(&self, connection: usize, request: Request, due: Duration, sent: Duration) {
        let is_read = request.operations().iter().all(|operation| !operation.writes());
        let how: Ended = self.target.ask(connection, request).await;
        let mut recorder = self.recorder.lock();
        // Looked at under the lock, so that moments come in order.
        let at = self.started.elapsed();
        recorder.ended(Asked { is_read, due, sent }, at, how);
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
