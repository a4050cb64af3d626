//! What must be refused is refused, says why in an event, and changes nothing.

mod support;

use hotstuff_core::block::Block;
use hotstuff_core::certificate::{Timeout, TimeoutCertificate, TimeoutSignature};
use hotstuff_core::crypto::Domain;
use hotstuff_core::event::Event;
use hotstuff_core::message::{FetchResponse, MessageKind, NewView, Proposal};
use hotstuff_core::*;
use support::{Envelope, Table, committee, is_kind, qc, secret, sign, vote};

/// A cluster in which r1 has proposed in view 1 and nothing has been delivered.
fn proposed() -> (Table, Block) {
    let mut table = Table::new(4);
    table.submit(1, b"x");
    let block = table
        .lanes
        .iter()
        .find_map(|envelope| match &envelope.message {
            Message::Proposal(proposal) => Some(proposal.block.clone()),
            _ => None,
        })
        .expect("r1 leads view 1 and has a command");
    (table, block)
}

fn refusal(table: &Table, id: u16) -> Option<Refusal> {
    table.events.iter().rev().find_map(|(replica, event)| match event {
        Event::MessageRefused { why, .. } | Event::VoteRefused { why, .. } if *replica == id => {
            Some(why.clone())
        }
        _ => None,
    })
}

/// Delivers `message` to r0 and expects it to be refused without any change.
fn refused(table: &mut Table, from: u16, message: Message) -> Refusal {
    let before = table.replica(0).status();
    let (records, messages) = (table.disks[0].len(), table.lanes.len());
    table.deliver(Envelope { from, to: 0, message });
    assert_eq!(table.replica(0).status(), before, "a refused message changes nothing");
    assert_eq!(
        (table.disks[0].len(), table.lanes.len()),
        (records, messages),
        "nor does it lead to anything"
    );
    refusal(table, 0).expect("the refusal is an event")
}

/// `block` with another header, signed by the replica that it names as its proposer.
fn altered(block: &Block, change: impl FnOnce(&mut hotstuff_core::block::Header)) -> Block {
    let mut header = block.header().clone();
    change(&mut header);
    let signature = sign(header.proposer.0, Domain::Proposal, &(header.view, header.id()));
    wire::decode(&wire::encode(&(header, signature, block.payload().clone()))).unwrap()
}

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
    let signature = sign(2, Domain::Timeout, &(View(2), View(0)));
    let timeout = Timeout { view: View(1), high_qc, last_vote: None, replica: ReplicaId(2), signature };
    assert_eq!(refused(&mut table, 2, Message::Timeout(timeout)), Refusal::BadSignature(ReplicaId(2)));

    let stranger = vote(7, block_ref(&table, 1));
    assert_eq!(refused(&mut table, 2, Message::Vote(stranger)), Refusal::Stranger(ReplicaId(7)));
}

fn block_ref(table: &Table, view: u64) -> BlockRef {
    BlockRef { view: View(view), height: Height(1), ..table.committee.genesis_qc().block }
}

#[test]
fn pitfall_02_a_certificate_that_repeats_a_signer_is_refused() {
    let (mut table, block) = proposed();
    let repeated = qc(block.reference(), &[0, 1, 1]);
    let new_view = |high_qc| Message::NewView(NewView { high_qc, tc: None });
    assert_eq!(refused(&mut table, 1, new_view(repeated)), Refusal::RepeatedSigner(ReplicaId(1)));
    let unordered = qc(block.reference(), &[0, 2, 1]);
    assert_eq!(refused(&mut table, 1, new_view(unordered)), Refusal::RepeatedSigner(ReplicaId(1)));
    let few = qc(block.reference(), &[0, 1]);
    let below = Refusal::BelowQuorum { view: View(1), have: Power(2), need: Power(3) };
    assert_eq!(refused(&mut table, 1, new_view(few)), below);
    let strange = qc(block.reference(), &[0, 1, 7]);
    assert_eq!(refused(&mut table, 1, new_view(strange)), Refusal::Stranger(ReplicaId(7)));
}

#[test]
fn pitfall_02_a_timeout_certificate_that_repeats_a_signer_is_refused() {
    let (mut table, _) = proposed();
    let part = |id| TimeoutSignature {
        replica: ReplicaId(id),
        high_qc_view: View(0),
        signature: sign(id, Domain::Timeout, &(View(5), View(0))),
    };
    let high_qc = table.committee.genesis_qc().clone();
    let certificate = |ids: [u16; 3]| {
        let signatures = ids.map(part).to_vec();
        let tc = Some(TimeoutCertificate { view: View(5), high_qc: high_qc.clone(), signatures });
        Message::NewView(NewView { high_qc: high_qc.clone(), tc })
    };
    assert_eq!(refused(&mut table, 1, certificate([1, 1, 2])), Refusal::RepeatedSigner(ReplicaId(1)));
    table.deliver(Envelope { from: 1, to: 0, message: certificate([1, 2, 3]) });
    assert_eq!(table.replica(0).status().view, View(6), "a good one is believed");
}

