//! A host's clock, which may be ahead of the cluster's time and faster or slower.

use crate::rng::MILLION;
use hotstuff_core::{Span, Time};

/// Most that a clock may drift, in parts of a million: a tenth.
pub const DRIFT_PPM_MAX: i32 = 100_000;

/// Maps the cluster's time to what one host's clock shows. It never goes back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// Since when it has run as it does, by the cluster's time and by its own.
    since: (Time, Time),
    drift_ppm: i32,
}

impl Clock {
    /// What the clock shows.
    pub(crate) fn shows(&self, now: Time) -> Time {
        let passed = u128::from(now.0.saturating_sub(self.since.0.0));
        let local = passed * self.rate() / u128::from(MILLION);
        Time(self.since.1.0.saturating_add(u64::try_from(local).unwrap_or(u64::MAX)))
    }

    /// The first moment at which the clock shows `local` or later.
    pub(crate) fn moment_of(&self, local: Time) -> Time {
        let left = u128::from(local.0.saturating_sub(self.since.1.0));
        let passed = (left * u128::from(MILLION)).div_ceil(self.rate());
        Time(self.since.0.0.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)))
    }

    /// From `now` on the clock runs ahead by `jump` more, and gains `drift_ppm` microseconds each
    /// second.
    pub(crate) fn set(&mut self, now: Time, jump: Span, drift_ppm: i32) {
        self.since = (now, self.shows(now) + jump);
        self.drift_ppm = drift_ppm.clamp(-DRIFT_PPM_MAX, DRIFT_PPM_MAX);
    }

    /// From `now` on the clock runs ahead by `jump` more.
    pub(crate) fn jump(&mut self, now: Time, jump: Span) {
        self.set(now, jump, self.drift_ppm);
    }

    fn rate(&self) -> u128 {
        let rate = i64::from(MILLION) + i64::from(self.drift_ppm);
        u128::try_from(rate).expect("the drift is clamped far above minus a million")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_right_until_it_is_set() {
        let mut clock = Clock::default();
        assert_eq!((clock.shows(Time(5)), clock.moment_of(Time(5))), (Time(5), Time(5)));
        clock.set(Time(100), Span(40), 0);
        assert_eq!((clock.shows(Time(100)), clock.shows(Time(110))), (Time(140), Time(150)));
        assert_eq!(clock.moment_of(Time(150)), Time(110));
        assert_eq!(clock.moment_of(Time(120)), Time(100), "that is past already");
    }

    #[test]
    fn a_deadline_comes_when_the_clock_shows_it_and_no_sooner() {
        for drift_ppm in [-DRIFT_PPM_MAX, -77, 3, DRIFT_PPM_MAX, i32::MAX, i32::MIN] {
            let mut clock = Clock::default();
            clock.set(Time(1_000), Span(17), drift_ppm);
            for local in [1_017, 1_018, 2_000, 777_777, 123_456_789] {
                let moment = clock.moment_of(Time(local));
                assert!(clock.shows(moment) >= Time(local), "{drift_ppm} {local}");
                assert!(
                    moment == Time(1_000) || clock.shows(Time(moment.0 - 1)) < Time(local),
                    "{drift_ppm}"
                );
            }
        }
    }

    #[test]
    fn a_clock_never_goes_back() {
        let mut clock = Clock::default();
        clock.set(Time(10), Span(5), DRIFT_PPM_MAX);
        let before = clock.shows(Time(1_000));
        clock.set(Time(1_000), Span(0), -DRIFT_PPM_MAX);
        assert_eq!(clock.shows(Time(1_000)), before);
        assert!(clock.shows(Time(1_001)) >= before);
    }
}
