//! What must go on, goes on.

mod support;

use hotstuff_core::certificate::Timeout;
use hotstuff_core::crypto::Domain;
use hotstuff_core::event::{EntryCause, Event};
use hotstuff_core::message::{MessageKind, NewView, Proposal};
use hotstuff_core::*;
use support::{Envelope, Table, is_kind, qc, sign, vote};

fn reference(view: u64, height: u64, salt: u8) -> BlockRef {
    BlockRef {
        epoch: Epoch(0),
        view: View(view),
        height: Height(height),
        id: hotstuff_core::crypto::Digest([salt; 32]),
    }
}

fn timeout(table: &Table, view: u64, id: u16) -> Message {
    let high_qc = table.committee.genesis_qc().clone();
    let signature = sign(id, Domain::Timeout, &(Epoch(0), View(view), View(0)));
    Message::Timeout(Timeout {
        epoch: Epoch(0),
        view: View(view),
        high_qc,
        last_vote: None,
        replica: ReplicaId(id),
        signature,
    })
}

#[test]
fn pitfall_13_bad_and_repeated_votes_do_not_keep_a_certificate_from_forming() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    let is_vote = is_kind(MessageKind::Vote);
    table.run(|envelope| !is_vote(envelope));
    let block = table.replica(2).status();
    assert_eq!(block.high_qc.view, View(0), "the collector, r2, has its own vote only");
    let proposed = table.replica(2).recent_blocks()[0].block;

    let mut forged = vote(3, proposed);
    forged.signature = vote(1, proposed).signature;
    table.deliver(Envelope { from: 3, to: 2, message: Message::Vote(forged) });
    for _ in 0..5 {
        table.deliver(Envelope { from: 3, to: 2, message: Message::Vote(vote(3, reference(1, 1, 7))) });
        table.deliver(Envelope { from: 0, to: 2, message: Message::Vote(vote(0, proposed)) });
    }
    assert_eq!(table.replica(2).status().high_qc.view, View(0), "two good votes are no quorum");
    table.deliver(Envelope { from: 1, to: 2, message: Message::Vote(vote(1, proposed)) });
    assert_eq!(table.replica(2).status().high_qc, proposed);
}

#[test]
fn two_votes_of_one_replica_in_a_view_are_reported() {
    let mut table = Table::new(4);
    for salt in [1, 2, 3] {
        table.deliver(Envelope { from: 3, to: 2, message: Message::Vote(vote(3, reference(1, 1, salt))) });
    }
    let evidence = table.evidence(2);
    assert_eq!((evidence.len(), evidence[0].kind()), (1, MessageKind::Vote));
    assert_eq!(verify::evidence(&support::committees(4), &evidence[0]), Ok(ReplicaId(3)));
}

#[test]
fn pitfall_14_timeouts_of_different_views_make_no_certificate() {
    let mut table = Table::new(4);
    table.deliver(Envelope { from: 1, to: 0, message: timeout(&table, 5, 1) });
    table.deliver(Envelope { from: 2, to: 0, message: timeout(&table, 6, 2) });
    let formed = |event: &Event| matches!(event, Event::TcFormed { .. });
    assert!(!table.has_event(0, formed));
    let gave_up =
        |view| move |event: &Event| matches!(event, Event::TimedOut { view: of, .. } if *of == view);
    assert!(table.has_event(0, gave_up(View(5))), "f+1 are at view 5 or beyond, so r0 joins them");
    assert_eq!(table.replica(0).status().view, View(5), "an honest one of them was there");
    table.deliver(Envelope { from: 3, to: 0, message: timeout(&table, 6, 3) });
    assert!(!table.has_event(0, |event| matches!(event, Event::TcFormed { view: View(5), .. })));
    assert!(
        table.has_event(0, |event| matches!(event, Event::TcFormed { view: View(6), .. })),
        "with r0's own"
    );
}

