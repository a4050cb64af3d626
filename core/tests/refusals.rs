//! What must be refused is refused, says why in an event, and changes nothing.

mod support;

use hotstuff_core::block::Block;
use hotstuff_core::certificate::Timeout;
use hotstuff_core::crypto::Domain;
use hotstuff_core::event::Event;
use hotstuff_core::message::{FetchResponse, MessageKind, NewView, Proposal};
use hotstuff_core::*;
use support::hostile::{altered, proposed, refusal, refused};
use support::{Envelope, Table, committees, is_kind, qc, secret, sign, vote};

#[test]
fn a_bad_signature_is_refused_with_its_signer() {
    let (mut table, block) = proposed();
    let mut forged = vote(2, block.reference());
    forged.voter = ReplicaId(3);
    assert_eq!(refused(&mut table, 3, Message::Vote(forged)), Refusal::BadSignature(ReplicaId(3)));

    let parts =
        (block.header().clone(), sign(2, Domain::Proposal, &(View(1), block.id())), block.payload().clone());
    let block: Block = wire::decode(&wire::encode(&parts)).unwrap();
    let proposal = Message::Proposal(Proposal { block, tc: None });
    assert_eq!(refused(&mut table, 1, proposal), Refusal::BadSignature(ReplicaId(1)));

    let high_qc = table.committee.genesis_qc().clone();
    let signature = sign(2, Domain::Timeout, &(Epoch(0), View(2), View(0)));
    let timeout = Timeout {
        epoch: Epoch(0),
        view: View(1),
        high_qc,
        last_vote: None,
        replica: ReplicaId(2),
        signature,
    };
    assert_eq!(refused(&mut table, 2, Message::Timeout(timeout)), Refusal::BadSignature(ReplicaId(2)));

    let stranger = vote(7, block_ref(&table, 1));
    assert_eq!(refused(&mut table, 2, Message::Vote(stranger)), Refusal::Stranger(ReplicaId(7)));
}

fn block_ref(table: &Table, view: u64) -> BlockRef {
    BlockRef { epoch: Epoch(0), view: View(view), height: Height(1), ..table.committee.genesis_qc().block }
}

#[test]
fn pitfall_11_only_the_leaders_proposal_counts() {
    let (mut table, block) = proposed();
    let by_other = altered(&block, |header| header.proposer = ReplicaId(2));
    table.lanes.clear();
    let message = Message::Proposal(Proposal { block: by_other, tc: None });
    table.deliver(Envelope { from: 2, to: 0, message });
    let not_leader = Refusal::NotLeader { view: View(1), proposer: ReplicaId(2), leader: ReplicaId(1) };
    assert_eq!(refusal(&table, 0), Some(not_leader));
    assert!(table.lanes.is_empty(), "no vote leaves");
    assert!(table.replica(0).recent_blocks().is_empty(), "the block is not kept");
}

#[test]
fn pitfall_11_a_second_proposal_earns_no_vote_and_is_reported() {
    let (mut table, block) = proposed();
    table.run(|envelope| envelope.to == 0 && is_kind(MessageKind::Proposal)(envelope));
    assert_eq!(table.replica(0).status().last_voted, View(1));
    let second = altered(&block, |header| header.state_root = block.id());
    let (first, second_ref) = (block.reference(), second.reference());
    table.lanes.clear();
    table.deliver(Envelope {
        from: 1,
        to: 0,
        message: Message::Proposal(Proposal { block: second, tc: None }),
    });
    assert!(table.lanes.is_empty(), "no vote leaves");
    let evidence = table.evidence(0);
    assert_eq!(evidence.len(), 1);
    assert_eq!((evidence[0].blocks(), evidence[0].kind()), ((first, second_ref), MessageKind::Proposal));
    assert_eq!(verify::evidence(&committees(4), &evidence[0]), Ok(ReplicaId(1)));
    assert_eq!(refusal(&table, 0), Some(Refusal::Equivocation { proposer: ReplicaId(1), first }));
}

