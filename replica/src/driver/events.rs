//! The core's events in the log.

use crate::logging;
use hotstuff_core::event::Level;
use hotstuff_core::{Event, ReplicaId};
use std::fmt;

/// Logs an event at the level that the core gives it.
pub(super) fn log(id: ReplicaId, event: &Event) {
    // Fields are made only where they are logged.
    macro_rules! tell {
        ($level:ident, $left_out:expr) => {{
            let left_out: Option<u64> = $left_out;
            let (kind, facts) = (event.kind(), event.facts());
            tracing::$level!(
                event.kind = kind,
                event.view = facts.view.map(|view| view.0),
                event.height = facts.height.map(|height| height.0),
                event.block = facts.block.map(|block| format!("{block:#}")),
                event.peer = facts.peer.map(|peer| peer.0),
                event.client = facts.command.map(|command| command.client.to_string()),
                event.sequence = facts.command.map(|command| command.sequence.0),
                event.reason = facts.reason,
                left_out,
                "{}",
                Line { id, event }
            );
        }};
    }
    match event.level() {
        Level::Error => tell!(error, None),
        Level::Warn => tell!(warn, None),
        // Peers and clients can have any number of refusals.
        Level::Info if event.facts().reason.is_some() => {
            if let Some(left_out) = logging::admitted!(event.kind()) {
                tell!(info, left_out);
            }
        }
        Level::Info => tell!(info, None),
        Level::Debug => {
            if tracing::enabled!(tracing::Level::DEBUG) {
                tell!(debug, None);
            }
        }
    }
}

struct Line<'a> {
    id: ReplicaId,
    event: &'a Event,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if let Event::Equivocation(_) = self.event { "saw: " } else { "" };
        write!(f, "{} {verb}{}", self.id, self.event)
    }
}
