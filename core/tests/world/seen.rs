//! What a run came across, to tell runs that show much from those that show little.

use hotstuff_core::message::MessageKind;
use hotstuff_core::*;

/// What kind of thing happened.
pub fn name(event: &Event) -> &'static str {
    match event {
        Event::Committed { .. } => "committed",
        Event::TcFormed { .. } => "timeout certificate",
        Event::CommitteeChanged { change: CommitteeChange::Add(_), .. } => "member added",
        Event::CommitteeChanged { .. } => "committee changed",
        Event::ChangeRefused { .. } => "change refused",
        Event::EpochBegan { .. } => "epoch",
        Event::Equivocation(evidence) => match evidence.kind() {
            MessageKind::Vote => "two votes",
            _ => "two proposals",
        },
        Event::FetchCompleted { .. } => "fetch completed",
        Event::SnapshotTaken { .. } => "snapshot taken",
        Event::SnapshotInstalled { .. } => "snapshot installed",
        Event::SentAgain { .. } => "sent again",
        Event::Halted { .. } => "halted",
        Event::CommandRefused { .. } => "command refused",
        Event::MessageRefused { why, .. } | Event::VoteRefused { why, .. } => match why {
            Refusal::BadCertificate(_) => "bad certificate",
            Refusal::BelowQuorum { .. } => "below a quorum",
            Refusal::BelowLock { .. } => "below the lock",
            Refusal::BelowTimeouts { .. } => "below the timeouts",
            Refusal::NotLeader { .. } => "not the leader",
            Refusal::OldEpoch { .. } => "old epoch",
            Refusal::StateRoot { .. } => "state root",
            Refusal::TimedOut { .. } => "timed out",
            Refusal::TreeFull => "tree full",
            Refusal::Unasked(_) => "unasked",
            Refusal::Uncertified(_) => "uncertified",
            Refusal::UnknownEpoch { .. } => "unknown epoch",
            Refusal::WrongEpoch { .. } => "wrong epoch",
            _ => "refused",
        },
        _ => "other",
    }
}
