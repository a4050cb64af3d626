//! Clocks that are wrong.

use super::cue::at_ms;
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::intervention::Intervention;
use hotstuff_core::{Height, ReplicaId, Span};

const R1: ReplicaId = ReplicaId(1);

fn set(id: u16, jump_ms: u64, drift_ppm: i32) -> Intervention {
    Intervention::SetClock { host: ReplicaId(id).into(), jump: Span::millis(jump_ms), drift_ppm }
}

pub(super) const CLOCK_SKEW: Scenario = Scenario {
    number: 16,
    name: "clock-skew",
    title: "Clocks disagree",
    lesson: "r1's clock jumps ahead again and again, r2's runs a tenth too fast and r3's a tenth too slow. \
        Nobody asks another's clock, and no vote depends on one: clocks only say when to lose patience. \
        r1 loses it too early and gives up on a view. It is alone in that, so the others go on, and r1 \
        with them.",
    question: "What if two clocks jumped at once?",
    scripts: &[Script {
        label: "",
        config: |seed| cluster(seed, 12, 500),
        rule: None,
        cues: |_| {
            let mut cues = vec![at_ms(500, set(2, 0, 100_000)), at_ms(500, set(3, 3_000, -100_000))];
            cues.extend((2..6).map(|second| at_ms(second * 1_000 + 40, set(1, 1_000, 0))));
            cues
        },
        until: ms(10_000),
        expected: &[
            Expected::Safe,
            Expected::Impatient { replica: R1 },
            Expected::Answered { least: 12 },
            Expected::Committed { height: Height(24) },
        ],
    }],
    contrast: None,
};
