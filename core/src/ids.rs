//! Newtypes for the numbers of the protocol, so that a view is never taken for a height.

use core::fmt;
use core::ops::{Add, Sub};
use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $int:ty, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

number!(
    /// A view: the protocol's logical clock (DiemBFT says round). View 0 belongs to the genesis block.
    View, u64, ""
);
number!(
    /// How often the committee has changed: the epoch of the committee that certifies a block.
    Epoch, u64, "e"
);
number!(
    /// A block's distance from the genesis block, which stands at height 0.
    Height, u64, ""
);
number!(
    /// A replica's number within its committee.
    ReplicaId, u16, "r"
);
number!(
    /// A client's number for one of its commands. A client never uses one twice; gaps are allowed.
    SequenceNumber, u64, "#"
);
number!(
    /// Voting power. A committee's powers add up to at most [`Power::TOTAL_MAX`].
    Power, u64, ""
);

impl View {
    /// The genesis block's view, in which nobody votes.
    pub const GENESIS: Self = Self(0);
    /// The highest view a message may name. It leaves room above, so that `next` of any
    /// verified view is a view too (pitfall 27).
    pub const MAX: Self = Self(u64::MAX / 2);

    /// The view after this one; stays at the integer's end instead of wrapping.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether this view comes directly after `earlier`.
    #[must_use]
    pub fn follows(self, earlier: Self) -> bool {
        earlier.0.checked_add(1) == Some(self.0)
    }
}

impl Epoch {
    /// The epoch of the committee that a cluster starts with.
    pub const GENESIS: Self = Self(0);

    /// The epoch after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Height {
    /// The genesis block's height.
    pub const GENESIS: Self = Self(0);

    /// The height of a child of a block at this height.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Power {
    /// The most power a committee may have in all; keeps every sum far from overflow.
    pub const TOTAL_MAX: Self = Self(1 << 48);
}

impl Add for Power {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// A point in time as the driver sees it: microseconds since an origin of the driver's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

/// A length of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub u64);

impl Span {
    /// A span of `count` milliseconds.
    #[must_use]
    pub const fn millis(count: u64) -> Self {
        Self(count.saturating_mul(1_000))
    }

    /// This span doubled `exponent` times, but at most `max`.
    #[must_use]
    pub fn backed_off(self, exponent: u32, max: Self) -> Self {
        let factor = 1u64.checked_shl(exponent).unwrap_or(u64::MAX);
        Self(self.0.saturating_mul(factor)).min(max)
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} ms", self.0 / 1_000, self.0 % 1_000)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pitfall_27_views_and_spans_at_the_integers_end_do_not_overflow() {
        assert_eq!(View(u64::MAX).next(), View(u64::MAX));
        assert!(!View(0).follows(View(u64::MAX)));
        assert!(View(8).follows(View(7)));
        assert_eq!(Time(u64::MAX) + Span(1), Time(u64::MAX));
        assert_eq!(Span(3).backed_off(200, Span(50)), Span(50));
        assert_eq!(Span(3).backed_off(2, Span(50)), Span(12));
    }
}
