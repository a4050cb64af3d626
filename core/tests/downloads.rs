//! One who needs a snapshot gets it, whatever faulty peers offer.

mod support;

use hotstuff_core::change::CommitteeChange;
use hotstuff_core::committee::Member;
use hotstuff_core::event::Event;
use hotstuff_core::message::MessageKind;
use hotstuff_core::snapshot::SnapshotChunk;
use hotstuff_core::*;
use std::collections::{BTreeSet, VecDeque};
use support::{Envelope, Table, is_kind, secret, spec, without};

/// Replicas of which the last is so far behind that it needs a snapshot.
fn laggard(count: u16) -> Table {
    let mut table = Table::empty(spec(count), 0);
    (table.config.snapshot_blocks, table.config.retained_blocks) = (4, 4);
    table.config.snapshot_chunk_bytes = 700;
    (0..count).for_each(|id| table.start(id));
    let last = count - 1;
    for sequence in 1..=8 {
        table.submit_to(sequence, &[sequence as u8], |id| id != last);
        table.run_until_applied(&[0, 1], sequence as usize, without(last));
    }
    table
}

/// What faulty peers make of a question of the laggard.
#[derive(Clone, Copy, Debug)]
enum Conduct {
    /// Byte after byte of a snapshot that does not exist.
    Drip,
    /// Ends its download when the other faulty peer has been asked, whose first part comes just then.
    Alternate,
}

/// A part of a snapshot that does not exist.
fn part(from: u16, to: u16, offset: u64, bytes: Vec<u8>) -> Envelope {
    let chunk = SnapshotChunk { height: Height(1_000), total: 1 << 20, offset, bytes };
    Envelope { from, to, message: Message::SnapshotChunk(chunk) }
}

/// Lets the last of the replicas be served while some are faulty; returns how long it takes,
/// and how many of the faulty ones' snapshots began to come.
fn served(count: u16, faulty: &[u16], conduct: Conduct) -> (Span, usize) {
    let mut table = laggard(count);
    let (last, began) = (count - 1, table.now);
    let mut sequence = 8;
    let mut next_command = table.now;
    let mut dripping: VecDeque<(Time, Envelope)> = VecDeque::new();
    let mut asked: VecDeque<u16> = VecDeque::new();
    let mut begun = BTreeSet::new();
    while !table.has_event(last, |event| matches!(event, Event::SnapshotInstalled { .. })) {
        assert!(table.now < began + Span::millis(900_000), "{conduct:?} by {faulty:?} of {count}");
        let Some(envelope) = table.lanes.pop_front() else {
            let timer = table.replicas.iter().flatten().filter_map(Replica::deadline).min();
            let drip = dripping.front().map(|(arrives, _)| *arrives);
            if next_command <= timer.unwrap().min(drip.unwrap_or(next_command)) {
                table.now = table.now.max(next_command);
                next_command = table.now + Span::millis(3_000);
                sequence += 1;
                table.submit_to(sequence, &[1], |id| id != last); // the head runs ahead
            } else if drip.is_some_and(|drip| Some(drip) < timer) {
                let (arrives, envelope) = dripping.pop_front().unwrap();
                table.now = table.now.max(arrives);
                table.deliver(envelope);
            } else {
                table.pass_time();
            }
            continue;
        };
        if envelope.from != last || !faulty.contains(&envelope.to) {
            table.deliver(envelope);
            continue;
        }
        let from = envelope.to;
        match &envelope.message {
            Message::FetchRequest(_) => {
                asked.push_back(from);
                if matches!(conduct, Conduct::Alternate) && asked.len() > 1 {
                    table.deliver(part(asked.pop_front().unwrap(), last, 0, Vec::new()));
                }
                table.deliver(part(from, last, 0, vec![0]));
                if table
                    .lanes
                    .iter()
                    .any(|next| next.from == last && is_kind(MessageKind::SnapshotRequest)(next))
                {
                    begun.insert(from);
                }
            }
            Message::SnapshotRequest(request) => {
                let drip = part(from, last, request.offset, vec![0]);
                dripping.push_back((table.now + Span::millis(1_200), drip));
            }
            _ => table.deliver(envelope),
        }
    }
    (Span(table.now.0 - began.0), begun.len())
}