#[test]
fn pitfall_16_a_certificate_moves_straight_to_the_next_view() {
    let mut table = Table::new(4);
    let far = reference(1_000, 700, 1);
    let message = Message::NewView(NewView { high_qc: qc(far, &[0, 1, 2]), tc: None });
    table.deliver(Envelope { from: 1, to: 0, message });
    assert_eq!(table.replica(0).status().view, View(1_001));
    let entered =
        table.events.iter().filter(|(id, event)| *id == 0 && matches!(event, Event::ViewEntered { .. }));
    assert_eq!(entered.count(), 2, "view 1 at start and view 1001, none between");
}

#[test]
fn pitfall_19_a_proposals_certificates_count_even_where_its_block_is_refused() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    table.run(|envelope| envelope.to != 0);
    let proposal = Message::Proposal(latest_proposal_of(&table));
    let before = table.replica(0).status();
    assert_eq!(before.high_qc.view, View(0));
    table.deliver(Envelope { from: 1, to: 0, message: proposal });
    let after = table.replica(0).status();
    assert!(after.high_qc.view > View(0) && after.view > before.view, "the justify counts");
    assert_eq!(after.last_voted, before.last_voted, "the block, whose parent is unknown, earns no vote yet");
}

/// The stored block of the highest view at r1, as its proposal.
fn latest_proposal_of(table: &Table) -> Proposal {
    let blocks = table.disks[1].iter().filter_map(|record| match record {
        Record::Block(block) => Some(block.clone()),
        _ => None,
    });
    let block = blocks.max_by_key(Block::view).expect("r1 has stored blocks");
    Proposal { block, tc: None }
}

#[test]
fn pitfall_20_a_lone_command_commits_without_further_traffic_or_time() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    table.run_all();
    assert_eq!(table.now, Time(0));
    for id in 0..4 {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
    assert_eq!(table.outcomes(1).len(), 4, "every replica replies");
}

#[test]
fn pitfall_22_every_command_commits_with_one_replica_down() {
    for down in 0..4 {
        let mut table = Table::new(4);
        table.crash(down);
        let up: Vec<u16> = (0..4).filter(|id| *id != down).collect();
        for sequence in 1..=10 {
            table.submit(sequence, &[sequence as u8]);
            for _ in 0..12 {
                table.run_all();
                if up.iter().all(|id| table.applied(*id).len() == sequence as usize) {
                    break;
                }
                table.pass_time();
            }
            for id in &up {
                assert_eq!(
                    table.applied(*id).len(),
                    sequence as usize,
                    "r{down} down, r{id}, command {sequence}"
                );
            }
        }
    }
}

#[test]
fn pitfall_23_a_certificate_for_an_unknown_block_starts_a_bounded_fetch() {
    let mut table = Table::new(4);
    let far = reference(9, 5, 1);
    let message = Message::NewView(NewView { high_qc: qc(far, &[0, 1, 2]), tc: None });
    table.deliver(Envelope { from: 1, to: 0, message });
    assert!(table.replica(0).status().fetching);
    let mut asked = Vec::new();
    for _ in 0..60 {
        table.pass_time();
        table.lanes.retain(|envelope| match &envelope.message {
            Message::FetchRequest(request) if envelope.from == 0 => {
                assert_eq!(request.target, Some(far));
                asked.push(envelope.to);
                false
            }
            _ => false,
        });
    }
    assert!((3..60).contains(&asked.len()), "again and again, and less and less: {} times", asked.len());
    assert!([1, 2, 3].iter().all(|peer| asked.contains(peer)), "every peer in turn");
}

