//! Nothing that left a replica is contradicted after a restart, wherever the crash hit.

mod support;

use hotstuff_core::certificate::Vote;
use hotstuff_core::event::Event;
use hotstuff_core::*;
use std::collections::BTreeMap;
use support::{Adder, Table, committee};

/// Runs r0 by hand through `table`'s message log, noting for every output how many records were
/// durable before it.
struct Traced {
    votes: Vec<(usize, Vote)>,
    timeouts: Vec<(usize, View)>,
    proposals: Vec<(usize, View)>,
    records: Vec<Record>,
}

/// Plays a whole run of `id`, with commands and a view change, and traces what left it.
fn trace(id: u16) -> Traced {
    let mut table = Table::new(4);
    let mut inputs = Vec::new();
    for round in 0..6 {
        let op = [round];
        inputs.push((table.now, support::command(u64::from(round), &op), None));
        table.submit(u64::from(round), &op);
        while let Some(envelope) = table.lanes.pop_front() {
            if round == 2 && envelope.to == 3 {
                continue;
            }
            if envelope.to == id {
                inputs.push((table.now, support::command(0, b""), Some(envelope.clone())));
            }
            table.deliver(envelope);
        }
        table.pass_time();
        if round == 2 {
            table.lanes.clear(); // what was sent again is lost too, so views time out
            table.pass_time();
        }
    }

    let mut replica =
        Replica::new(support::setup(id), Adder::default(), Recovered::default(), Time(0)).unwrap();
    let mut traced = Traced { votes: vec![], timeouts: vec![], proposals: vec![], records: vec![] };
    traced.drain(&mut replica);
    for (time, command, envelope) in inputs {
        while replica.deadline().is_some_and(|due| due <= time) {
            replica.handle(time, Input::Tick);
            traced.drain(&mut replica);
        }
        let input = match envelope {
            None => Input::Command(verify::command(&committee(4), command).unwrap()),
            Some(envelope) => Input::Message {
                from: ReplicaId(envelope.from),
                message: verify::message(&support::committees(4), envelope.message).unwrap(),
            },
        };
        replica.handle(time, input);
        traced.drain(&mut replica);
    }
    traced
}