#[test]
fn a_proposal_of_a_view_that_is_over_earns_no_vote() {
    let (mut table, block) = proposed();
    let envelopes = std::mem::take(&mut table.lanes);
    table.pass_time();
    table.run_all();
    let current = table.replica(0).status().view;
    assert!(current > View(1), "the view timed out");
    let voted = table.replica(0).status().last_voted;
    for envelope in envelopes.into_iter().filter(|envelope| envelope.to == 0) {
        table.deliver(envelope);
    }
    assert_eq!(table.replica(0).status().last_voted, voted);
    assert!(table.has_event(0, |event| matches!(event,
        Event::VoteRefused { block: refused, why: Refusal::Stale { view: View(1), .. } | Refusal::OffCommittedBranch(_) }
            if *refused == block.reference())));
}

#[test]
fn a_view_needs_a_certificate_of_the_view_before() {
    let (mut table, block) = proposed();
    let early = altered(&block, |header| {
        header.view = View(6);
        header.proposer = ReplicaId(2);
    });
    let message = Message::Proposal(Proposal { block: early, tc: None });
    let why = Refusal::ViewNotJustified { view: View(6), justify: View(0) };
    assert_eq!(refused(&mut table, 2, message), why);
}

#[test]
fn a_wrong_state_root_earns_no_vote() {
    let (mut table, block) = proposed();
    let wrong = altered(&block, |header| header.state_root = block.id());
    table.lanes.clear();
    table.deliver(Envelope {
        from: 1,
        to: 0,
        message: Message::Proposal(Proposal { block: wrong, tc: None }),
    });
    assert!(table.lanes.is_empty(), "no vote leaves");
    assert!(matches!(refusal(&table, 0), Some(Refusal::StateRoot { height: Height(0), .. })));
}

#[test]
fn pitfall_26_a_flood_of_votes_for_distinct_futures_is_held_once_per_voter() {
    let (mut table, block) = proposed();
    table.lanes.clear();
    for view in 2..200 {
        let far = BlockRef { epoch: Epoch(0), view: View(view), ..block.reference() };
        table.deliver(Envelope { from: 2, to: 0, message: Message::Vote(vote(2, far)) });
    }
    let collected =
        table.events.iter().filter(|(id, event)| *id == 0 && matches!(event, Event::VoteCollected { .. }));
    assert_eq!(collected.count(), 198, "each replaces the one before");
    assert!(table.disks[0].is_empty() && table.lanes.is_empty());
}

#[test]
fn a_replica_needs_its_own_key() {
    let setup = Setup { key: secret(1), ..support::setup(0) };
    let result = Replica::new(setup, support::Adder::default(), Recovered::default(), Time(0));
    assert_eq!(result.err(), Some(SetupError::WrongKey(ReplicaId(0))));
}

#[test]
fn headers_and_payloads_must_agree_with_themselves() {
    let (mut table, block) = proposed();
    let mut refuse = |change: &dyn Fn(&mut hotstuff_core::block::Header)| {
        let tc = None;
        refused(&mut table, 1, Message::Proposal(Proposal { block: altered(&block, change), tc }))
    };
    assert_eq!(
        refuse(&|header| header.height = Height(2)),
        Refusal::HeightOrder { height: Height(2), parent: Height(0) }
    );
    assert_eq!(refuse(&|header| header.payload_digest = header.state_root), Refusal::PayloadMismatch);
}

#[test]
fn fetched_blocks_are_verified_like_proposed_ones() {
    let (mut table, block) = proposed();
    let response = |blocks| {
        Message::FetchResponse(FetchResponse { target: Some(block.id()), blocks, certificate: None })
    };
    let late = altered(&block, |header| header.justify = qc(block.reference(), &[1, 2, 3]));
    let why = Refusal::ViewOrder { view: View(1), justify: View(1) };
    assert_eq!(refused(&mut table, 1, response(vec![late])), why);
    let many = vec![block.clone(); hotstuff_core::config::FETCH_BLOCKS_MAX + 1];
    assert_eq!(refused(&mut table, 1, response(many)), Refusal::TooManyBlocks(257));
    assert_eq!(refused(&mut table, 1, response(vec![block.clone()])), Refusal::Unasked(ReplicaId(1)));
}

