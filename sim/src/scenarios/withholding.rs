//! Replicas that do not vote.

use super::cue::at_ms;
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::byzantine::Conduct;
use crate::ids::HostId;
use crate::intervention::Intervention;
use hotstuff_core::{Height, ReplicaId};

fn withholds(id: u16) -> Intervention {
    Intervention::Corrupt { host: HostId::from(ReplicaId(id)), conduct: Conduct::WithholdVotes }
}

pub(super) const VOTE_WITHHOLDING: Scenario = Scenario {
    number: 7,
    name: "vote-withholding",
    title: "Some do not vote",
    lesson: "Four replicas can bear one that is faulty. At first only r3 keeps its votes to itself: three \
        votes make a certificate, and the other three are enough. After five seconds r1 withholds its \
        votes too. That is one too many: there are no more certificates, and nothing is committed. \
        But nothing wrong is committed either.",
    question: "If two votes of four were enough, nobody could stop the others. What could two do then?",
    scripts: &[Script {
        label: "",
        config: |seed| cluster(seed, 16, 500),
        rule: None,
        cues: |_| vec![at_ms(1_000, withholds(3)), at_ms(5_000, withholds(1))],
        until: ms(12_000),
        expected: &[
            Expected::Safe,
            Expected::Committed { height: Height(12) },
            Expected::NoCommit { from: ms(5_500), to: ms(12_000) },
            Expected::Unanswered { from: ms(5_000) },
        ],
    }],
    contrast: None,
};
