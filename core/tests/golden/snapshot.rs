//! Snapshots: the state with its proof, for who is too far behind, and for a restart.

use crate::support::{Envelope, Table, is_kind, spec, without};
use expect_test::expect_file;
use hotstuff_core::event::Event;
use hotstuff_core::message::MessageKind;
use hotstuff_core::snapshot::{Snapshot, SnapshotChunk, SnapshotRequest};
use hotstuff_core::*;

/// Replicas that take a snapshot every few blocks and keep few blocks, and send it in parts of at
/// most `chunk_bytes`.
fn table(chunk_bytes: u32) -> Table {
    let mut table = Table::empty(spec(4), 0);
    table.config.snapshot_blocks = 8;
    table.config.snapshot_chunk_bytes = chunk_bytes;
    table.config.retained_blocks = 4;
    table.quietly(|table| (0..4).for_each(|id| table.start(id)));
    table
}

/// Commands commit while r3 hears nothing.
fn run_ahead_of_r3(table: &mut Table, commands: u64) {
    for sequence in 1..=commands {
        table.submit_to(sequence, &[sequence as u8], |id| id != 3);
        table.run_until_applied(&[0, 1, 2], sequence as usize, without(3));
    }
}

#[test]
fn proven() {
    let mut table = table(1 << 20);
    table.watch(&[0]);
    table.say(
        "r0 is shown. Snapshots are due every 8 blocks. Commands commit, one after the other; up to the \
         block at height 7 nothing is stored but blocks.",
    );
    table.quietly(|table| {
        (1..=2).for_each(|sequence| {
            table.submit(sequence, &[sequence as u8]);
            table.run_until_applied(&[0, 1, 2, 3], sequence as usize, |_| true);
        });
    });
    assert!(table.recovered(0).snapshot.is_none());
    table.say(
        "The state after the first block from height 8 on is noted when that block commits. It is \
         proven, and then stored, when a block is certified whose header names the state's root: the \
         next block proposed. The snapshot holds that certificate.",
    );
    table.submit(3, &[3]);
    table.run_until_applied(&[0, 1, 2, 3], 3, |_| true);
    let snapshot = table.recovered(0).snapshot.expect("one is stored");
    table.say(
        "r0 restarts. It begins with its snapshot, executes the blocks above it, and stands where it \
         stood.",
    );
    let before = table.replica(0).status();
    table.crash(0);
    table.start(0);
    let after = table.replica(0).status();
    assert!(after.committed_head.height >= snapshot.base().height());
    assert_eq!((after.committed_head, after.state_root), (before.committed_head, before.state_root));
    expect_file!["../scripts/snapshot/proven.txt"].assert_eq(&table.script);
}

#[test]
fn taken_over() {
    let mut table = table(900);
    table.quietly(|table| run_ahead_of_r3(table, 10));
    assert!(table.recovered(0).committed[0].height() > Height(1), "early blocks are no longer stored");
    table.watch(&[3]);
    table.say(
        "r3 is shown. It has heard nothing while the others committed ten commands, took snapshots, and \
         dropped the blocks before. Now it hears of a QC for a block that it does not have.",
    );
    table.submit(11, &[11]);
    table.run_until_applied(&[3], 10, |_| true);
    table.say(
        "It asked for blocks above height 0, and was answered with the first part of a snapshot, as \
         those blocks are gone. It asked the same peer for the other parts. What came together proved \
         itself: a certificate of a block whose header names the root of this very state.",
    );
    let has_voted = table.replica(3).status().last_voted;
    table.run_until_applied(&[0, 1, 2, 3], 11, |_| true);
    table.say("From there on it follows and votes like the others.");
    table.submit(12, &[12]);
    table.run_until_applied(&[0, 1, 2, 3], 12, |_| true);
    assert!(table.has_event(3, |event| matches!(event, Event::SnapshotInstalled { .. })));
    assert!(table.replica(3).status().last_voted > has_voted);
    assert_eq!(table.replica(3).status().state_root, table.replica(0).status().state_root);
    expect_file!["../scripts/snapshot/taken_over.txt"].assert_eq(&table.script);
}