#[test]
fn pitfall_03_a_certificate_whose_view_was_altered_is_refused() {
    let (mut table, block) = proposed();
    let mut certificate = qc(block.reference(), &[0, 1, 2]);
    certificate.block.view = View(9);
    let message = Message::NewView(NewView { high_qc: certificate, tc: None });
    assert_eq!(refused(&mut table, 1, message), Refusal::BadCertificate(View(9)));
}

#[test]
fn pitfall_04_certificates_inside_timeouts_are_verified_first() {
    let (mut table, block) = proposed();
    let mut high_qc = qc(block.reference(), &[0, 1, 2]);
    high_qc.signatures[0].1 = high_qc.signatures[1].1;
    let signature = sign(2, Domain::Timeout, &(View(3), View(1)));
    let timeout = Timeout { view: View(3), high_qc, last_vote: None, replica: ReplicaId(2), signature };
    assert_eq!(refused(&mut table, 2, Message::Timeout(timeout)), Refusal::BadCertificate(View(1)));
}

#[test]
fn pitfall_05_the_genesis_certificate_has_one_form() {
    let (mut table, block) = proposed();
    let genesis = table.committee.genesis_qc().block;
    let other_id = BlockRef { id: block.id(), ..genesis };
    for certificate in [qc(genesis, &[0, 1, 2]), qc(other_id, &[]), qc(other_id, &[0, 1, 2])] {
        let message = Message::NewView(NewView { high_qc: certificate, tc: None });
        assert_eq!(refused(&mut table, 1, message), Refusal::NotGenesis);
    }
}

#[test]
fn pitfall_11_only_the_leaders_proposal_counts() {
    let (mut table, block) = proposed();
    let by_other = altered(&block, |header| header.proposer = ReplicaId(2));
    let message = Message::Proposal(Proposal { block: by_other, tc: None });
    let not_leader = Refusal::NotLeader { view: View(1), proposer: ReplicaId(2), leader: ReplicaId(1) };
    assert_eq!(refused(&mut table, 2, message), not_leader);
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
    assert!(table.has_event(0, |event| *event
        == Event::Equivocation {
            replica: ReplicaId(1),
            kind: MessageKind::Proposal,
            first,
            second: second_ref
        }));
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
fn pitfall_27_views_at_the_integers_end_are_refused() {
    let (mut table, block) = proposed();
    for view in [View::MAX.next(), View(u64::MAX)] {
        let far = BlockRef { view, ..block.reference() };
        let message = Message::Vote(vote(2, far));
        assert_eq!(refused(&mut table, 2, message), Refusal::ViewOutOfRange(view));
        let message = Message::NewView(NewView { high_qc: qc(far, &[0, 1, 2]), tc: None });
        assert_eq!(refused(&mut table, 2, message), Refusal::ViewOutOfRange(view));
    }
    let high_qc = table.committee.genesis_qc().clone();
    let signature = sign(2, Domain::Timeout, &(View::MAX, View(0)));
    let timeout = Timeout { view: View::MAX, high_qc, last_vote: None, replica: ReplicaId(2), signature };
    table.deliver(Envelope { from: 2, to: 0, message: Message::Timeout(timeout) });
    assert_eq!(table.replica(0).status().view, View(1), "one replica alone moves nobody");
}

#[test]
fn pitfall_28_a_forged_future_certificate_neither_raises_the_view_nor_starts_a_fetch() {
    let (mut table, _) = proposed();
    let future =
        BlockRef { view: View(1_000), height: Height(900), id: table.committee.genesis_qc().block.id };
    let mut forged = qc(future, &[0, 1, 2]);
    forged.signatures[2].1 = sign(3, Domain::Vote, &future);
    let message = Message::NewView(NewView { high_qc: forged, tc: None });
    assert_eq!(refused(&mut table, 3, message), Refusal::BadCertificate(View(1_000)));
    assert!(!table.replica(0).status().fetching);
}

#[test]
fn pitfall_26_a_flood_of_votes_for_distinct_futures_is_held_once_per_voter() {
    let (mut table, block) = proposed();
    table.lanes.clear();
    for view in 2..200 {
        let far = BlockRef { view: View(view), ..block.reference() };
        table.deliver(Envelope { from: 2, to: 0, message: Message::Vote(vote(2, far)) });
    }
    let collected =
        table.events.iter().filter(|(id, event)| *id == 0 && matches!(event, Event::VoteCollected { .. }));
    assert_eq!(collected.count(), 198, "each replaces the one before");
    assert!(table.disks[0].is_empty() && table.lanes.is_empty());
}

#[test]
fn a_replica_needs_its_own_key() {
    let setup =
        Setup { id: ReplicaId(0), key: secret(1), committee: committee(4), config: Config::default() };
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
    let response = |blocks| Message::FetchResponse(FetchResponse { target: block.id(), blocks });
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
        message: Message::FetchResponse(FetchResponse { target: tip.id, blocks }),
    });
    assert_eq!(refusal(&table, 0), Some(Refusal::Uncertified(fork.reference())));
    assert_eq!(table.disks[0].len(), records);
}