#[test]
fn one_faulty_peer_of_four_holds_it_up_for_one_turn() {
    let mut is_held_up = false;
    for faulty in 0..3 {
        let (took, begun) = served(4, &[faulty], Conduct::Drip);
        assert!(took < Span(70_000_000), "r{faulty}: {took:?}");
        is_held_up |= begun == 1 && took > Span(45_000_000);
    }
    assert!(is_held_up, "one of them is asked first");
}

#[test]
fn two_faulty_peers_of_seven_hold_it_up_for_two_turns() {
    let mut are_both_begun = false;
    for faulty in [[0, 1], [2, 5], [3, 4]] {
        let (took, begun) = served(7, &faulty, Conduct::Drip);
        assert!(took < Span(130_000_000), "{faulty:?}: {took:?}");
        are_both_begun |= begun == 2 && took > Span(90_000_000);
    }
    assert!(are_both_begun, "two of them are asked first");
}

#[test]
fn two_faulty_peers_that_take_turns_hold_it_up_no_longer() {
    let mut is_begun = false;
    for faulty in [[0, 1], [2, 5], [3, 4]] {
        let (took, begun) = served(7, &faulty, Conduct::Alternate);
        assert!(took < Span(130_000_000), "{faulty:?}: {took:?}");
        is_begun |= begun > 0;
    }
    assert!(is_begun, "one of them is asked first");
}

/// r3 knows of a block that it does not have, and of none who could have it: those of the committee that it
/// knows are gone. Who has taken their place is in an epoch that it does not know.
#[test]
fn the_committee_that_it_knew_is_gone() {
    let mut table = Table::empty(spec(4), 3);
    (0..7).for_each(|id| table.start(id));
    table.submit(1, &[1]);
    let mut is_lost = false;
    while !table.replica(3).status().fetching {
        let Some(envelope) = table.lanes.pop_front() else { panic!("r3 misses nothing") };
        let is_proposal = is_kind(MessageKind::Proposal)(&envelope);
        if envelope.to == 3 && is_proposal && !std::mem::replace(&mut is_lost, true) {
            continue;
        }
        table.deliver(envelope);
    }
    table.crash(3);
    let joins =
        |id| CommitteeChange::Add(Member { id: ReplicaId(id), key: secret(id).public(), power: Power(1) });
    let changes = (4..7).map(joins).chain((0..3).map(|id| CommitteeChange::Remove(ReplicaId(id))));
    let mut sequence = 1;
    for change in changes {
        let epoch = table.replica(4).committees().newest().epoch();
        for _ in 0..200 {
            if table.replica(4).committees().newest().epoch() > epoch {
                break;
            }
            sequence += 1;
            table.submit(sequence, change.clone()); // refused while the one before is not in force
            table.run(without(3));
            table.pass_time();
        }
    }
    let more = |table: &mut Table, sequence: &mut u64| {
        *sequence += 1;
        table.submit(*sequence, &[2]);
    };
    for count in 2..6 {
        more(&mut table, &mut sequence);
        table.run_until_applied(&[4, 5, 6], count, without(3));
    }
    (0..3).for_each(|id| table.crash(id));
    assert_eq!(table.replica(4).committees().newest().epoch(), Epoch(6));
    table.start(3);
    more(&mut table, &mut sequence);
    assert!(table.replica(3).status().high_qc.height > table.committed(3));
    let began = table.now;
    while table.applied(3).len() < 6 {
        assert!(table.now < began + Span::millis(60_000), "r3 is held at {}", table.committed(3));
        let Some(envelope) = table.lanes.pop_front() else {
            table.pass_time();
            continue;
        };
        table.deliver(envelope);
    }
    assert_eq!(table.replica(3).committees().newest().epoch(), Epoch(6));
}
