//! Answers who is behind with blocks and parts of snapshots that are not what they should be.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::message::FetchResponse;
use hotstuff_core::snapshot::SnapshotChunk;
use hotstuff_core::{Message, wire};

/// How many lies it has told.
#[derive(Clone, Default)]
pub(super) struct LyingServer(u64);

impl Behaviour for LyingServer {
    fn conduct(&self) -> Conduct {
        Conduct::LyingServer
    }

    fn instead(&mut self, scene: &mut Scene<'_>, mut sending: Sending) -> Vec<Sending> {
        match &mut sending.message {
            Message::FetchResponse(response) if !response.blocks.is_empty() => {
                lie_about_blocks(scene, self.0, response);
                self.0 += 1;
            }
            Message::SnapshotChunk(chunk) if !chunk.bytes.is_empty() => {
                lie_about_state(scene, self.0, chunk);
                self.0 += 1;
            }
            _ => {}
        }
        vec![sending]
    }
}

fn lie_about_blocks(scene: &mut Scene<'_>, turn: u64, response: &mut FetchResponse) {
    let blocks = &mut response.blocks;
    match turn % 4 {
        0 => {
            // Another payload under the same header.
            let block = some(scene, blocks);
            let parts = (block.header().clone(), *block.signature(), scene.other_payload(block));
            *block = wire::decode(&wire::encode(&parts)).expect("these are a block's parts");
        }
        1 if blocks.len() > 1 => blocks.reverse(),
        2 if blocks.len() > 1 => drop(blocks.remove(0)),
        _ => {
            // A block of its own, signed as it should be, and certified by nobody.
            let block = some(scene, blocks);
            *block = scene.block(block.header().clone(), scene.other_payload(block));
        }
    }
}

fn lie_about_state(scene: &mut Scene<'_>, turn: u64, chunk: &mut SnapshotChunk) {
    match turn % 3 {
        0 => *some(scene, &mut chunk.bytes) ^= 1,
        1 => chunk.offset += 1,
        _ => chunk.total += 1,
    }
}

fn some<'a, T>(scene: &mut Scene<'_>, list: &'a mut [T]) -> &'a mut T {
    &mut list[scene.within(list.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::byzantine::stage::{Stage, config};
    use crate::{Intervention, SimConfig};
    use hotstuff_core::{CommitRule, Config, Event, Refusal, ReplicaId, Span};

    /// r0 is away again and again, and catches up each time. At first it hears the corrupt replica alone,
    /// and later not r1, whom it would ask first.
    fn staged(snapshot_blocks: u32) -> Stage {
        let timeout_min_us = Span::millis(100);
        let replica = Config { snapshot_blocks, timeout_min_us, ..Config::default() };
        let config = SimConfig { replica, ..config(CommitRule::TwoChain) };
        let mut stage = Stage::of(config, Conduct::LyingServer);
        for _ in 0..12 {
            stage.isolate(0);
            stage.run(2_000);
            for (silent, span_ms) in [(&[1, 3][..], 1_200), (&[1], 2_000)] {
                stage.sim.intervene(Intervention::Stabilize).unwrap();
                for from in silent.iter().map(|from| ReplicaId(*from).into()) {
                    stage.sim.intervene(Intervention::Cut { from, to: ReplicaId(0).into() }).unwrap();
                }
                stage.run(span_ms);
            }
        }
        stage.sim.intervene(Intervention::Stabilize).unwrap();
        stage.run(2_000);
        let heads: Vec<u64> = stage.sim.hosts().map(|host| host.status.committed_head.height.0).collect();
        assert!(heads.iter().all(|head| head + 8 >= heads[1]), "r0 has not caught up: {heads:?}");
        assert_eq!(stage.sim.violation(), None);
        stage
    }

    #[test]
    fn blocks_that_are_altered_missing_or_certified_by_nobody_are_refused() {
        let stage = staged(10_000);
        for (lie, is_told) in [
            ("another payload", (|why| matches!(why, Refusal::PayloadMismatch)) as fn(&Refusal) -> bool),
            ("no certificate", |why| matches!(why, Refusal::Uncertified(_))),
            ("a block left out", |why| matches!(why, Refusal::OffCommittedBranch(_))),
        ] {
            assert!(stage.refusals().any(is_told), "{lie}: {:?}", stage.refusals().collect::<Vec<_>>());
        }
        let is_aside = |event: &Event| *event == Event::PeerSetAside { peer: stage.corrupt.replica };
        assert!(stage.told().any(|(_, event)| is_aside(event)));
    }

    #[test]
    fn altered_parts_of_a_snapshot_prove_nothing() {
        let stage = staged(8);
        let lied = stage.said().filter(|sent| matches!(sent.message, Message::SnapshotChunk(_)));
        assert!(lied.count() > 0);
        assert!(stage.refusals().any(|why| *why == Refusal::BadSnapshot));
        let taken = |event: &Event| match event {
            Event::SnapshotInstalled { peer, .. } => {
                assert_ne!(*peer, stage.corrupt.replica, "it served a whole one");
                true
            }
            _ => false,
        };
        assert!(stage.told().filter(|(_, event)| taken(event)).count() > 0);
    }
}
