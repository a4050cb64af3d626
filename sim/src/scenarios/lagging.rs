//! A replica that was away.

use super::cue::{Cue, at_ms};
use super::expected::{CatchUp, Expected};
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::config::SimConfig;
use crate::intervention::Intervention;
use hotstuff_core::{Config, Height, ReplicaId};

const R3: ReplicaId = ReplicaId(3);

fn config(seed: u64) -> SimConfig {
    cluster(seed, 60, 200)
}

fn cues(_: u64) -> Vec<Cue> {
    vec![at_ms(1_000, Intervention::Kill(R3.into())), at_ms(9_000, Intervention::Restart(R3.into()))]
}

const fn expected(by: CatchUp) -> [Expected; 5] {
    [
        Expected::Safe,
        Expected::CaughtUp { replica: R3, by },
        Expected::Answered { least: 60 },
        Expected::Committed { height: Height(60) },
        Expected::NothingAbandoned,
    ]
}

pub(super) const LAGGING_REPLICA: Scenario = Scenario {
    number: 14,
    name: "lagging-replica",
    title: "A replica catches up",
    lesson: "r3 is down for eight seconds, and the others go on without it. When it is back, the first \
        certificate that it sees names a block it does not have. It asks its peers in turn for what is \
        missing, and checks every block by the certificate in the next. On the right the others keep only \
        their latest blocks: there r3 is sent a snapshot of the store, whose digest stands in a certified \
        block. Either way it need not trust whom it asks.",
    question: "What could a lying peer achieve?",
    scripts: &[
        Script {
            label: "block by block",
            config,
            rule: None,
            cues,
            until: ms(15_000),
            expected: &expected(CatchUp::Blocks),
        },
        Script {
            label: "by a snapshot",
            config: |seed| {
                let config = config(seed);
                let replica = Config { retained_blocks: 8, snapshot_blocks: 16, ..config.replica };
                SimConfig { replica, ..config }
            },
            rule: None,
            cues,
            until: ms(15_000),
            expected: &expected(CatchUp::Snapshot),
        },
    ],
    contrast: None,
};
