//! What views are counted by: labels' values, which stay the same when messages for people change. Refusals are
//! counted by the names that the core gives them.

use hotstuff_core::event::EntryCause;

/// What ends views.
pub(super) const VIEW_ENDS: &[&str] = &["qc", "tc", "weak_quorum"];

/// What ended the view before one that was entered so; nothing at a start.
pub(super) fn view_end(cause: EntryCause) -> Option<&'static str> {
    match cause {
        EntryCause::Start => None,
        EntryCause::Qc => Some("qc"),
        EntryCause::Tc => Some("tc"),
        EntryCause::WeakQuorum => Some("weak_quorum"),
    }
}

/// Why views are given up.
pub(super) const TIMEOUT_CAUSES: &[&str] = &[OWN_PATIENCE, OTHERS];
/// The patience ran out here.
pub(super) const OWN_PATIENCE: &str = "patience";
/// f+1 others gave up, and pulled this replica along.
pub(super) const OTHERS: &str = "others";
