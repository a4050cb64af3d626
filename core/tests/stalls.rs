//! Runs that once stood still for good, or left something behind that others could not use.

mod support;

use hotstuff_core::certificate::Timeout;
use hotstuff_core::change::CommitteeChange;
use hotstuff_core::committee::Member;
use hotstuff_core::crypto::{Domain, Signature};
use hotstuff_core::message::MessageKind;
use hotstuff_core::snapshot::SnapshotChunk;
use hotstuff_core::*;
use std::collections::BTreeMap;
use support::{Envelope, Table, is_kind, secret, sign, spec};

/// Delivers everything and lets time pass until `id` has executed `count` commands.
fn goes_on(table: &mut Table, id: u16, count: usize) {
    for _ in 0..300 {
        table.run_all();
        if table.applied(id).len() == count {
            return;
        }
        table.pass_time();
    }
    panic!("r{id} stands still at {}", table.now);
}

/// Loses everything that is sent until a patience has passed.
fn lose_a_patience(table: &mut Table) {
    while table.now < Time(0) + table.config.timeout_min_us {
        table.lanes.clear();
        table.pass_time();
    }
}

fn only_proposal_to(id: u16) -> impl Fn(&Envelope) -> bool {
    move |envelope| envelope.to == id && is_kind(MessageKind::Proposal)(envelope)
}

#[test]
fn one_that_restarts_beyond_the_others_gives_up_with_them() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    table.run(only_proposal_to(0)); // r0 alone votes, and gives up on view 2
    table.crash(1);
    lose_a_patience(&mut table);
    table.lanes.clear();
    table.crash(0);
    table.start(0);
    table.submit_to(1, b"x", |id| id == 0);
    goes_on(&mut table, 0, 1);
}

#[test]
fn one_pulled_along_by_timeouts_shown_to_it_alone_gives_up_with_the_others() {
    let mut table = Table::new(7);
    table.submit_to(1, b"x", |id| id != 3);
    table.run(only_proposal_to(0));
    table.crash(1);
    table.crash(2);
    lose_a_patience(&mut table);
    // The corrupt r1 and r2 give up on view 2 towards r3 alone; with r0's that is f+1.
    let high_qc = table.committee.genesis_qc().clone();
    let forged = [1u16, 2].map(|id| {
        let signature = sign(id, Domain::Timeout, &(Epoch(0), View(2), View(0)));
        let (high_qc, replica) = (high_qc.clone(), ReplicaId(id));
        let timeout =
            Timeout { epoch: Epoch(0), view: View(2), high_qc, last_vote: None, replica, signature };
        Envelope { from: id, to: 3, message: Message::Timeout(timeout) }
    });
    let lanes = std::mem::take(&mut table.lanes);
    let (first, rest): (Vec<_>, Vec<_>) = lanes.into_iter().partition(|one| one.from == 0 && one.to == 3);
    forged.into_iter().chain(first).for_each(|one| table.deliver(one));
    table.lanes.extend(rest);
    goes_on(&mut table, 4, 1);
}

/// A simulated flooder did this: the replica gave up on view 3, over and over, until its stack was full.
#[test]
fn a_replica_is_not_led_astray_by_its_own_timeouts_of_before_a_restart() {
    let mut table = Table::new(4);
    let genesis = table.committee.genesis_qc().clone();
    for (replica, view) in [(0, 5), (0, 6), (1, 3)] {
        let message = support::hostile::timeout(replica, view, genesis.clone(), None);
        table.deliver(Envelope { from: 1, to: 0, message });
    }
    assert_eq!(table.replica(0).status().view, View(1), "one other alone pulls nobody along");
    table.submit(1, b"x");
    goes_on(&mut table, 0, 1);
}

#[test]
fn a_leaving_member_that_has_the_only_qc_passes_it_on() {
    let mut five = spec(5);
    five.limits.block_commands = 1;
    let mut table = Table::of(five, 0);
    table.submit(1, CommitteeChange::Remove(ReplicaId(4)));
    (2..10).for_each(|sequence| table.submit(sequence, b"z"));
    // The first leader of the new epoch shows its block, and with it the QC, to r4 alone.
    let gone = loop {
        let Some(envelope) = table.lanes.pop_front() else {
            table.pass_time();
            continue;
        };
        if matches!(&envelope.message, Message::Proposal(first) if first.block.epoch() == Epoch(1)) {
            let from = envelope.from;
            table.lanes.retain(|other| other.from != from);
            table.crash(from);
            table.deliver(Envelope { to: 4, ..envelope });
            break from;
        }
        table.deliver(envelope);
    };
    table.submit_to(20, b"y", |id| id != gone && id != 4);
    for id in (0..4).filter(|id| *id != gone) {
        goes_on(&mut table, id, 9);
    }
}