#[test]
fn pitfall_23_answers_that_nobody_asked_for_do_not_put_a_fetch_off() {
    let mut table = Table::new(4);
    let message = Message::NewView(NewView { high_qc: qc(reference(9, 5, 1), &[0, 1, 2]), tc: None });
    table.deliver(Envelope { from: 1, to: 0, message });
    table.pass_time();
    for _ in 0..100 {
        // r3 was not asked, or not since it answered.
        let (kind, why) = (Some(MessageKind::FetchResponse), Refusal::BadSignature(ReplicaId(3)));
        table.input(0, Input::RefusedMessage { from: ReplicaId(3), kind, why });
    }
    let asked = |table: &Table| {
        table
            .events
            .iter()
            .filter(|(id, event)| *id == 0 && matches!(event, Event::FetchStarted { .. }))
            .count()
    };
    let before = asked(&table);
    let wait = table.config.fetch_retry_us;
    for _ in 0..3 {
        table.now = table.now + wait;
        table.input(0, Input::Tick);
    }
    assert!(asked(&table) >= before + 2, "it goes on asking at its own pace");
}

#[test]
fn pitfall_30_a_retry_gets_the_same_reply_and_executes_nothing() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    table.run_all();
    let first = table.outcomes(1);
    table.replies.clear();
    table.submit(1, b"x");
    table.run_all();
    assert_eq!(table.outcomes(1).len(), 4);
    assert!(table.outcomes(1).iter().all(|(_, outcome)| *outcome == first[0].1));
    assert_eq!(table.applied(0).len(), 1);
}

#[test]
fn an_idle_cluster_sends_heartbeats_and_gives_up_on_no_view() {
    for is_fresh in [true, false] {
        let mut table = Table::new(4);
        if !is_fresh {
            table.submit(1, b"x");
            table.run_all();
        }
        let before = table.replica(0).status().view;
        while table.now < Time(60_000_000) {
            table.pass_time();
            table.run_all();
        }
        let views = table.replica(0).status().view.0 - before.0;
        assert!((28..=31).contains(&views), "{views} heartbeats in a minute, one each 2 s");
        assert!(!table.events.iter().any(|(_, event)| matches!(event, Event::TimedOut { .. })));
        assert!(!table.events.iter().any(|(_, event)| matches!(
            event,
            Event::ViewEntered { cause: EntryCause::Tc | EntryCause::WeakQuorum, .. }
        )));
    }
}

#[test]
fn proposals_that_overtake_each_other_are_both_taken_in() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    let to_r0 = |envelope: &Envelope| envelope.to == 0 && is_kind(MessageKind::Proposal)(envelope);
    let first = table.lanes.iter().find(|envelope| to_r0(envelope)).cloned().expect("view 1's proposal");
    table.run(|envelope| {
        let view =
            if let Message::Proposal(proposal) = &envelope.message { proposal.block.view().0 } else { 0 };
        envelope.to != 0 || view == 2
    });
    assert_eq!(table.replica(0).status().last_voted, View(0), "view 2's parent is missing");
    table.deliver(first);
    assert_eq!(table.replica(0).status().last_voted, View(2));
}

#[test]
fn a_replayed_timeout_is_not_answered() {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    table.run(|_| false);
    table.pass_time();
    table.run(|_| false); // what was sent again
    table.pass_time();
    let of = |id| move |envelope: &&Envelope| envelope.from == id && is_kind(MessageKind::Timeout)(envelope);
    let [own, others] =
        [0, 2].map(|id| table.lanes.iter().find(of(id)).cloned().expect("r0 and r2 gave up").message);
    table.run_all();
    assert!(table.replica(0).status().view > View(1));
    for message in [own, others.clone()] {
        table.deliver(Envelope { from: 3, to: 0, message });
        assert!(table.lanes.is_empty());
    }
    table.deliver(Envelope { from: 2, to: 0, message: others });
    assert!(matches!(table.lanes.pop_front(), Some(Envelope { to: 2, message: Message::NewView(_), .. })));
}