#[test]
fn a_fetched_block_that_nothing_certifies_is_not_kept() {
    let (mut table, block) = proposed();
    table.run_all();
    table.crash(0);
    table.disks[0].clear();
    table.start(0);
    // r0 is told of a far block, asks, and is sent a fork that r1 signed for a view it leads.
    let tip = table.replica(1).status().high_qc;
    table.deliver(Envelope {
        from: 1,
        to: 0,
        message: Message::NewView(NewView { high_qc: qc(tip, &[1, 2, 3]), tc: None }),
    });
    table.pass_time();
    let asked = table.lanes.iter().find(|envelope| envelope.from == 0).expect("r0 asks someone").to;
    table.lanes.clear();
    let fork = altered(&block, |header| {
        header.view = View(5);
        header.payload_digest = block.payload().digest();
    });
    let blocks = vec![fork.clone(), block.clone()];
    let records = table.disks[0].len();
    table.deliver(Envelope {
        from: asked,
        to: 0,
        message: Message::FetchResponse(FetchResponse { target: Some(tip.id), blocks, certificate: None }),
    });
    assert_eq!(refusal(&table, 0), Some(Refusal::Uncertified(fork.reference())));
    assert_eq!(table.disks[0].len(), records);
}

#[test]
fn payloads_over_a_limit_or_with_a_forged_command_are_refused() {
    let mut spec = support::spec(4);
    (spec.limits.block_commands, spec.limits.block_bytes, spec.limits.command_bytes) = (2, 10, 6);
    let committee = std::sync::Arc::new(Committee::new(spec).unwrap());
    let check = |operations: &[&[u8]], forge: bool| {
        let mut commands: Vec<_> = operations
            .iter()
            .zip(1..)
            .map(|(operation, sequence)| support::command(sequence, operation.to_vec()))
            .collect();
        if forge {
            commands[0].operation = b"forged".into();
        }
        let payload = hotstuff_core::command::Payload { commands };
        let header = hotstuff_core::block::Header {
            epoch: Epoch(0),
            view: View(1),
            height: Height(1),
            proposer: ReplicaId(1),
            justify: committee.genesis_qc().clone(),
            payload_digest: payload.digest(),
            state_root: hotstuff_core::crypto::Digest::default(),
        };
        let signature = sign(1, Domain::Proposal, &(header.view, header.id()));
        let block: Block = wire::decode(&wire::encode(&(header, signature, payload))).unwrap();
        verify::block(&Committees::of(committee.clone()), &block)
    };
    assert_eq!(check(&[b"12345", b"12345"], false), Ok(()));
    assert_eq!(
        check(&[b"123456", b"12345"], false),
        Err(Refusal::PayloadTooLarge { commands: 2, bytes: 11 })
    );
    assert_eq!(check(&[b"1", b"2", b"3"], false), Err(Refusal::PayloadTooLarge { commands: 3, bytes: 3 }));
    let why = |why| Err(Refusal::BadCommand(support::command(1, b"").id, why));
    assert_eq!(check(&[b"1234567"], false), why(hotstuff_core::command::NotAdmitted::TooLarge));
    assert_eq!(check(&[b"1", b"2"], true), why(hotstuff_core::command::NotAdmitted::BadSignature));
}

/// One who is behind floods, or lies: it is answered once in a while.
#[test]
fn messages_of_an_epoch_that_is_over_are_answered_once_in_a_while() {
    let mut table = Table::new(4);
    let why = Refusal::OldEpoch { epoch: Epoch(0), oldest: Epoch(9) };
    let interval = table.config.serve_interval_us;
    let mut answered = 0;
    for _ in 0..3 {
        for _ in 0..100 {
            let (kind, why) = (Some(MessageKind::Vote), why.clone());
            table.input(0, Input::RefusedMessage { from: ReplicaId(3), kind, why });
        }
        let answers = |envelope: &Envelope| {
            envelope.to == 3 && matches!(envelope.message, Message::NewView(_)) && envelope.from == 0
        };
        answered += table.lanes.iter().filter(|envelope| answers(envelope)).count();
        table.lanes.clear();
        table.now = table.now + interval;
    }
    assert_eq!(answered, 3);
}