#[test]
fn pitfall_18_a_command_commits_however_long_messages_take() {
    for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
        for delay_ms in [100, 400, 600, 900, 1_500, 3_000] {
            let mut table = Table::of(CommitteeSpec { rule, ..spec(4) }, 0);
            table.submit(1, b"x");
            let (mut queue, mut sent) = (BTreeMap::new(), 0u64);
            while table.applied(0).is_empty() {
                assert!(table.now < Time(600_000_000), "{rule:?} with {delay_ms} ms");
                for envelope in std::mem::take(&mut table.lanes) {
                    sent += 1;
                    queue.insert((table.now + Span::millis(delay_ms), sent), envelope);
                }
                let timer = table.replicas.iter().flatten().filter_map(Replica::deadline).min();
                match queue.first_entry().filter(|entry| Some(entry.key().0) <= timer) {
                    Some(entry) => {
                        table.now = table.now.max(entry.key().0);
                        let envelope = entry.remove();
                        table.deliver(envelope);
                    }
                    None => table.pass_time(),
                }
            }
        }
    }
}

#[test]
fn a_restart_before_the_handover_is_stored_makes_it_again() {
    let mut table = Table::of(spec(4), 1);
    let added = Member { id: ReplicaId(4), key: secret(4).public(), power: Power(1) };
    table.submit(1, CommitteeChange::Add(added));
    let mut was_restarted = false;
    for _ in 0..2_000 {
        let Some(envelope) = table.lanes.pop_front() else {
            table.pass_time();
            continue;
        };
        table.deliver(envelope);
        if !was_restarted && table.replica(0).committees().newest().epoch() == Epoch(1) {
            assert_eq!(table.replica(0).footprint().handovers, 0, "committed just now");
            table.crash(0);
            table.start(0);
            was_restarted = true;
        }
    }
    assert!(was_restarted);
    let handovers: Vec<usize> = (0..4).map(|id| table.replica(id).footprint().handovers).collect();
    assert_eq!(handovers, [1, 1, 1, 1]);
}

/// Four replicas of which r3 is so far behind that it needs a snapshot.
fn laggard() -> Table {
    let mut table = Table::empty(spec(4), 0);
    (table.config.snapshot_blocks, table.config.retained_blocks) = (4, 4);
    (0..4).for_each(|id| table.start(id));
    for sequence in 1..=8 {
        table.submit_to(sequence, &[sequence as u8], |id| id != 3);
        for _ in 0..20 {
            table.run(|envelope| envelope.to != 3 && envelope.from != 3);
            if table.applied(0).len() as u64 >= sequence {
                break;
            }
            table.pass_time();
        }
    }
    table
}

#[test]
fn a_server_that_lets_a_snapshot_drip_does_not_keep_another_from_serving() {
    let mut table = laggard();
    table.submit_to(9, &[9], |id| id != 3);
    let mut server = None;
    while table.applied(3).len() < 8 {
        assert!(table.now < Time(120_000_000), "r3 is held at {}", table.committed(3));
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
        if *server.get_or_insert(envelope.to) != envelope.to {
            table.deliver(envelope);
            continue;
        }
        table.now = table.now + Span::millis(1_500);
        let chunk = SnapshotChunk { height: Height(1_000), total: 1 << 20, offset, bytes: vec![0] };
        table.deliver(Envelope { from: envelope.to, to: 3, message: Message::SnapshotChunk(chunk) });
    }
    assert!(server.is_some());
}

#[test]
fn a_snapshot_with_blocks_that_peers_would_refuse_is_refused() {
    let table = laggard();
    let mut snapshot = table.recovered(0).snapshot.unwrap();
    let known = table.replica(0).committees().clone();
    assert!(verify::snapshot(&known, &snapshot).is_ok());
    for block in &mut snapshot.blocks {
        let forged = (block.header().clone(), Signature([7; 64]), block.payload().clone());
        *block = wire::decode(&wire::encode(&forged)).unwrap();
    }
    assert!(matches!(verify::snapshot(&known, &snapshot), Err(Refusal::BadSignature(_))));
}