impl Traced {
    fn drain(&mut self, replica: &mut Replica<Adder>) {
        while let Some(output) = replica.poll_output() {
            let durable = self.records.len();
            match output {
                Output::Persist(record) => self.records.push(record),
                Output::Send { message: Message::Vote(vote), .. } => self.votes.push((durable, vote)),
                Output::Broadcast(Message::Timeout(timeout)) => self.timeouts.push((durable, timeout.view)),
                Output::Broadcast(Message::Proposal(proposal)) => {
                    self.proposals.push((durable, proposal.block.view()));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn pitfall_07_a_crash_at_any_write_forgets_nothing_that_left() {
    let (mut timeouts, mut proposals) = (0, 0);
    for id in 0..4 {
        let traced = trace(id);
        timeouts += traced.timeouts.len();
        proposals += traced.proposals.len();
        assert!(traced.votes.len() >= 8 && traced.records.len() >= 40, "the run is long enough to tell");
        for durable in 0..=traced.records.len() {
            let mut recovered = Recovered::default();
            traced.records[..durable].iter().cloned().for_each(|record| recovered.apply(record));
            let record = recovered.safety.clone();
            let last_voted = record.as_ref().and_then(|record| record.last_vote.clone());
            for (_, vote) in traced.votes.iter().filter(|(before, _)| *before <= durable) {
                let remembered = last_voted.as_ref().expect("a vote left, so it is remembered");
                assert!(
                    remembered.block.view > vote.block.view || remembered == vote,
                    "r{id} after {durable} records"
                );
            }
            for (_, view) in traced.timeouts.iter().filter(|(before, _)| *before <= durable) {
                assert!(record.as_ref().is_some_and(|record| record.last_timeout >= *view));
            }
            for (_, view) in traced.proposals.iter().filter(|(before, _)| *before <= durable) {
                assert!(record.as_ref().is_some_and(|record| record.last_proposed >= *view));
            }
            let replica = Replica::new(support::setup(id), Adder::default(), recovered, Time(0))
                .expect("every prefix restarts");
            let status = replica.status();
            assert!(status.view > status.high_qc.view, "pitfall 17");
        }
    }
    assert!(timeouts >= 4 && proposals >= 8, "{timeouts} timeouts and {proposals} proposals were traced");
}

#[test]
fn a_safety_record_that_is_older_than_what_is_committed_is_refused() {
    let mut table = Table::new(4);
    for round in 0..3 {
        table.submit(round, &[round as u8]);
        table.run_all();
    }
    let start = |recovered| Replica::new(support::setup(1), Adder::default(), recovered, Time(0)).map(drop);
    let recovered = table.recovered(1);
    assert!(start(recovered.clone()).is_ok());
    let first = recovered.committed[0].reference();
    let head = recovered.committed.last().unwrap().reference();
    let mut older = recovered.clone();
    older.safety.as_mut().unwrap().lock = first;
    assert_eq!(start(older), Err(SetupError::SafetyBehind { head, lock: first }));
    let lost = Recovered { safety: None, ..recovered };
    assert!(matches!(start(lost), Err(SetupError::SafetyBehind { .. })));
}

#[test]
fn pitfall_17_a_replica_that_voted_before_the_crash_can_still_time_out() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    table.run(|envelope| matches!(envelope.message, Message::Proposal(_)));
    assert_eq!(table.replica(0).status().last_voted, View(1));
    (0..4).for_each(|id| table.crash(id));
    (0..4).for_each(|id| table.start(id));
    table.submit(1, b"x");
    table.run_all();
    assert_eq!(table.replica(0).status().view, View(1), "nobody may vote in view 1 again");
    for _ in 0..8 {
        table.pass_time();
        table.run_all();
    }
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
}

#[test]
fn a_cluster_that_restarts_beyond_its_certificates_moves_on() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    // r1 and r2 give up on a view that r0 and r3 have not seen certified, and all restart there.
    table.run(|_| false);
    for _ in 0..3 {
        table.pass_time();
        table.run(|envelope| envelope.to != 0);
    }
    (0..4).for_each(|id| table.crash(id));
    (0..4).for_each(|id| table.start(id));
    table.submit(1, b"x");
    for _ in 0..12 {
        table.run_all();
        table.pass_time();
    }
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
}

#[test]
fn pitfall_12_commits_come_oldest_first_and_once_also_over_restarts() {
    let mut table = Table::new(4);
    for sequence in 1..=9 {
        table.submit(sequence, &[sequence as u8]);
        table.run(|envelope| sequence % 4 != 0 || envelope.to != 2);
        if sequence % 3 == 0 {
            table.crash(3);
            table.start(3);
        }
        table.pass_time();
        table.run_all();
    }
    for _ in 0..12 {
        table.pass_time();
        table.run_all();
    }
    for id in 0..4u16 {
        let mut heights = BTreeMap::new();
        let mut last = Height(0);
        for (replica, event) in &table.events {
            if let (true, Event::Committed { block, .. }) = (*replica == id, event) {
                assert_eq!(block.block.height, last.next(), "no gap, no repetition");
                last = block.block.height;
                heights.insert(last, block.block.id);
            }
        }
        assert_eq!(table.applied(id).len(), 9);
        assert_eq!(table.applied(id), table.applied(0));
    }
}

#[test]
fn a_store_of_another_cluster_is_refused() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    table.run_all();
    let mut recovered = Recovered::default();
    table.disks[0].iter().cloned().for_each(|record| recovered.apply(record));
    let first = recovered.committed[0].reference();
    let other = support::committee(5);
    let setup = Setup { committee: other, ..support::setup(0) };
    let result = Replica::new(setup, Adder::default(), recovered, Time(0));
    assert_eq!(result.err(), Some(SetupError::CorruptStore(first)));
}

/// The height of the last block that the blocks of a store commit.
fn committed_by_store(recovered: &Recovered) -> Height {
    let blocks: BTreeMap<BlockId, &Block> =
        recovered.committed.iter().chain(recovered.uncommitted.values()).map(|one| (one.id(), one)).collect();
    let consecutive_parent = |block: &&Block| {
        let parent = blocks.get(&block.parent()).copied();
        parent.filter(|parent| block.view().follows(parent.view()))
    };
    let certified = blocks.values().filter_map(|block| blocks.get(&block.parent()));
    let committed = certified.filter_map(|tip| consecutive_parent(tip).as_ref().and_then(consecutive_parent));
    committed.map(|block| block.height()).max().unwrap_or_default()
}

#[test]
fn pitfall_07_what_the_stored_blocks_commit_is_committed_wherever_a_catch_up_was_cut_off() {
    let mut table = Table::new(4);
    for sequence in 1..=6 {
        table.submit(sequence, b"x");
        for _ in 0..8 {
            table.run(|envelope| envelope.to != 0);
            table.pass_time();
        }
    }
    for _ in 0..6 {
        table.pass_time();
        table.run_all();
    }
    let records = table.disks[0].clone();
    let mut behind = 0;
    for durable in 0..=records.len() {
        let mut recovered = Recovered::default();
        records[..durable].iter().cloned().for_each(|record| recovered.apply(record));
        let expected = committed_by_store(&recovered);
        behind += usize::from(recovered.committed.len() < expected.0 as usize);
        let replica = Replica::new(support::setup(0), Adder::default(), recovered, table.now).unwrap();
        assert!(replica.status().committed_head.height >= expected, "after {durable} records");
    }
    assert!(behind > 4, "r0 fetched what it had missed");
}
