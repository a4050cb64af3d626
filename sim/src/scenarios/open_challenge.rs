//! The reader's turn.

use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use hotstuff_core::Height;

pub(super) const OPEN_CHALLENGE: Scenario = Scenario {
    number: 17,
    name: "open-challenge",
    title: "Break it",
    lesson: "Nothing is scripted here. Make one replica do what you like: crash it, corrupt it, give its \
        key to a twin. Cut, slow down and reorder what you like, also of the others. You may well stop \
        the cluster. Try to make two honest replicas commit different blocks at one height.",
    question: "If you did: which rule was it that should have stopped you?",
    scripts: &[Script {
        label: "",
        config: |seed| cluster(seed, 20, 500),
        rule: None,
        cues: Vec::new,
        until: ms(12_000),
        expected: &[
            Expected::Safe,
            Expected::Answered { least: 20 },
            Expected::Committed { height: Height(40) },
        ],
    }],
    contrast: None,
};
