//! Snapshots: taken, proven, served part by part, taken over by who is too far behind, and found
//! again after a restart.

mod support;

use hotstuff_core::event::Event;
use hotstuff_core::message::MessageKind;
use hotstuff_core::snapshot::{Snapshot, SnapshotChunk};
use hotstuff_core::*;
use support::{Envelope, Table, is_kind};

/// A table whose replicas take a snapshot every few blocks and send it in small parts.
fn table(rule: CommitRule) -> Table {
    let spec = CommitteeSpec { rule, ..support::spec(4) };
    let mut table = Table::empty(spec, 0);
    table.config.snapshot_blocks = 8;
    table.config.snapshot_chunk_bytes = 700;
    table.config.retained_blocks = 4;
    (0..4).for_each(|id| table.start(id));
    table
}

/// Commits commands one after the other, with nothing delivered to `cut_off`.
fn commit(table: &mut Table, sequences: std::ops::RangeInclusive<u64>, cut_off: Option<u16>) {
    for sequence in sequences {
        table.submit_to(sequence, &[sequence as u8], |id| Some(id) != cut_off);
        for _ in 0..20 {
            table.run(|envelope| Some(envelope.to) != cut_off && Some(envelope.from) != cut_off);
            if table.applied(0).len() as u64 >= sequence {
                break;
            }
            table.pass_time();
        }
    }
}

fn is_installed(event: &Event) -> bool {
    matches!(event, Event::SnapshotInstalled { .. })
}

fn pruned(table: &Table, id: u16) -> Height {
    table.recovered(id).committed[0].height()
}

fn catches_up(table: &mut Table, id: u16) {
    for _ in 0..60 {
        table.run_all();
        if table.applied(id) == table.applied(0) {
            return;
        }
        table.pass_time();
    }
    panic!("r{id} has {:?} of {:?}", table.applied(id), table.applied(0));
}

#[test]
fn one_too_far_behind_takes_over_a_snapshot_and_votes_again() {
    for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
        let mut table = table(rule);
        commit(&mut table, 1..=10, Some(3));
        assert!(pruned(&table, 0) > Height(1), "early blocks are no longer stored");
        assert_eq!(table.committed(3), Height(0));
        commit(&mut table, 11..=11, None);
        catches_up(&mut table, 3);
        assert!(table.has_event(3, is_installed), "{rule:?}");
        let behind = table.replica(3).status().last_voted;
        commit(&mut table, 12..=14, None);
        catches_up(&mut table, 3);
        assert!(table.replica(3).status().last_voted > behind);
        assert_eq!(table.replica(3).status().state_root, table.replica(0).status().state_root);

        let before = table.replica(3).status();
        table.crash(3);
        table.start(3);
        let after = table.replica(3).status();
        assert_eq!((after.committed_head, after.state_root), (before.committed_head, before.state_root));
    }
}

#[test]
fn a_restart_goes_on_from_the_own_snapshot() {
    let mut table = table(CommitRule::ThreeChain);
    commit(&mut table, 1..=10, None);
    for id in 0..4 {
        let recovered = table.recovered(id);
        let base = recovered.snapshot.expect("one was taken").base().height();
        assert!(base > Height(8) && recovered.committed.len() < 30, "{base} {}", recovered.committed.len());
        let before = table.replica(id).status();
        table.crash(id);
        table.start(id);
        let after = table.replica(id).status();
        assert_eq!((after.committed_head, after.state_root), (before.committed_head, before.state_root));
        assert_eq!(table.applied(id).len(), 10);
    }
    commit(&mut table, 11..=14, None);
    assert_eq!(table.applied(1).len(), 14);
}

#[test]
fn retries_are_known_after_a_snapshot() {
    let mut table = table(CommitRule::ThreeChain);
    commit(&mut table, 1..=10, Some(3));
    commit(&mut table, 11..=11, None);
    catches_up(&mut table, 3);
    table.replies.clear();
    table.submit_to(2, &[2], |id| id == 3);
    table.run_all();
    assert_eq!(table.outcomes(2).len(), 1, "r3 answers from the client table it took over");
    assert_eq!(table.applied(3).len(), 11);
}

/// Lets r3 come back while the first peer that serves it a snapshot changes it by `lie`.
fn lied_to(lie: impl Fn(&mut Snapshot)) -> (Table, u16) {
    let mut table = table(CommitRule::ThreeChain);
    table.config.snapshot_chunk_bytes = 1 << 20;
    (0..3).for_each(|id| {
        table.crash(id);
        table.start(id);
    });
    commit(&mut table, 1..=10, Some(3));
    let submitted = support::command(11, &[11]);
    let verified = verify::command(&table.committee, submitted).unwrap();
    table.input(0, Input::Command(verified));
    let mut liar = None;
    for _ in 0..80 {
        while let Some(Envelope { from, to, mut message }) = table.lanes.pop_front() {
            if let Message::SnapshotChunk(chunk) = &mut message
                && *liar.get_or_insert(from) == from
            {
                let mut snapshot: Snapshot = wire::decode(&chunk.bytes).unwrap();
                lie(&mut snapshot);
                let encoded = wire::encode(&snapshot);
                let height = snapshot.blocks.first().map_or(chunk.height, Block::height);
                let request = snapshot::SnapshotRequest { height: None, offset: 0 };
                *chunk = SnapshotChunk::cut(&encoded, height, request, u32::MAX);
            }
            table.deliver(Envelope { from, to, message });
        }
        if table.applied(3).len() >= 10 {
            break;
        }
        table.pass_time();
    }
    (table, liar.expect("someone served a snapshot"))
}

