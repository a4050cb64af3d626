//! More faulty replicas than a cluster can bear: keys that two hosts share, and disks that are lost.

use super::cue::{Cue, at_ms};
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::config::SimConfig;
use crate::ids::HostId;
use crate::intervention::Intervention;
use hotstuff_core::{Height, ReplicaId};

const R2: ReplicaId = ReplicaId(2);
const R3: ReplicaId = ReplicaId(3);

fn host(id: u16) -> HostId {
    ReplicaId(id).into()
}

pub(super) const TOO_MANY_BYZANTINE: Scenario = Scenario {
    number: 12,
    name: "too-many-byzantine",
    title: "One too many",
    lesson: "Somebody has copied the keys of r2 and r3: each runs on two hosts at once. A split network \
        hides that from r0 and r1: each of them sees three replicas that work well together. Each half \
        makes certificates, and commits a store of its own. Four replicas bear one that is faulty, and \
        these are two. But nobody can deny it: whoever signed the certificates of both halves is guilty.",
    question: "How many replicas would it take to bear two that are faulty?",
    scripts: &[Script {
        label: "",
        config: |seed| SimConfig { twins: vec![R2, R3], ..cluster(seed, 8, 500) },
        rule: None,
        cues: |_| {
            let one = vec![host(0), host(2), host(3)];
            let other = vec![host(1), HostId::twin_of(R2), HostId::twin_of(R3)];
            vec![at_ms(0, Intervention::Partition(vec![one, other]))]
        },
        until: ms(12_000),
        expected: &[Expected::Conflict { culprits: &[R2, R3] }],
    }],
    contrast: None,
};

fn amnesia_config(seed: u64) -> SimConfig {
    SimConfig { twins: vec![R3], ..cluster(seed, 12, 500) }
}

/// r2 works with r0 and one r3, crashes, and starts again among r1 and the other r3.
fn amnesia(restart: Intervention) -> Vec<Cue> {
    let twin = HostId::twin_of(R3);
    let alone = vec![vec![host(0), host(3)], vec![host(1), twin]];
    vec![
        at_ms(0, Intervention::Partition(vec![vec![host(0), host(2), host(3)], vec![host(1), twin]])),
        at_ms(4_000, Intervention::Kill(host(2))),
        at_ms(4_000, Intervention::Partition(alone)),
        at_ms(4_500, Intervention::Partition(vec![vec![host(0), host(3)], vec![host(1), host(2), twin]])),
        at_ms(4_500, restart),
    ]
}

pub(super) const AMNESIA: Scenario = Scenario {
    number: 13,
    name: "amnesia",
    title: "A replica forgets",
    lesson: "r3 is faulty: it runs on two hosts, one on each side of a split network. r2 works with r0, \
        crashes, and starts again on the side of r1. With its disk it remembers what it voted for and \
        shows r1 the chain so far: all is well. Without its disk it is honest and knows nothing: it \
        votes for another chain, and r1 commits that. So a replica writes its vote to disk before it \
        sends it, and one that has lost its disk is as bad as a faulty one.",
    question: "How could a replica that has lost its disk come back without harm?",
    scripts: &[
        Script {
            label: "with its disk",
            config: amnesia_config,
            rule: None,
            cues: |_| amnesia(Intervention::Restart(host(2))),
            until: ms(14_000),
            expected: &[Expected::Safe, Expected::Committed { height: Height(6) }],
        },
        Script {
            label: "without its disk",
            config: amnesia_config,
            rule: None,
            cues: |_| amnesia(Intervention::RestartEmpty(host(2))),
            until: ms(14_000),
            expected: &[Expected::Conflict { culprits: &[R2, R3] }],
        },
    ],
    contrast: None,
};
