//! Certificates that must not be believed, wherever they travel.

mod support;

use hotstuff_core::certificate::{Timeout, TimeoutCertificate, TimeoutSignature};
use hotstuff_core::crypto::Domain;
use hotstuff_core::event::Event;
use hotstuff_core::message::{NewView, Proposal};
use hotstuff_core::*;
use support::hostile::{altered, proposed, refused};
use support::{Envelope, qc, sign, tc, vote};

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
        signature: sign(id, Domain::Timeout, &(Epoch(0), View(5), View(0))),
    };
    let high_qc = table.committee.genesis_qc().clone();
    let certificate = |ids: [u16; 3]| {
        let signatures = ids.map(part).to_vec();
        let tc =
            Some(TimeoutCertificate { epoch: Epoch(0), view: View(5), high_qc: high_qc.clone(), signatures });
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
    let signature = sign(2, Domain::Timeout, &(Epoch(0), View(3), View(1)));
    let timeout = Timeout {
        epoch: Epoch(0),
        view: View(3),
        high_qc,
        last_vote: None,
        replica: ReplicaId(2),
        signature,
    };
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
fn pitfall_27_views_at_the_integers_end_are_refused() {
    let (mut table, block) = proposed();
    for view in [View::MAX.next(), View(u64::MAX)] {
        let far = BlockRef { epoch: Epoch(0), view, ..block.reference() };
        let message = Message::Vote(vote(2, far));
        assert_eq!(refused(&mut table, 2, message), Refusal::ViewOutOfRange(view));
        let message = Message::NewView(NewView { high_qc: qc(far, &[0, 1, 2]), tc: None });
        assert_eq!(refused(&mut table, 2, message), Refusal::ViewOutOfRange(view));
    }
    let high_qc = table.committee.genesis_qc().clone();
    let signature = sign(2, Domain::Timeout, &(Epoch(0), View::MAX, View(0)));
    let timeout = Timeout {
        epoch: Epoch(0),
        view: View::MAX,
        high_qc,
        last_vote: None,
        replica: ReplicaId(2),
        signature,
    };
    table.deliver(Envelope { from: 2, to: 0, message: Message::Timeout(timeout) });
    assert_eq!(table.replica(0).status().view, View(1), "one replica alone moves nobody");
}

#[test]
fn pitfall_28_a_forged_future_certificate_neither_raises_the_view_nor_starts_a_fetch() {
    let (mut table, _) = proposed();
    let future = BlockRef {
        epoch: Epoch(0),
        view: View(1_000),
        height: Height(900),
        id: table.committee.genesis_qc().block.id,
    };
    let mut forged = qc(future, &[0, 1, 2]);
    forged.signatures[2].1 = sign(3, Domain::Vote, &future);
    let message = Message::NewView(NewView { high_qc: forged, tc: None });
    assert_eq!(refused(&mut table, 3, message), Refusal::BadCertificate(View(1_000)));
    assert!(!table.replica(0).status().fetching);
}

#[test]
fn pitfall_04_a_proposals_timeout_certificate_and_a_timeouts_vote_are_verified() {
    let (mut table, block) = proposed();
    let part = |id| TimeoutSignature {
        replica: ReplicaId(id),
        high_qc_view: View(0),
        signature: sign(id, Domain::Timeout, &(Epoch(0), View(5), View(0))),
    };
    let high_qc = table.committee.genesis_qc().clone();
    let mut tc = TimeoutCertificate {
        epoch: Epoch(0),
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
    let signature = sign(2, Domain::Timeout, &(Epoch(0), View(3), View(0)));
    let replica = ReplicaId(2);
    let with = |last_vote| {
        let high_qc = high_qc.clone();
        Message::Timeout(Timeout {
            epoch: Epoch(0),
            view: View(3),
            high_qc,
            last_vote: Some(last_vote),
            replica,
            signature,
        })
    };
    assert_eq!(refused(&mut table, 2, with(last_vote)), Refusal::BadSignature(ReplicaId(2)));
    assert_eq!(refused(&mut table, 2, with(vote(3, block.reference()))), Refusal::BadSignature(ReplicaId(2)));
}

/// r0, whose committed head is at height 2 in view 2, is proposed a block above one that a quorum certifies
/// and r0 does not know. Returns the table, the head and that block.
fn shown_a_certificate(view: u64, height: u64) -> (support::Table, BlockRef, BlockRef) {
    let (mut table, block) = proposed();
    table.run_all();
    let head = table.replica(0).status().committed_head;
    assert_eq!((head.height, head.view), (Height(2), View(2)));
    let id = hotstuff_core::crypto::Digest([3; 32]);
    let certified = BlockRef { epoch: Epoch(0), view: View(view), height: Height(height), id };
    let child = altered(&block, |header| {
        header.view = View(10);
        header.proposer = ReplicaId(2);
        header.height = certified.height.next();
        header.justify = qc(certified, &[1, 2, 3]);
    });
    let tc = (view != 9).then(|| tc(9, child.justify(), &[1, 2, 3]));
    let message = Message::Proposal(Proposal { block: child, tc });
    table.deliver(Envelope { from: 2, to: 0, message });
    (table, head, certified)
}

#[test]
fn proof_that_more_than_f_are_faulty_halts_a_replica() {
    // At the head's height, in its view: as many have voted twice; in a later one: or against their lock.
    for view in [2, 9] {
        let (mut table, head, conflicting) = shown_a_certificate(view, 2);
        assert!(table.has_event(0, |event| *event == Event::Halted { head, conflicting }), "view {view}");
        let status = table.replica(0).status();
        assert!(status.halted && table.replica(0).deadline().is_none());
        table.submit(2, b"y");
        assert_eq!(table.replica(0).status(), status, "nothing moves it any more");
    }
}

#[test]
fn what_may_be_with_f_faulty_does_not_halt_a_replica() {
    // A branch that was left, one that goes on above the head, and one that left the head's below.
    for (view, height) in [(1, 2), (9, 3), (9, 1)] {
        let (table, _, certified) = shown_a_certificate(view, height);
        assert!(!table.replica(0).status().halted, "{certified}");
        assert!(!table.has_event(0, |event| matches!(event, Event::Halted { .. })), "{certified}");
    }
}
