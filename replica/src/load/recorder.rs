//! Takes in what comes of the commands of one run.

use super::outcome::{Ended, Failure};
use super::settings::Settings;
use super::timeline::Timeline;
use crate::client::random::latencies::Latencies;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many commands became what: offered ones are done, failed, or not sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    /// Commands that were due.
    pub offered: u64,
    /// Those that f+1 replicas answered.
    pub done: u64,
    /// Those that were sent and have no answer.
    pub failed: u64,
    /// Those that found no room in flight until the time was over.
    pub not_sent: u64,
}

impl Counts {
    /// Commands that were sent, and have neither an answer nor failed.
    pub(super) fn in_flight(&self) -> u64 {
        self.offered - self.done - self.failed - self.not_sent
    }
}

/// When a command was due and sent, from the start of the warm-up on, and whether it only reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub is_read: bool,
    /// When it should have been sent: what its latency counts from.
    pub due: Duration,
    /// When it was.
    pub sent: Duration,
}

/// Counts and latencies of one run. Commands due in the warm-up stand in the timeline, and count for themselves.
#[derive(Debug)]
pub(super) struct Recorder {
    warm_up: Duration,
    /// When the measured time is over.
    end: Duration,
    /// Commands that are measured.
    pub measured: Counts,
    /// Commands of the warm-up.
    pub warmed: Counts,
    /// Commands done in the measured time, whenever they were due.
    pub done_in_time: u64,
    pub reads: Latencies,
    pub writes: Latencies,
    /// Of all that were done, but from when they were sent: blind to what waits at the client.
    pub from_sending: Latencies,
    pub failures: BTreeMap<Failure, u64>,
    /// Why the last one failed that did.
    pub last_failure: Option<String>,
    pub timeline: Timeline,
}

impl Recorder {
    /// For a run of these settings.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            warm_up: settings.warm_up(),
            end: settings.end(),
            measured: Counts::default(),
            warmed: Counts::default(),
            done_in_time: 0,
            reads: Latencies::default(),
            writes: Latencies::default(),
            from_sending: Latencies::default(),
            failures: BTreeMap::new(),
            last_failure: None,
            timeline: Timeline::new(settings.warm_up()),
        }
    }

    /// Takes in that a command is due.
    pub(super) fn offered(&mut self, due: Duration) {
        self.counts(due).offered += 1;
    }

    /// Takes in that a command that was offered will not be sent any more.
    pub(super) fn not_sent(&mut self, due: Duration) {
        self.counts(due).not_sent += 1;
    }

    /// Takes in how a command that was offered ended at `at`.
    pub(super) fn ended(&mut self, asked: Asked, at: Duration, how: Ended) {
        let (latency, is_measured) = (at.saturating_sub(asked.due), asked.due >= self.warm_up);
        match how {
            Ended::Done => {
                self.counts(asked.due).done += 1;
                self.done_in_time += u64::from((self.warm_up..self.end).contains(&at));
                self.timeline.done(at, latency);
                if is_measured {
                    let own = if asked.is_read { &mut self.reads } else { &mut self.writes };
                    own.note(latency);
                    self.from_sending.note(at.saturating_sub(asked.sent));
                }
            }
            Ended::Failed(failure, why) => {
                self.counts(asked.due).failed += 1;
                self.timeline.failed(at);
                self.last_failure = Some(why);
                if is_measured {
                    *self.failures.entry(failure).or_default() += 1;
                }
            }
        }
    }

    /// Takes in that no more commands are sent from `at` on, as early as that is.
    pub(super) fn stopped(&mut self, at: Duration) {
        self.end = self.end.min(at);
    }

    /// Takes in that nobody waits any longer for what is in flight.
    pub(super) fn abandoned(&mut self) {
        for counts in [&mut self.warmed, &mut self.measured] {
            let left = counts.in_flight();
            counts.failed += left;
            if left > 0 {
                self.last_failure = Some("not waited for any longer; it may still execute".to_owned());
            }
        }
        let known: u64 = self.failures.values().sum();
        if self.measured.failed > known {
            self.failures.insert(Failure::Abandoned, self.measured.failed - known);
        }
    }

    /// How long commands were sent that are measured.
    pub(super) fn measured_time(&self) -> Duration {
        self.end.saturating_sub(self.warm_up)
    }

    /// Commands done in the measured time, a second; 0 where there was none.
    pub(super) fn throughput_per_s(&self) -> f64 {
        let seconds = self.measured_time().as_secs_f64();
        if seconds > 0.0 { self.done_in_time as f64 / seconds } else { 0.0 }
    }

    fn counts(&mut self, due: Duration) -> &mut Counts {
        if due < self.warm_up { &mut self.warmed } else { &mut self.measured }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Settings, Shape};
    use super::*;

    fn recorder() -> Recorder {
        Recorder::new(&Settings {
            shape: Shape::Closed { clients: 1, in_flight: 1 },
            connections: 1,
            payload_bytes: 0,
            read_share: 0.5,
            keys: 1,
            warm_up_ms: 1_000,
            duration_ms: 2_000,
            timeout_s: 1,
            seed: 1,
        })
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn ask(recorder: &mut Recorder, due: u64, at: u64, is_read: bool) {
        recorder.offered(ms(due));
        recorder.ended(Asked { is_read, due: ms(due), sent: ms(due + 1) }, ms(at), Ended::Done);
    }

    #[test]
    fn the_warm_up_is_not_measured_and_throughput_is_of_the_measured_time() {
        let mut recorder = recorder();
        ask(&mut recorder, 0, 500, true);
        ask(&mut recorder, 900, 1_100, true); // of the warm-up, but done in the measured time
        ask(&mut recorder, 1_000, 1_010, true);
        ask(&mut recorder, 2_000, 2_030, false);
        ask(&mut recorder, 2_999, 3_100, false); // measured, but done too late to count for throughput
        assert_eq!(recorder.warmed, Counts { offered: 2, done: 2, failed: 0, not_sent: 0 });
        assert_eq!(recorder.measured, Counts { offered: 3, done: 3, failed: 0, not_sent: 0 });
        assert_eq!(
            (recorder.reads.count(), recorder.writes.count(), recorder.from_sending.count()),
            (1, 2, 3)
        );
        assert!(recorder.reads.at(0.5) >= 10_000 && recorder.from_sending.min() < 10_000);
        assert_eq!(recorder.throughput_per_s(), 1.5);
    }

    #[test]
    fn what_is_in_flight_at_the_second_signal_is_counted_as_abandoned() {
        let mut recorder = recorder();
        for due in [500, 1_100, 1_200, 1_300] {
            recorder.offered(ms(due));
        }
        let asked = Asked { is_read: true, due: ms(1_100), sent: ms(1_100) };
        recorder.ended(asked, ms(1_400), Ended::Failed(Failure::Busy, "busy".to_owned()));
        recorder.not_sent(ms(1_200));
        recorder.stopped(ms(1_500));
        recorder.stopped(ms(9_000));
        assert_eq!(recorder.measured_time(), ms(500));
        recorder.abandoned();
        recorder.abandoned();
        assert_eq!(recorder.measured, Counts { offered: 3, done: 0, failed: 2, not_sent: 1 });
        assert_eq!(recorder.failures, BTreeMap::from([(Failure::Busy, 1), (Failure::Abandoned, 1)]));
        assert_eq!((recorder.warmed.failed, recorder.throughput_per_s()), (1, 0.0));
    }
}
