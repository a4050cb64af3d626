//! How a run goes, on standard error, once a second.

use super::recorder::{Counts, Recorder};
use super::run::Shared;
use super::settings::Settings;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, stderr};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Shows one run after the other.
pub(super) enum Progress {
    /// One line, written anew.
    Bar,
    /// One line after the other.
    Lines,
    Hidden,
}

impl Progress {
    /// A line in a terminal, and nothing elsewhere, if not asked for.
    pub(super) fn new(is_asked: bool) -> Self {
        if stderr().is_terminal() {
            Self::Bar
        } else if is_asked {
            Self::Lines
        } else {
            Self::Hidden
        }
    }

    /// Shows how a run that begins now goes, until this is dropped. `name` says which it is.
    pub(super) async fn show(&self, name: &str, settings: &Settings, recorder: &Shared) -> ! {
        let (started, end) = (Instant::now(), settings.end());
        let bar = Bar(match self {
            Self::Bar => ProgressBar::new(end.as_secs().max(1)),
            Self::Lines | Self::Hidden => ProgressBar::hidden(),
        });
        let style = ProgressStyle::with_template("{bar:12} {pos}/{len} s  {wide_msg}");
        bar.0.set_style(style.expect("the template is fixed"));
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            if matches!(self, Self::Hidden) {
                continue;
            }
            let elapsed = started.elapsed();
            let line = {
                let mut recorder = recorder.lock();
                recorder.timeline.pass(elapsed);
                line(name, &recorder)
            };
            match self {
                Self::Lines => eprintln!("{:.0}/{} s  {line}", elapsed.as_secs_f64(), end.as_secs()),
                Self::Bar | Self::Hidden => {
                    bar.0.set_position(elapsed.as_secs());
                    bar.0.set_message(line);
                }
            }
        }
    }
}

/// A bar that leaves nothing behind.
struct Bar(ProgressBar);

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// What the last second was like.
fn line(name: &str, recorder: &Recorder) -> String {
    let Counts { offered, failed, .. } = recorder.measured;
    let in_flight = recorder.measured.in_flight() + recorder.warmed.in_flight();
    let failed = failed + recorder.warmed.failed;
    let offered = offered + recorder.warmed.offered;
    let mut line = format!("{name}: ");
    if let Some(last) = recorder.timeline.last() {
        line += &format!("{}/s, ", last.done);
        if let (Some(p50), Some(p99)) = (last.p50_us, last.p99_us) {
            line += &format!("p50 {:.1} ms, p99 {:.1} ms, ", p50 as f64 / 1e3, p99 as f64 / 1e3);
        }
        if last.second < 0 {
            line += "warming up, ";
        }
    }
    line += &format!("{in_flight} of {offered} in flight");
    if failed > 0 {
        line += &format!(", {failed} failed: {}", recorder.last_failure.as_deref().unwrap_or_default());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::outcome::{Ended, Failure};
    use crate::load::recorder::Asked;
    use crate::load::settings::Shape;

    #[test]
    fn a_line_tells_of_the_last_second() {
        let (shape, ms) = (Shape::Closed { clients: 1, in_flight: 1 }, Duration::from_millis);
        let (connections, payload_bytes, read_share, keys) = (1, 1, 0.0, 1);
        let (warm_up_ms, duration_ms, timeout_s, seed) = (1_000, 9_000, 1, 1);
        let mut recorder = Recorder::new(&Settings {
            shape,
            connections,
            payload_bytes,
            read_share,
            keys,
            warm_up_ms,
            duration_ms,
            timeout_s,
            seed,
        });
        for (due, failed) in [(100, false), (200, false), (300, true)] {
            recorder.offered(ms(due));
            let asked = Asked { is_read: false, due: ms(due), sent: ms(due) };
            let failure = Ended::Failed(Failure::Timeout, "nobody answered".into());
            recorder.ended(asked, ms(due + 2), if failed { failure } else { Ended::Done });
        }
        recorder.offered(ms(400));
        recorder.timeline.pass(ms(1_000));
        let told = line("1 client", &recorder);
        let expected =
            "1 client: 2/s, p50 2.0 ms, p99 2.0 ms, warming up, 1 of 4 in flight, 1 failed: nobody answered";
        assert_eq!(told, expected);
    }
}
