//! What sets two runs side by side apart.

use super::progress::latencies;
use super::{Told, Unmet};
use core::fmt;
use hotstuff_core::Span;
use serde::Serialize;

/// What the first of two runs is to show beside the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Contrast {
    /// The same commands are answered sooner: it takes the clients less time in all.
    AnsweredSooner,
}

impl Contrast {
    /// Whether two runs show this.
    pub(in crate::scenarios) fn check(self, first: &Told<'_>, second: &Told<'_>) -> Result<(), Unmet> {
        let (one, other) = (latencies(first), latencies(second));
        let total = |latencies: &[Span]| Span(latencies.iter().map(|latency| latency.0).sum());
        let why = if one.len() != other.len() {
            format!("{} commands are answered, and {}.", one.len(), other.len())
        } else if total(&one) >= total(&other) {
            format!("It takes {} in all, and {}.", total(&one), total(&other))
        } else {
            return Ok(());
        };
        Err(Unmet { statement: self.to_string(), why })
    }
}

impl fmt::Display for Contrast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnsweredSooner => f.write_str("the first run answers the same commands sooner"),
        }
    }
}
