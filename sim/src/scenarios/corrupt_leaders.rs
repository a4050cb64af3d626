//! Leaders that do not keep to the protocol.

use super::cue::{Cue, at_ms, in_view};
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::byzantine::Conduct;
use crate::config::SimConfig;
use crate::ids::HostId;
use crate::intervention::Intervention;
use hotstuff_core::{CommitRule, Config, Height, ReplicaId, Span, View};

const R1: ReplicaId = ReplicaId(1);

fn host(id: u16) -> HostId {
    ReplicaId(id).into()
}

pub(super) const EQUIVOCATING_LEADER: Scenario = Scenario {
    number: 6,
    name: "equivocating-leader",
    title: "A leader says two things",
    lesson: "When r1 leads, it signs two blocks for its view and shows each to a part of the others. Each \
        replica votes once in a view, so at most one of the two can get three votes of four, even \
        though r1 votes for both. Whoever sees both has r1's two signatures, which anyone can check: \
        evidence that r1 is faulty.",
    question: "How many replicas would have to vote twice for both blocks to be certified?",
    scripts: &[Script {
        label: "",
        config: |seed| cluster(seed, 12, 500),
        rule: None,
        cues: |_| {
            let conduct = Conduct::EquivocatingLeader;
            vec![at_ms(1_000, Intervention::Corrupt { host: host(1), conduct })]
        },
        until: ms(12_000),
        expected: &[
            Expected::Safe,
            Expected::Equivocated { replica: R1 },
            Expected::Answered { least: 12 },
            Expected::Committed { height: Height(20) },
        ],
    }],
    contrast: None,
};

/// Nobody hears r2 when it leads view 6, so r3, which is corrupt, leads view 7 by a timeout
/// certificate. The block of view 5 holds the second command: that comes when the first is done with.
fn fork(_: u64) -> Vec<Cue> {
    let conduct = Conduct::TailForker;
    let cut = |to| Intervention::Cut { from: host(2), to: host(to) };
    vec![
        in_view(5, cut(0)),
        in_view(5, cut(1)),
        in_view(5, cut(3)),
        in_view(5, Intervention::Corrupt { host: host(3), conduct }),
        in_view(7, Intervention::Partition(Vec::new())),
    ]
}

fn fork_config(seed: u64) -> SimConfig {
    let config = cluster(seed, 12, 500);
    let replica = Config { heartbeat_us: Span::millis(2_000), ..config.replica };
    SimConfig { replica, ..config }
}

pub(super) const TAIL_FORK: Scenario = Scenario {
    number: 8,
    name: "tail-fork",
    title: "A leader takes a block away",
    lesson: "r3 is corrupt. When it leads after a view that failed, it does not build on the newest \
        certified block, but on the one before. With three-chain the others vote for that, as it \
        contradicts no lock: a certified block is left behind. No harm is done, for it was not \
        committed, and its commands go into a later block. With two-chain a leader must build on the \
        newest certificate that its timeout certificate names: the others refuse, and r3 only loses \
        its turn.",
    question: "Whom would it serve to take other leaders' blocks away?",
    scripts: &[
        Script {
            label: "three-chain",
            config: fork_config,
            rule: Some(CommitRule::ThreeChain),
            cues: fork,
            until: ms(12_000),
            expected: &[
                Expected::Safe,
                Expected::Left { view: View(5) },
                Expected::ExecutedOnce { repeats: 0 },
                Expected::Answered { least: 12 },
                Expected::Committed { height: Height(12) },
            ],
        },
        Script {
            label: "two-chain",
            config: fork_config,
            rule: Some(CommitRule::TwoChain),
            cues: fork,
            until: ms(12_000),
            expected: &[
                Expected::Safe,
                Expected::Kept { view: View(5) },
                Expected::ExecutedOnce { repeats: 0 },
                Expected::Answered { least: 12 },
                Expected::Committed { height: Height(12) },
            ],
        },
    ],
    contrast: None,
};
