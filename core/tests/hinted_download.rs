//! A replica that joins knows no more of the others than that their messages are of an epoch that it does
//! not know.

mod support;

use hotstuff_core::change::CommitteeChange;
use hotstuff_core::committee::Member;
use hotstuff_core::event::Event;
use hotstuff_core::message::MessageKind;
use hotstuff_core::*;
use support::{Table, secret, spec, without};

/// Four replicas in epoch 1, which has a fifth that was never up, and snapshots of many parts.
fn before_the_fifth_starts() -> Table {
    let mut table = Table::empty(spec(4), 1);
    (table.config.snapshot_blocks, table.config.retained_blocks) = (4, 4);
    table.config.snapshot_chunk_bytes = 32;
    table.config.timeout_max_us = Span::millis(2_000);
    (0..4).for_each(|id| table.start(id));
    let added = Member { id: ReplicaId(4), key: secret(4).public(), power: Power(1) };
    table.submit(1, CommitteeChange::Add(added));
    for sequence in 2..=20 {
        table.submit(sequence, &[sequence as u8]);
        table.run_until_applied(&[0, 1, 2, 3], sequence as usize - 1, |envelope| envelope.to != 4);
    }
    table
}

/// All blocks from the first on, two at a time: every answer leads to the next question.
#[test]
fn one_message_leads_all_the_way() {
    let mut table = Table::empty(spec(4), 1);
    (0..4).for_each(|id| table.start(id));
    let added = Member { id: ReplicaId(4), key: secret(4).public(), power: Power(1) };
    for sequence in 1..=20 {
        table.submit(sequence, &[sequence as u8]);
        table.run_until_applied(&[0, 1, 2, 3], sequence as usize, |envelope| envelope.to != 4);
    }
    table.submit(21, CommitteeChange::Add(added));
    table.submit(22, &[22]);
    table.run_until_applied(&[0, 1, 2, 3], 21, |envelope| envelope.to != 4);
    table.config.fetch_blocks = 2;
    table.config.serve_interval_us = Span(1);
    for id in [0, 1, 2, 3] {
        table.crash(id);
        table.start(id);
    }
    table.start(4);
    table.submit_to(23, &[23], |id| id != 4);
    let began = table.now;
    table.run_until_applied(&[4], 22, |_| true);
    assert!(table.now < began + table.config.heartbeat_us, "it took until {}, from {began}", table.now);
}

/// r3 holds the first blocks, uncommitted, and then hears nothing until the others are an epoch ahead: what it
/// holds already leads on to what it does not.
#[test]
fn blocks_that_are_known_lead_on_too() {
    let mut table = Table::empty(spec(4), 1);
    table.config.fetch_blocks = 2;
    table.config.serve_interval_us = Span(1);
    (0..5).for_each(|id| table.start(id));
    table.submit(1, &[1]);
    while table.replica(3).footprint().uncommitted_blocks < 3 {
        let envelope = table.lanes.pop_front().expect("blocks are proposed until the command commits");
        table.deliver(envelope);
    }
    assert_eq!(table.committed(3), Height(0));
    table.lanes.retain(|envelope| envelope.to != 3);
    let added = Member { id: ReplicaId(4), key: secret(4).public(), power: Power(1) };
    table.submit_to(2, CommitteeChange::Add(added), |id| id != 3);
    for sequence in 3..=12 {
        table.submit_to(sequence, &[sequence as u8], |id| id != 3);
        table.run_until_applied(&[0, 1, 2], sequence as usize - 1, without(3));
    }
    assert_eq!(table.replica(0).status().epoch, Epoch(1));
    table.submit_to(13, &[13], |id| id != 3);
    table.run_until_applied(&[3], 12, |_| true);
}

/// The whole takes longer than the longest patience, so it comes only if no question comes between.
#[test]
fn its_own_questions_do_not_end_the_download() {
    let mut table = before_the_fifth_starts();
    table.start(4);
    let (mut sequence, mut first_parts) = (20, 0);
    for _ in 0..200_000 {
        if table.committed(4) > Height(0) || table.now > Time(120_000_000) {
            break;
        }
        let Some(envelope) = table.lanes.pop_front() else {
            sequence += 1;
            table.submit_to(sequence, &[sequence as u8], |id| id != 4);
            table.pass_time();
            continue;
        };
        if envelope.to == 4 && envelope.message.kind() == MessageKind::SnapshotChunk {
            if matches!(&envelope.message, Message::SnapshotChunk(chunk) if chunk.offset == 0) {
                first_parts += 1;
            }
            table.now = table.now + Span::millis(50);
        }
        table.deliver(envelope);
    }
    let whole = table.has_event(4, |event| matches!(event, Event::SnapshotInstalled { .. }));
    assert!(whole, "r4 has no state at {}, after {first_parts} first parts", table.now);
}