#[test]
fn payloads_over_a_limit_or_with_a_forged_command_are_refused() {
    let mut spec = support::spec(4);
    (spec.limits.block_commands, spec.limits.block_bytes, spec.limits.command_bytes) = (2, 10, 6);
    let committee = Committee::new(spec).unwrap();
    let check = |operations: &[&[u8]], forge: bool| {
        let mut commands: Vec<_> = operations
            .iter()
            .zip(1..)
            .map(|(operation, sequence)| support::command(sequence, operation))
            .collect();
        if forge {
            commands[0].operation.push(0);
        }
        let payload = hotstuff_core::command::Payload { commands };
        let header = hotstuff_core::block::Header {
            view: View(1),
            height: Height(1),
            proposer: ReplicaId(1),
            justify: committee.genesis_qc().clone(),
            payload_digest: payload.digest(),
            state_root: hotstuff_core::crypto::Digest::default(),
        };
        let signature = sign(1, Domain::Proposal, &(header.view, header.id()));
        let block: Block = wire::decode(&wire::encode(&(header, signature, payload))).unwrap();
        verify::block(&committee, &block)
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

#[test]
fn pitfall_04_a_proposals_timeout_certificate_and_a_timeouts_vote_are_verified() {
    let (mut table, block) = proposed();
    let part = |id| TimeoutSignature {
        replica: ReplicaId(id),
        high_qc_view: View(0),
        signature: sign(id, Domain::Timeout, &(View(5), View(0))),
    };
    let high_qc = table.committee.genesis_qc().clone();
    let mut tc = TimeoutCertificate {
        view: View(5),
        high_qc: high_qc.clone(),
        signatures: vec![part(0), part(1), part(2)],
    };
    let block_6 = altered(&block, |header| {
        header.view = View(6);
        header.proposer = ReplicaId(2);
    });
    tc.signatures[1].signature = tc.signatures[0].signature;
    let message = Message::Proposal(Proposal { block: block_6, tc: Some(tc.clone()) });
    assert_eq!(refused(&mut table, 2, message), Refusal::BadCertificate(View(5)));
    tc.signatures[1] = part(1);
    tc.signatures[1].high_qc_view = View(4);
    let message = Message::NewView(NewView { high_qc: high_qc.clone(), tc: Some(tc) });
    assert_eq!(refused(&mut table, 2, message), Refusal::HighQcMismatch { view: View(5), high_qc: View(0) });

    let mut last_vote = vote(2, block.reference());
    last_vote.signature = vote(3, block.reference()).signature;
    let signature = sign(2, Domain::Timeout, &(View(3), View(0)));
    let replica = ReplicaId(2);
    let with = |last_vote| {
        let high_qc = high_qc.clone();
        Message::Timeout(Timeout { view: View(3), high_qc, last_vote: Some(last_vote), replica, signature })
    };
    assert_eq!(refused(&mut table, 2, with(last_vote)), Refusal::BadSignature(ReplicaId(2)));
    assert_eq!(refused(&mut table, 2, with(vote(3, block.reference()))), Refusal::BadSignature(ReplicaId(2)));
}

#[test]
fn proof_that_more_than_f_are_faulty_halts_a_replica() {
    let (mut table, block) = proposed();
    table.run_all();
    let head = table.replica(0).status().committed_head;
    assert_eq!(head, block.reference());
    // A quorum signs a conflicting block at the head's height in a later view.
    let conflicting =
        BlockRef { view: View(9), height: head.height, id: hotstuff_core::crypto::Digest([3; 32]) };
    let child = altered(&block, |header| {
        header.view = View(10);
        header.proposer = ReplicaId(2);
        header.height = head.height.next();
        header.justify = qc(conflicting, &[1, 2, 3]);
    });
    table.deliver(Envelope {
        from: 2,
        to: 0,
        message: Message::Proposal(Proposal { block: child, tc: None }),
    });
    assert!(table.has_event(0, |event| *event == Event::Halted { head, conflicting }));
    let status = table.replica(0).status();
    assert!(status.halted && table.replica(0).deadline().is_none());
    table.submit(2, b"y");
    assert_eq!(table.replica(0).status(), status, "nothing moves it any more");
}
