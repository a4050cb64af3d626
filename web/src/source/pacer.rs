//! Turns time that passed on the screen into simulated time to go on to.

use crate::model::link::{SPEED_MAX, SPEED_MIN};
use hotstuff_core::{Span, Time};

// After a hidden tab or a long pause the run goes on from where it was, not from where it "should" be.
const ELAPSED_MAX_MS: f64 = 500.0;

/// Plays a run at a speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pacer {
    /// Whether it plays.
    pub playing: bool,
    speed: f64,
}

impl Pacer {
    /// A pacer at `speed` simulated seconds per second.
    #[must_use]
    pub fn new(playing: bool, speed: f64) -> Self {
        Self { playing, speed: speed.clamp(SPEED_MIN, SPEED_MAX) }
    }

    /// Simulated seconds per second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Changes the speed.
    pub fn set_speed(&mut self, speed: f64) {
        self.speed = speed.clamp(SPEED_MIN, SPEED_MAX);
    }

    /// Where the run should be, `elapsed_ms` after it was at `now`.
    #[must_use]
    pub fn target(&self, now: Time, elapsed_ms: f64) -> Time {
        if !self.playing {
            return now;
        }
        let elapsed_us = elapsed_ms.clamp(0.0, ELAPSED_MAX_MS) * 1_000.0;
        // Never negative and far below 2^53, so the conversion is exact enough.
        now + Span((elapsed_us * self.speed).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_time_follows_speed_and_never_leaps() {
        let mut pacer = Pacer::new(true, 0.1);
        assert_eq!(pacer.target(Time(5), 20.0), Time(2_005));
        assert_eq!(pacer.target(Time(5), 60_000.0), Time(50_005));
        pacer.playing = false;
        assert_eq!(pacer.target(Time(5), 20.0), Time(5));
        assert_eq!(Pacer::new(true, 1e9).speed(), SPEED_MAX);
    }
}
