//! What a script does to its cluster, and when.

use crate::intervention::Intervention;
use hotstuff_core::{Height, Span, Time, View};
use serde::{Deserialize, Serialize};

/// When a cue comes. Cues come one after the other: one whose moment is past when the cue before it
/// has come comes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum At {
    /// At a time, after all else that happens then.
    Time(Time),
    /// So long after the cue before, or after the beginning.
    After(Span),
    /// When the first honest host enters this view or a later one.
    View(View),
    /// When the first honest host commits a block at this height or above.
    Committed(Height),
}

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cue {
    /// When.
    pub at: At,
    /// What is done.
    pub what: Intervention,
}

/// At a millisecond.
pub(super) fn at_ms(time_ms: u64, what: Intervention) -> Cue {
    Cue { at: At::Time(Time(time_ms * 1_000)), what }
}

/// So many milliseconds after the cue before.
pub(super) fn after_ms(span_ms: u64, what: Intervention) -> Cue {
    Cue { at: At::After(Span::millis(span_ms)), what }
}

/// When a view begins.
pub(super) fn in_view(view: u64, what: Intervention) -> Cue {
    Cue { at: At::View(View(view)), what }
}
