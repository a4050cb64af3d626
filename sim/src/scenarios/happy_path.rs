//! Nothing goes wrong.

use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use hotstuff_core::{Height, Span};

pub(super) const HAPPY_PATH: Scenario = Scenario {
    number: 1,
    name: "happy-path",
    title: "Everything goes well",
    lesson: "Four replicas each keep a copy of one store. A client sends its command to all of them. \
        The leader of the view puts it into a block and proposes it; the others check it and vote. \
        Three votes of four make a certificate, which the next leader builds upon. \
        Once three certified blocks follow each other directly, the first of them is committed: \
        every replica executes it, and the client believes an answer that two replicas give alike.",
    question: "Why is a block with a certificate of its own not committed yet?",
    scripts: &[Script {
        label: "",
        config: |seed| cluster(seed, 8, 700),
        rule: None,
        cues: |_| Vec::new(),
        until: ms(8_000),
        expected: &[
            Expected::Safe,
            Expected::Answered { least: 8 },
            Expected::AnsweredWithin { from: ms(0), span: Span::millis(800) },
            Expected::Committed { height: Height(20) },
            Expected::GaveUpAtMost(0),
            Expected::NothingAbandoned,
        ],
    }],
    contrast: None,
};
