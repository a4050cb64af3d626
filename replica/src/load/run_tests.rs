//! Runs against servers that are not there, by a clock that is moved: time passes only where all wait for it.

use super::*;
use crate::load::outcome::Failure;
use crate::load::recorder::Counts;
use std::future::pending;
use tokio::time::sleep;

/// How long a server takes when it does not stall.
const SERVICE: Duration = Duration::from_millis(1);
const STALL_FROM: Duration = Duration::from_secs(4);
const STALL_TO: Duration = Duration::from_secs(6);

/// Answers after [`SERVICE`], but nothing during the stall.
#[derive(Clone)]
struct Stalling(Instant);

impl Target for Stalling {
    async fn ask(&self, _: usize, _: Request) -> Ended {
        let now = self.0.elapsed();
        if (STALL_FROM..STALL_TO).contains(&now) {
            sleep(STALL_TO - now).await;
        }
        sleep(SERVICE).await;
        Ended::Done
    }
}

/// Answers some, refuses some, and leaves some without an answer.
#[derive(Clone)]
struct Mixed {
    answers: bool,
}

impl Target for Mixed {
    async fn ask(&self, connection: usize, request: Request) -> Ended {
        if !self.answers {
            pending::<()>().await;
        }
        sleep(SERVICE * (connection as u32 + 1)).await;
        if request.operations()[0].writes() {
            Ended::Done
        } else {
            Ended::Failed(Failure::Busy, "the cluster is busy".to_owned())
        }
    }
}

fn settings(shape: Shape) -> Settings {
    let (connections, payload_bytes, read_share, keys) = (3, 8, 0.0, 10);
    let (warm_up_ms, duration_ms, timeout_s, seed) = (0, 10_000, 10, 5);
    Settings { shape, connections, payload_bytes, read_share, keys, warm_up_ms, duration_ms, timeout_s, seed }
}

fn open(rate_per_s: f64, in_flight: u32) -> Shape {
    Shape::Open { rate_per_s, arrivals: Spans::Constant, in_flight }
}

async fn recorded(target: &impl Target, settings: &Settings) -> Shared {
    let recorder = Shared::new(Recorder::new(settings));
    let (_never, signals) = Signals::by();
    assert!(!run(target, settings, signals, &recorder).await);
    recorder
}

/// The server stalls for 2 s of 10. A schedule goes on, and all that was due in the stall waited for its end; a
/// client that waits with its server has one slow command of thousands, and so does who measures from sending.
#[tokio::test(start_paused = true)]
async fn a_stall_shows_in_the_quantiles_of_an_open_loop() {
    let closed = settings(Shape::Closed { clients: 1, in_flight: 1 });
    let recorder = recorded(&Stalling(Instant::now()), &closed).await;
    let blind = recorder.lock().writes.clone();
    assert!(blind.count() > 3_000 && blind.at(0.99) < 5_000, "{} {}", blind.count(), blind.at(0.99));
    assert!(blind.max() >= 2_000_000);

    let seeing = recorded(&Stalling(Instant::now()), &settings(open(100.0, 1_000))).await;
    let writes = seeing.lock().writes.clone();
    assert_eq!(writes.count(), 999);
    assert!(writes.at(0.99) > 1_800_000, "{}", writes.at(0.99));
    // A fifth of all was due in the stall, and waited for a second on average.
    assert!((900_000..1_100_000).contains(&writes.at(0.9)), "{}", writes.at(0.9));
    assert!(writes.at(0.5) < 5_000, "{}", writes.at(0.5));

    // With room for one, the others wait here: the latencies are as before, but not from when they were sent.
    let narrow = recorded(&Stalling(Instant::now()), &settings(open(100.0, 1))).await;
    let recorder = narrow.lock();
    assert_eq!(recorder.measured.done, 999);
    assert!(recorder.writes.at(0.99) > 1_800_000, "{}", recorder.writes.at(0.99));
    assert!(recorder.from_sending.at(0.99) < 5_000, "{}", recorder.from_sending.at(0.99));
}

#[tokio::test(start_paused = true)]
async fn what_is_offered_is_done_or_failed_or_not_sent() {
    for shape in [open(4_000.0, 2), open(10.0, 64), Shape::Closed { clients: 5, in_flight: 2 }] {
        let settings = Settings { read_share: 0.5, warm_up_ms: 1_000, ..settings(shape) };
        let recorder = recorded(&Mixed { answers: true }, &settings).await;
        let recorder = recorder.lock();
        let Counts { offered, done, failed, not_sent } = recorder.measured;
        assert_eq!(done + failed + not_sent, offered, "{shape}");
        assert!(done > 0 && failed > 0 && recorder.warmed.done > 0, "{shape}");
        assert_eq!(recorder.failures[&Failure::Busy], failed, "{shape}");
        assert_eq!(recorder.writes.count() + recorder.reads.count(), done, "{shape}");
        // Two in flight cannot serve four thousand a second at 2 ms each.
        assert_eq!(not_sent > 0, shape.in_flight() == 2, "{shape}");
        if let Shape::Open { rate_per_s, .. } = shape {
            assert_eq!(offered as f64, rate_per_s * 10.0, "{shape}");
        }
        let told: u64 = recorder.timeline.seconds().iter().map(|row| row.done + row.failed).sum();
        assert_eq!(told, done + failed + recorder.warmed.done + recorder.warmed.failed, "{shape}");
    }
}

/// Without an answer to anything: sending ends with the first signal, and waiting with the second.
#[tokio::test(start_paused = true)]
async fn signals_end_the_sending_and_then_the_waiting() {
    for shape in [open(100.0, 20), Shape::Closed { clients: 5, in_flight: 4 }] {
        let settings = settings(shape);
        let recorder = Shared::new(Recorder::new(&settings));
        let (count, signals) = Signals::by();
        let target = Mixed { answers: false };
        let running = run(&target, &settings, signals, &recorder);
        let asking = async {
            sleep(Duration::from_millis(2_005)).await;
            count.send_replace(1);
            sleep(Duration::from_millis(50)).await;
            count.send_replace(2);
        };
        let (was_stopped, ()) = tokio::join!(running, asking);
        assert!(was_stopped, "{shape}");
        let recorder = recorder.lock();
        assert_eq!(recorder.failures[&Failure::Abandoned], 20, "{shape}");
        assert_eq!(recorder.measured.failed, 20, "{shape}");
        let not_sent = if matches!(shape, Shape::Open { .. }) { 180 } else { 0 };
        assert_eq!(recorder.measured.not_sent, not_sent, "{shape}");
        assert!(recorder.measured_time().as_millis().abs_diff(2_005) < 5, "{shape}");
    }
}
