//! `hotstuff client … random`: random commands at random moments, as many users make them who know nothing of each
//! other.

pub(crate) mod arrivals;
pub(crate) mod latencies;
pub(crate) mod requests;
mod tally;

use super::driver::ClientDriver;
use super::exit::Exit;
use super::told::{self, Format};
use crate::shutdown::signalled;
use arrivals::{Arrivals, Pace};
use hotstuff_kv::VALUE_BYTES_MAX;
use indicatif::{ProgressBar, ProgressStyle};
use requests::Requests;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tally::Tally;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};

/// `hotstuff client … random`
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Commands a second, on average: they come as a Poisson process.
    #[arg(long, value_name = "RATE", default_value_t = 10.0, value_parser = rate, allow_negative_numbers = true)]
    rate: f64,
    /// How many keys there are, k0 and so on, each as likely as the others.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    keys: u32,
    /// How long commands are sent, in seconds; otherwise until Ctrl-C.
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    duration: Option<Duration>,
    /// Which share of the commands only reads, from 0 to 1. Of the others, nine of ten set a key and one deletes it.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share)]
    reads: f64,
    /// Bytes of each value that is set.
    #[arg(long, value_name = "N", default_value_t = 16,
          value_parser = clap::value_parser!(u32).range(0..=VALUE_BYTES_MAX as i64))]
    value_bytes: u32,
    /// Most commands in flight at a time; the next one waits, and its latency counts from when it was due. (The
    /// committee's `session_replies` is a limit, too.)
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    in_flight: u32,
    /// The same seed gives the same commands at the same moments; otherwise it is drawn, and told.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

pub(crate) fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}

pub(crate) fn rate(text: &str) -> Result<f64, String> {
    number(text).and_then(|rate| {
        let is_rate = (0.001..=1e6).contains(&rate);
        if is_rate { Ok(rate) } else { Err("it is not from 0.001 to 1,000,000 commands a second".into()) }
    })
}

pub(crate) fn share(text: &str) -> Result<f64, String> {
    number(text).and_then(|share| {
        if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("it is not from 0 to 1".into()) }
    })
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    number(text).and_then(|seconds| {
        let is_span = (0.001..=1e8).contains(&seconds);
        if is_span {
            Ok(Duration::from_secs_f64(seconds))
        } else {
            Err("it is not from 0.001 s to 3 years".into())
        }
    })
}

impl Arguments {
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Sends commands until their time is over or Ctrl-C, waits for the last answers, and sums up.
    pub(super) async fn run(&self, driver: &ClientDriver, format: Format) -> Exit {
        let mut seed = [0; 8];
        if let (None, Err(error)) = (self.seed, getrandom::fill(&mut seed)) {
            return super::cli::fail(&error, Exit::Error);
        }
        let seed = self.seed.unwrap_or_else(|| u64::from_le_bytes(seed));
        let arrivals = Arrivals::new(seed, Pace::Poisson, self.rate);
        let deletes = (1.0 - self.reads) / 10.0;
        let requests = Requests::new(seed, "", self.keys, self.reads, deletes, self.value_bytes);
        let tally = Arc::new(Mutex::new(Tally::default()));
        let bar = self.progress();
        let started = Instant::now();
        let show = async {
            let mut ticks = interval(Duration::from_secs(1));
            loop {
                ticks.tick().await;
                bar.set_position(started.elapsed().as_secs());
                bar.set_message(lock(&tally).short(started.elapsed()));
            }
        };
        let was_stopped = tokio::select! {
            was_stopped = self.send(driver, (arrivals, requests), started, &tally) => was_stopped,
            never = show => never,
        };
        let was_stopped = match was_stopped {
            Ok(was_stopped) => was_stopped,
            Err(error) => return super::cli::fail(&error, Exit::Error),
        };
        bar.finish_and_clear();
        let tally = lock(&tally);
        let elapsed = started.elapsed();
        match format {
            Format::Text => println!("{}", tally.text(elapsed, seed)),
            Format::Json => println!("{}", tally.json(elapsed, seed, was_stopped)),
        }
        tally.exit()
    }

    fn progress(&self) -> ProgressBar {
        let bar = self.duration.map_or_else(ProgressBar::no_length, |span| ProgressBar::new(span.as_secs()));
        let template =
            if self.duration.is_some() { "{bar:20} {pos}/{len} s  {msg}" } else { "{pos} s  {msg}" };
        bar.with_style(ProgressStyle::with_template(template).expect("the template is fixed"))
    }

    /// Whether it was stopped before its time was over.
    async fn send(
        &self,
        driver: &ClientDriver,
        (mut arrivals, mut requests): (Arrivals, Requests),
        started: Instant,
        tally: &Arc<Mutex<Tally>>,
    ) -> io::Result<bool> {
        let room = Arc::new(Semaphore::new(self.in_flight as usize));
        let mut commands = JoinSet::new();
        let mut stop = std::pin::pin!(signalled()?);
        let mut was_stopped = false;
        loop {
            let (due, request) = (arrivals.next(), requests.next());
            if self.duration.is_some_and(|span| due >= span) {
                break;
            }
            let due = started + due;
            let permit = tokio::select! {
                _ = &mut stop => {
                    was_stopped = true;
                    break;
                }
                permit = async { sleep_until(due).await; Arc::clone(&room).acquire_owned().await } => permit,
            };
            // The time is over also for those that waited for room.
            if self.duration.is_some_and(|span| started.elapsed() >= span) {
                lock(tally).not_sent += 1;
                break;
            }
            let (driver, tally) = (driver.clone(), Arc::clone(tally));
            commands.spawn(async move {
                let told = told::ask(&driver, request).await;
                lock(&tally).note(&told, due.elapsed());
                drop((permit, driver));
            });
            while commands.try_join_next().is_some() {}
        }
        tokio::select! {
            () = async { while commands.join_next().await.is_some() {} } => {}
            // The first signal ends the sending, and one more the waiting.
            _ = signalled()? => was_stopped = true,
        }
        lock(tally).give_up(commands.len());
        Ok(was_stopped)
    }
}

/// What is counted is whole between any two statements.
fn lock(tally: &Mutex<Tally>) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_no_setting() {
        for wrong in ["0", "-1", "nan", "inf", "x", "1e9"] {
            assert!(rate(wrong).is_err() && seconds(wrong).is_err(), "{wrong}");
        }
        for wrong in ["-0.1", "1.1", "nan", "half"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
        assert_eq!((rate("0.5"), share("1")), (Ok(0.5), Ok(1.0)));
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1_500)));
    }
}