#[test]
fn a_lying_snapshot_server_is_refused_set_aside_and_another_is_asked() {
    type Lie = (&'static str, fn(&mut Snapshot));
    let lies: [Lie; 7] = [
        ("no blocks", |snapshot| snapshot.blocks.clear()),
        ("too few blocks", |snapshot| snapshot.blocks.truncate(3)),
        ("blocks in another order", |snapshot| snapshot.blocks.swap(1, 2)),
        ("too few votes", |snapshot| snapshot.certificate.signatures.truncate(2)),
        ("another block's certificate", |snapshot| {
            snapshot.certificate = snapshot.blocks[2].justify().clone();
        }),
        ("another state", |snapshot| {
            let mut bytes = wire::encode(&snapshot.state);
            let text = bytes.len() / 3;
            bytes[text] ^= 1;
            if let Ok(state) = wire::decode(&bytes) {
                snapshot.state = state;
            }
        }),
        ("another state, of the application", |snapshot| {
            let mut bytes = wire::encode(&snapshot.state);
            bytes[3] ^= 1;
            snapshot.state = wire::decode(&bytes).unwrap();
        }),
    ];
    for (name, lie) in lies {
        let (table, liar) = lied_to(lie);
        let aside = Event::PeerSetAside { peer: ReplicaId(liar) };
        assert!(table.has_event(3, |event| *event == aside), "{name}");
        let why = |event: &Event| {
            matches!(event, Event::MessageRefused { kind: Some(MessageKind::SnapshotChunk), .. })
        };
        assert!(table.has_event(3, why), "{name}");
        assert!(table.applied(3).len() >= 10, "{name}: another peer's was good");
    }
}

#[test]
fn parts_that_nobody_asked_for_are_refused() {
    let mut table = table(CommitRule::ThreeChain);
    commit(&mut table, 1..=10, Some(3));
    let snapshot = table.recovered(0).snapshot.unwrap();
    let request = snapshot::SnapshotRequest { height: None, offset: 0 };
    let chunk = SnapshotChunk::cut(&wire::encode(&snapshot), snapshot.base().height(), request, u32::MAX);
    table.deliver(Envelope { from: 1, to: 3, message: Message::SnapshotChunk(chunk) });
    assert_eq!(support::hostile::refusal(&table, 3), Some(Refusal::Unasked(ReplicaId(1))));
    assert_eq!(table.committed(3), Height(0));
}

#[test]
fn a_download_that_stalls_is_given_up_for_another_peer() {
    let mut table = table(CommitRule::ThreeChain);
    commit(&mut table, 1..=10, Some(3));
    table.submit(11, &[11]);
    let mut first = None;
    for _ in 0..80 {
        let is_request = is_kind(MessageKind::SnapshotRequest);
        while let Some(envelope) = table.lanes.pop_front() {
            if is_request(&envelope) && *first.get_or_insert(envelope.to) == envelope.to {
                continue; // the first peer asked for more never answers
            }
            table.deliver(envelope);
        }
        if table.applied(3).len() >= 10 {
            break;
        }
        table.pass_time();
    }
    let aside = Event::PeerSetAside { peer: ReplicaId(first.expect("more was asked for")) };
    assert!(table.has_event(3, |event| *event == aside));
    assert!(table.has_event(3, is_installed));
}

/// r3, which is too far behind for blocks, comes back while parts of snapshots get lost: all that
/// `is_lost` says so of, by its number among all parts.
fn downloaded_with_losses(is_lost: impl Fn(usize) -> bool) -> Table {
    let mut table = table(CommitRule::ThreeChain);
    commit(&mut table, 1..=10, Some(3));
    table.submit(11, &[11]);
    let mut parts = 0;
    for _ in 0..80 {
        while let Some(envelope) = table.lanes.pop_front() {
            if is_kind(MessageKind::SnapshotChunk)(&envelope) {
                parts += 1;
                if is_lost(parts) {
                    continue;
                }
            }
            table.deliver(envelope);
        }
        if table.applied(3).len() >= 10 {
            break;
        }
        table.pass_time();
    }
    table
}

#[test]
fn a_lost_part_is_asked_for_again() {
    let whole = downloaded_with_losses(|_| false);
    let is_served = |event: &Event| matches!(event, Event::SnapshotServed { .. });
    let parts = whole.events.iter().filter(|(_, event)| is_served(event)).count();
    assert!(parts > 3, "{parts} parts");
    for lost in 2..=parts {
        let table = downloaded_with_losses(|number| number == lost);
        assert!(table.has_event(3, is_installed), "part {lost} of {parts}");
        let is_aside = |event: &Event| matches!(event, Event::PeerSetAside { .. });
        assert!(!table.has_event(3, is_aside), "part {lost} of {parts}: its sender is as good as any");
    }
}
