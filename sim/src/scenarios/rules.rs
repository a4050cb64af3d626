//! The two commit rules, side by side.

use super::cue::{Cue, at_ms};
use super::expected::{Contrast, Expected};
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::config::SimConfig;
use crate::intervention::Intervention;
use hotstuff_core::{CommitRule, Height, ReplicaId};

fn cues(_: u64) -> Vec<Cue> {
    vec![at_ms(3_000, Intervention::Kill(ReplicaId(2).into()))]
}

fn config(seed: u64) -> SimConfig {
    cluster(seed, 10, 600)
}

const EXPECTED: &[Expected] = &[
    Expected::Safe,
    Expected::Answered { least: 10 },
    Expected::Committed { height: Height(16) },
    Expected::NothingAbandoned,
];

pub(super) const TWO_CHAIN_BESIDE_THREE_CHAIN: Scenario = Scenario {
    number: 11,
    name: "two-chain-beside-three-chain",
    title: "Two-chain beside three-chain",
    lesson: "The same seed, commands and crash twice: on the left a block is committed once two certified \
        blocks follow each other, on the right once three do. The left answers sooner, by a round of \
        votes for each command. The price is paid when a view fails: then a new leader of the left must \
        show that it builds upon the newest certificate that a quorum knows; on the right the newest \
        that a voter is locked on is enough.",
    question: "Which would you choose if leaders often failed?",
    scripts: &[
        Script {
            label: "two-chain",
            config,
            rule: Some(CommitRule::TwoChain),
            cues,
            until: ms(10_000),
            expected: EXPECTED,
        },
        Script {
            label: "three-chain",
            config,
            rule: Some(CommitRule::ThreeChain),
            cues,
            until: ms(10_000),
            expected: EXPECTED,
        },
    ],
    contrast: Some(Contrast::AnsweredSooner),
};