#[test]
fn lie() {
    let mut table = table(1 << 20);
    table.quietly(|table| run_ahead_of_r3(table, 10));
    table.watch(&[3]);
    table.say(
        "r3 is shown. As before it is too far behind. The first peer that it asks changes one byte of \
         the state. The proof is in order, but names the root of another state: nothing is taken over, \
         the peer is set aside, and the next one is asked.",
    );
    table.submit(11, &[11]);
    let mut liar = None;
    for _ in 0..100 {
        while let Some(Envelope { from, to, mut message }) = table.lanes.pop_front() {
            if let Message::SnapshotChunk(chunk) = &mut message
                && *liar.get_or_insert(from) == from
            {
                *chunk = altered(chunk);
            }
            table.deliver(Envelope { from, to, message });
        }
        if table.applied(3).len() >= 11 {
            break;
        }
        table.pass_time();
    }
    let liar = ReplicaId(liar.expect("someone served a snapshot"));
    assert!(table.has_event(3, |event| *event == Event::PeerSetAside { peer: liar }));
    assert_eq!(table.applied(3), table.applied(0));
    expect_file!["../scripts/snapshot/lie.txt"].assert_eq(&table.script);
}

#[test]
fn bait() {
    let mut table = Table::empty(spec(4), 0);
    table.quietly(|table| {
        (0..4).for_each(|id| table.start(id));
        run_ahead_of_r3(table, 2);
    });
    table.watch(&[3]);
    table.say(
        "r3 is shown. It is behind, but not too far: the others still have all blocks. The first peer that it \
         asks answers with a part of a snapshot that does not exist, and lets one byte follow another. \
         Meanwhile others are asked for blocks, and theirs are enough.",
    );
    table.submit(3, &[3]);
    let (mut corrupt, mut bytes, began) = (None, 0, table.now);
    while table.applied(3).len() < 3 {
        let Some(envelope) = table.lanes.pop_front() else {
            table.pass_time();
            continue;
        };
        let offset = match &envelope.message {
            Message::FetchRequest(_) => 0,
            Message::SnapshotRequest(request) => request.offset,
            _ => {
                table.deliver(envelope);
                continue;
            }
        };
        if *corrupt.get_or_insert(envelope.to) != envelope.to {
            table.deliver(envelope);
            continue;
        }
        bytes += 1;
        table.now = table.now + Span::millis(10);
        let chunk = SnapshotChunk { height: Height(1_000), total: 1 << 20, offset, bytes: vec![0] };
        table.deliver(Envelope { from: envelope.to, to: 3, message: Message::SnapshotChunk(chunk) });
    }
    assert_eq!(table.applied(3), table.applied(0));
    assert!(bytes > 100, "{bytes} parts came");
    assert!(table.now < began + table.config.timeout_max_us, "it took until {}", table.now);
    assert!(table.replica(3).footprint().snapshot_bytes > 100, "it has not ended, and harms nobody");
    expect_file!["../scripts/snapshot/bait.txt"].assert_eq(&table.script);
}

/// The same snapshot, whole in one part, with another state of the application.
fn altered(chunk: &SnapshotChunk) -> SnapshotChunk {
    let mut snapshot: Snapshot = wire::decode(&chunk.bytes).unwrap();
    let mut state = wire::encode(&snapshot.state);
    state[3] ^= 1;
    snapshot.state = wire::decode(&state).unwrap();
    let request = SnapshotRequest { height: None, offset: 0 };
    SnapshotChunk::cut(&wire::encode(&snapshot), chunk.height, request, u32::MAX)
}

#[test]
fn flood() {
    let mut table = table(1 << 20);
    table.quietly(|table| run_ahead_of_r3(table, 10));
    table.lanes.clear();
    table.watch(&[0]);
    table.say(
        "r0 is shown. r3 asks for the snapshot a hundred times at once. It is served, and not again for \
         a while; then only its latest question counts.",
    );
    let served =
        |table: &Table| table.lanes.iter().filter(|one| is_kind(MessageKind::SnapshotChunk)(one)).count();
    for _ in 0..100 {
        let request = SnapshotRequest { height: None, offset: 0 };
        table.deliver(Envelope { from: 3, to: 0, message: Message::SnapshotRequest(request) });
    }
    assert_eq!(served(&table), 1);
    table.now = table.now + table.config.serve_interval_us;
    table.input(0, Input::Tick);
    assert_eq!(served(&table), 2);
    table.now = table.now + table.config.serve_interval_us;
    table.input(0, Input::Tick);
    assert_eq!(served(&table), 2);
    expect_file!["../scripts/snapshot/flood.txt"].assert_eq(&table.script);
}
