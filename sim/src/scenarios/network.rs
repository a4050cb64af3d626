//! Networks that fall apart, or are slow.

use super::cue::at_ms;
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::config::{LinkConfig, SimConfig};
use crate::intervention::Intervention;
use hotstuff_core::{Height, ReplicaId, Span};

pub(super) const PARTITION: Scenario = Scenario {
    number: 5,
    name: "partition-and-heal",
    title: "The network falls in two",
    lesson: "For four seconds r0 and r1 hear each other, r2 and r3 hear each other, and nobody else. \
        Three votes make a certificate, so neither half can make one: nothing is committed, and \
        nothing can go wrong. Both halves give up on views again and again, more and more patiently. \
        When the network heals, the commands that waited are executed everywhere.",
    question: "What if the network fell into three and one?",
    scripts: &[Script {
        label: "",
        config: |seed| cluster(seed, 12, 600),
        rule: None,
        cues: |_| {
            let pair = |one, other| vec![ReplicaId(one).into(), ReplicaId(other).into()];
            let halves = vec![pair(0, 1), pair(2, 3)];
            vec![
                at_ms(2_000, Intervention::Partition(halves)),
                at_ms(6_000, Intervention::Partition(Vec::new())),
            ]
        },
        until: ms(14_000),
        expected: &[
            Expected::Safe,
            Expected::NoCommit { from: ms(2_300), to: ms(6_000) },
            Expected::Answered { least: 12 },
            Expected::Committed { height: Height(12) },
        ],
    }],
    contrast: None,
};

pub(super) const SLOW_NETWORK: Scenario = Scenario {
    number: 9,
    name: "slow-network",
    title: "A slow network becomes a good one",
    lesson: "At first messages take up to two and a half seconds, and many get lost: nobody can tell who \
        is down and who is slow. Replicas give up on views that would have gone well. They may not get \
        anywhere, but they never contradict each other. After eight seconds the network is good, though \
        nobody is told. From then on every command is answered soon.",
    question: "Could a protocol promise progress while the network is as bad as it likes?",
    scripts: &[Script {
        label: "",
        config: |seed| {
            let links = LinkConfig {
                delay_min_us: Span::millis(500),
                delay_max_us: Span::millis(2_500),
                loss_ppm: 200_000,
                ..LinkConfig::default()
            };
            SimConfig { links, ..cluster(seed, 20, 700) }
        },
        rule: None,
        cues: |_| vec![at_ms(8_000, Intervention::Stabilize)],
        until: ms(30_000),
        expected: &[
            Expected::Safe,
            Expected::BackedOff { exponent: 1 },
            Expected::Answered { least: 20 },
            Expected::AnsweredWithin { from: ms(12_000), span: Span::millis(1_000) },
            Expected::Committed { height: Height(10) },
        ],
    }],
    contrast: None,
};
