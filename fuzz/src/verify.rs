//! Verification: whatever a message says, it is refused or believed, and believed twice alike.

use crate::world::{Corrupt, Setting};
use hotstuff_core::command::{Command, Replies};
use hotstuff_core::snapshot::Snapshot;
use hotstuff_core::{Committee, Committees, Evidence, Message, verify, wire};
use std::sync::{Arc, LazyLock};

/// The committee that the samples are of.
static COMMITTEE: LazyLock<Arc<Committee>> =
    LazyLock::new(|| Setting::of(crate::driver::SETTING, Corrupt::Tolerable).committee());

/// Verifies what `bytes` encode, if anything.
pub(super) fn run(bytes: &[u8]) {
    let committees = Committees::of(COMMITTEE.clone());
    if let Ok(message) = wire::decode::<Message>(bytes) {
        let verdict = verify::message(&committees, message.clone());
        assert_eq!(verify::message(&committees, message), verdict, "verification is a function");
    }
    if let Ok(command) = wire::decode::<Command>(bytes) {
        let verdict = verify::command(&COMMITTEE, command.clone());
        assert_eq!(verify::command(&COMMITTEE, command), verdict, "verification is a function");
    }
    if let Ok(replies) = wire::decode::<Replies>(bytes) {
        let _ = verify::replies(&COMMITTEE, replies);
    }
    if let Ok(evidence) = wire::decode::<Evidence>(bytes) {
        let _ = verify::evidence(&committees, &evidence);
    }
    if let Ok(snapshot) = wire::decode::<Snapshot>(bytes) {
        let _ = verify::snapshot(&committees, &snapshot);
    }
}
