//! Leaders that crash: one, two in a row, and one that stays down while leaders take turns.

use super::cue::in_view;
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::config::SimConfig;
use crate::intervention::Intervention;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{Height, ReplicaId, View};

const R1: ReplicaId = ReplicaId(1);
const R2: ReplicaId = ReplicaId(2);
const R3: ReplicaId = ReplicaId(3);

pub(super) const LEADER_CRASH: Scenario = Scenario {
    number: 2,
    name: "leader-crash",
    title: "The leader crashes",
    lesson: "r1 crashes just before it is its turn to lead. The others wait for a while, then say that \
        they give up on its view. Three of four such timeouts make a timeout certificate, and with \
        that the next leader may begin. No command is lost, as every replica has it. \
        From then on the chain shows that r1 was silent, and its turns go to the others.",
    question: "r1 may only be slow. Why does it do no harm to go on without it?",
    scripts: &[Script {
        label: "",
        config: |seed| cluster(seed, 10, 500),
        rule: None,
        cues: |_| vec![in_view(8, Intervention::Kill(R1.into()))],
        until: ms(10_000),
        expected: &[
            Expected::Safe,
            Expected::GaveUpBy(View(9)),
            Expected::GaveUpAtMost(3),
            Expected::GaveUpOnly { leader: R1 },
            Expected::Answered { least: 10 },
            Expected::Committed { height: Height(20) },
            Expected::NothingAbandoned,
        ],
    }],
    contrast: None,
};

pub(super) const CASCADE: Scenario = Scenario {
    number: 3,
    name: "cascading-leader-failures",
    title: "Leaders crash one after the other",
    lesson: "Seven replicas can do without two. r1 crashes when its turn comes, then r2, the next, and \
        then r3, when r1 is back already. Each costs the others one wait. When view after view fails, \
        it may be that the network is slow, so replicas grow more patient, up to a limit: their third \
        wait is twice as long. With the first commit they are as quick as before.",
    question: "Why not be patient from the beginning?",
    scripts: &[Script {
        label: "",
        config: |seed| SimConfig { replicas: 7, ..cluster(seed, 10, 500) },
        rule: None,
        cues: |_| {
            vec![
                in_view(14, Intervention::Kill(R1.into())),
                in_view(15, Intervention::Kill(R2.into())),
                in_view(16, Intervention::Kill(R3.into())),
                in_view(16, Intervention::Restart(R1.into())),
            ]
        },
        until: ms(12_000),
        expected: &[
            Expected::Safe,
            Expected::GaveUpBy(View(15)),
            Expected::BackedOff { exponent: 1 },
            Expected::Answered { least: 10 },
            Expected::Committed { height: Height(20) },
            Expected::NothingAbandoned,
        ],
    }],
    contrast: None,
};

pub(super) const CONSECUTIVE_LEADERS: Scenario = Scenario {
    number: 4,
    name: "consecutive-leader-trap",
    title: "Who collects the vote?",
    lesson: "Leaders strictly take turns, and r1 is down for good. Each leader collects the votes for the \
        block before its own, so a dead leader takes two views with it: its own, and the votes of the \
        view before. Of four views only two in a row would be left, and a commit takes three. \
        Here timeouts carry each sender's last vote: so everyone can put that certificate together, \
        and only r1's own view is lost.",
    question: "With r1 and r3 of seven replicas down, which views would be left?",
    scripts: &[Script {
        label: "",
        config: |seed| SimConfig { leaders: LeaderRule::RoundRobin, ..cluster(seed, 12, 600) },
        rule: None,
        cues: |_| vec![in_view(4, Intervention::Kill(R1.into()))],
        until: ms(20_000),
        expected: &[
            Expected::Safe,
            Expected::GaveUpBy(View(5)),
            Expected::GaveUpOnly { leader: R1 },
            Expected::Answered { least: 12 },
            Expected::Committed { height: Height(20) },
            Expected::NothingAbandoned,
        ],
    }],
    contrast: None,
};
