//! The core's events in the log.

use hotstuff_core::{Event, ReplicaId};

/// Logs an event: most at debug, refusals and starts at info, what should not happen above.
pub(super) fn log(id: ReplicaId, event: &Event) {
    match event {
        Event::Halted { .. } => tracing::error!("{id} {event}"),
        Event::Equivocation { .. } => tracing::warn!("{id} saw: {event}"),
        Event::CommitteeChanged { .. } | Event::EpochBegan { .. } => tracing::warn!("{id} {event}"),
        // One who is ahead or behind says much of it.
        Event::MessageRefused { why, .. } if why.is_by_epoch() => tracing::debug!("{id} {event}"),
        Event::Started { .. }
        | Event::VoteRefused { .. }
        | Event::CommandRefused { .. }
        | Event::MessageRefused { .. } => tracing::info!("{id} {event}"),
        _ => tracing::debug!("{id} {event}"),
    }
}
