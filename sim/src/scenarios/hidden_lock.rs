//! A certificate that only one replica knows.

use super::cue::{Cue, after_ms, in_view};
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::config::SimConfig;
use crate::ids::HostId;
use crate::intervention::Intervention;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{CommitRule, Height, ReplicaId};

const R2: ReplicaId = ReplicaId(2);

/// r3 does not get the block of view 9, which r1 leads, and r2, who collects its votes, is not heard
/// by anyone from then on, so r2 alone makes the certificate. Then r2 does not hear anything either,
/// until all is mended. r1 has sent its block a second time by the time it reaches r3 again.
fn cues(_: u64) -> Vec<Cue> {
    let host = |id| HostId::from(ReplicaId(id));
    let cut = |from, to| Intervention::Cut { from: host(from), to: host(to) };
    vec![
        in_view(8, cut(1, 3)),
        in_view(8, cut(2, 0)),
        in_view(8, cut(2, 1)),
        in_view(8, cut(2, 3)),
        in_view(10, cut(0, 2)),
        in_view(10, cut(1, 2)),
        in_view(10, cut(3, 2)),
        after_ms(900, Intervention::Mend { from: host(1), to: host(3) }),
        after_ms(3_000, Intervention::Partition(Vec::new())),
    ]
}

fn config(seed: u64) -> SimConfig {
    SimConfig { leaders: LeaderRule::RoundRobin, ..cluster(seed, 10, 600) }
}

pub(super) const STALE_HIDDEN_LOCK: Scenario = Scenario {
    number: 10,
    name: "stale-hidden-lock",
    title: "A lock that nobody else knows of",
    lesson: "A lock is a promise not to vote against a block. r2 alone learns that a block is certified, \
        and is cut off. The others know nothing of it, and go on beside it. Where a certificate is \
        enough for a lock (two-chain), r2 comes back locked on a block that is abandoned. It lets go \
        when it is shown a newer certificate. Where a lock takes one certificate more (three-chain), \
        there is no lock that a quorum does not know of: r2 never had this one.",
    question: "What would go wrong if r2 had committed the block as soon as it was certified?",
    scripts: &[
        Script {
            label: "two-chain",
            config,
            rule: Some(CommitRule::TwoChain),
            cues,
            until: ms(12_000),
            expected: &[
                Expected::Safe,
                Expected::Abandoned { least: 1 },
                Expected::LetGo { replica: R2 },
                Expected::Answered { least: 10 },
                Expected::Committed { height: Height(16) },
            ],
        },
        Script {
            label: "three-chain",
            config,
            rule: Some(CommitRule::ThreeChain),
            cues,
            until: ms(12_000),
            expected: &[
                Expected::Safe,
                Expected::Abandoned { least: 1 },
                Expected::NeverLocked { replica: R2 },
                Expected::Answered { least: 10 },
                Expected::Committed { height: Height(16) },
            ],
        },
    ],
    contrast: None,
};
