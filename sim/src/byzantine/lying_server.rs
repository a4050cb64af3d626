//! Answers who is behind with blocks and parts of snapshots that are not what they should be.

use super::{Behaviour, Conduct, Scene, Sending};
use hotstuff_core::message::FetchResponse;
use hotstuff_core::snapshot::SnapshotChunk;
use hotstuff_core::{Message, wire};

/// How many lies it has told.
#[derive(Default)]
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