#[test]
fn commands_on_a_dead_fork_do_not_keep_the_clock_running() {
    let mut table = Table::new(4);
    // Only r1, the leader, has the command; only r2 gets its proposal; then r1 is lost with it.
    let verified = verify::command(&table.committee, support::command(1, b"x")).unwrap();
    table.input(1, Input::Command(verified));
    table.run(|envelope| envelope.to == 2 && is_kind(MessageKind::Proposal)(envelope));
    table.lanes.clear();
    table.crash(1);
    table.disks[1].retain(|record| !matches!(record, Record::Block(_)));
    table.start(1);
    let mut gave_up_at = Time(0);
    while table.now < Time(120_000_000) {
        let before = table.events.len();
        table.pass_time();
        table.run_all();
        if table.events[before..].iter().any(|(_, event)| matches!(event, Event::TimedOut { .. })) {
            gave_up_at = table.now;
        }
    }
    assert!(gave_up_at < Time(30_000_000), "the last view was given up at {gave_up_at}");
    assert!(table.committed(0) > Height(10));
    for id in 0..4 {
        assert_eq!(table.committed(id), table.committed(0));
    }
}

#[test]
fn replicas_at_rest_have_committed_the_same_blocks() {
    let mut table = Table::new(4);
    for sequence in 1..=20 {
        table.submit(sequence, b"x");
        table.run_all();
        for _ in 0..sequence % 4 {
            let status = table.replica(0).status();
            for id in 1..4 {
                let other = table.replica(id).status();
                assert_eq!((other.committed_head, other.view), (status.committed_head, status.view));
                assert_eq!(other.state_root, status.state_root);
            }
            table.pass_time();
            table.run_all();
        }
    }
}

/// Replicas of which r1 led view 1, showed its block to `seen_by` alone, and is down since;
/// nothing else has arrived, and all have given up.
fn left_by_the_leader(count: u16, seen_by: u16) -> Table {
    let mut table = Table::new(count);
    table.submit(1, b"x");
    table.run(|envelope| envelope.to == seen_by && is_kind(MessageKind::Proposal)(envelope));
    table.crash(1);
    for _ in 0..3 {
        table.pass_time();
        table.lanes.clear();
    }
    table
}

#[test]
fn a_replica_that_restarts_where_it_gave_up_on_the_next_view_helps_those_behind() {
    let mut table = left_by_the_leader(4, 3);
    table.crash(3);
    table.start(3); // in view 2, without a certificate for view 1
    table.submit(1, b"x");
    for _ in 0..30 {
        table.pass_time();
        table.run_all();
    }
    for id in [0, 2, 3] {
        assert_eq!(table.applied(id), [b"x".to_vec()]);
    }
}

#[test]
fn corrupt_ones_that_run_ahead_towards_one_replica_do_not_part_it_from_the_others() {
    // r0 gives up on view 1; r1 and r6 on view 2, but they say so to r2 alone, and then no more.
    let mut table = left_by_the_leader(7, 0);
    table.crash(6);
    for id in [1, 6] {
        let message = timeout(&table, 2, id);
        table.deliver(Envelope { from: id, to: 2, message });
    }
    let of_r0 = |event: &Event| matches!(event, Event::TimedOut { view: View(1), .. });
    for _ in 0..8 {
        table.pass_time();
        table.run(|envelope| envelope.from == 0 && envelope.to == 2);
    }
    assert!(table.has_event(0, of_r0));
    assert_eq!(table.replica(2).status().view, View(1), "f alone pull nobody along");
    for _ in 0..30 {
        table.pass_time();
        table.run_all();
    }
    for id in [0, 2, 3, 4, 5] {
        assert_eq!(table.applied(id), [b"x".to_vec()], "r{id}");
    }
}

#[test]
fn a_corrupt_leader_cannot_split_those_who_give_up_over_two_views() {
    // r0 alone saw r1's block, and waits for view 2; r1 joins it there, and the others know nothing of it.
    let mut table = left_by_the_leader(4, 0);
    let message = timeout(&table, 2, 1);
    table.deliver(Envelope { from: 1, to: 0, message });
    for _ in 0..30 {
        table.pass_time();
        table.run_all();
    }
    for id in [0, 2, 3] {
        assert_eq!(table.applied(id), [b"x".to_vec()], "r{id}");
    }
}
