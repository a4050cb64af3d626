//! Time as the core wants it.

use hotstuff_core::Time;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since the Unix epoch that never go back or stand still: the wall clock is read
/// once, and from then on the monotonic one counts.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Duration,
    start: Instant,
}

impl Clock {
    /// A clock set by the wall clock now. One before 1970 counts as 1970.
    #[must_use]
    pub fn start() -> Self {
        let origin = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { origin, start: Instant::now() }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        let micros = (self.origin + self.start.elapsed()).as_micros();
        Time(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// How long it is until `time`; zero when it is past.
    #[must_use]
    pub fn until(&self, time: Time) -> Duration {
        Duration::from_micros((time - self.now()).0)
    }
}
