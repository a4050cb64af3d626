//! A client that is not heard, or does not hear.

use super::cue::{after_ms, at_ms};
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::config::LinkConfig;
use crate::ids::HostId;
use crate::intervention::Intervention;
use hotstuff_core::{Height, ReplicaId};
use hotstuff_kv::Operation;

pub(super) const CLIENT_RETRIES: Scenario = Scenario {
    number: 15,
    name: "client-retries",
    title: "Asked twice, done once",
    lesson: "A client sends a command, and all replies to it get lost. It cannot know whether the command \
        was executed, so after a second it sends it again, with the same number. The replicas execute \
        the command once: to the second they send the answer that they remember. If they executed it \
        again, the client would be told that there is nothing to delete.",
    question: "How long must a replica remember its answers?",
    scripts: &[SCRIPT],
    contrast: None,
};

pub(super) const SCRIPT: Script = Script {
    label: "",
    config: |seed| cluster(seed, 0, 500),
    rule: None,
    cues: |_| {
        let good = cluster(0, 0, 0).links;
        let hosts = || (0..4).map(|id| HostId::from(ReplicaId(id)));
        let pairs = hosts().flat_map(|from| hosts().map(move |to| (from, to)));
        // Between replicas nothing gets lost: those links are set one by one.
        let single = pairs.filter(|(from, to)| from != to);
        let single = single.map(|(from, to)| Intervention::SetLink { from, to, link: good });
        let mut cues: Vec<_> = single.map(|what| at_ms(0, what)).collect();
        let key = b"door".to_vec();
        let set = Operation::Set { key: key.clone(), value: b"open".to_vec() };
        let deaf = LinkConfig { loss_ppm: 1_000_000, ..good };
        cues.extend([
            at_ms(500, Intervention::submit(set)),
            at_ms(2_000, Intervention::submit(Operation::Delete { key })),
            after_ms(60, Intervention::SetLinks(deaf)),
            after_ms(800, Intervention::SetLinks(good)),
        ]);
        cues
    },
    until: ms(8_000),
    expected: &[
        Expected::Safe,
        Expected::ExecutedOnce { repeats: 1 },
        Expected::Answered { least: 2 },
        Expected::Committed { height: Height(4) },
    ],
};
