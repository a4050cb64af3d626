//! Certificates, and whom they may move.

use crate::support::hostile::{altered, proposed, refusal, refused, timeout};
use crate::support::{Envelope, RULES, Table, qc, spec, tc, unknown, vote};
use hotstuff_core::certificate::QuorumCertificate;
use hotstuff_core::message::{FetchResponse, NewView, Proposal};
use hotstuff_core::*;

/// A QC one of whose signatures is another signer's.
fn forged(block: BlockRef) -> QuorumCertificate {
    let mut forged = qc(block, &[0, 1, 2]);
    forged.signatures[2].1 = forged.signatures[1].1;
    forged
}

#[test]
fn pitfall_04_a_forged_certificate_changes_nothing_wherever_it_stands() {
    let (mut table, block) = proposed();
    let genesis = table.committee.genesis_qc().clone();
    let bad_qc = forged(block.reference());
    let (good_tc, mut bad_tc) = (tc(5, &genesis, &[0, 1, 2]), tc(5, &genesis, &[0, 1, 2]));
    bad_tc.signatures[2].signature = bad_tc.signatures[1].signature;
    let tc_on_bad_qc = tc(5, &bad_qc, &[0, 1, 2]);
    let new_view = |high_qc: &QuorumCertificate, tc: Option<&TimeoutCertificate>| {
        Message::NewView(NewView { high_qc: high_qc.clone(), tc: tc.cloned() })
    };
    let on = |view: u64, proposer: u16, justify: &QuorumCertificate| {
        altered(&block, |header| {
            header.view = View(view);
            header.height = justify.block.height.next();
            header.proposer = ReplicaId(proposer);
            header.justify = justify.clone();
        })
    };
    let proposal = |block: &Block, tc: Option<&TimeoutCertificate>| {
        Message::Proposal(Proposal { block: block.clone(), tc: tc.cloned() })
    };
    let fetched = |certificate: &QuorumCertificate| {
        let (target, certificate) = (None, Some(certificate.clone()));
        Message::FetchResponse(FetchResponse { target, blocks: vec![block.clone()], certificate })
    };
    let by_qc = Refusal::BadCertificate(View(1));
    let by_tc = Refusal::BadCertificate(View(5));
    for (message, why) in [
        (new_view(&bad_qc, None), &by_qc),
        (new_view(&genesis, Some(&bad_tc)), &by_tc),
        (new_view(&bad_qc, Some(&good_tc)), &by_qc),
        (new_view(&genesis, Some(&tc_on_bad_qc)), &by_qc),
        (timeout(2, 3, bad_qc.clone(), None), &by_qc),
        (timeout(2, 3, genesis.clone(), Some(forged_vote(&block))), &Refusal::BadSignature(ReplicaId(2))),
        (proposal(&on(2, 2, &bad_qc), None), &by_qc),
        (proposal(&on(6, 2, &genesis), Some(&bad_tc)), &by_tc),
        (proposal(&on(6, 2, &genesis), Some(&tc_on_bad_qc)), &by_qc),
        (proposal(&on(6, 2, &bad_qc), Some(&good_tc)), &by_qc),
        (fetched(&bad_qc), &by_qc),
    ] {
        assert_eq!(refused(&mut table, 2, message), *why);
    }
    table.deliver(Envelope { from: 2, to: 0, message: new_view(&genesis, Some(&good_tc)) });
    assert_eq!(table.replica(0).status().view, View(6), "the good one is believed");
}

fn forged_vote(block: &Block) -> hotstuff_core::certificate::Vote {
    hotstuff_core::certificate::Vote { voter: ReplicaId(2), ..vote(1, block.reference()) }
}

/// A block on genesis is no way around the lock, though genesis is everybody's ancestor.
#[test]
fn pitfall_05_a_genesis_justify_does_not_bypass_the_lock() {
    for rule in RULES {
        let mut table = Table::of(CommitteeSpec { rule, ..spec(4) }, 0);
        table.submit(1, b"x");
        let Message::Proposal(first) = table.lanes[0].message.clone() else { panic!("r1 proposes") };
        (0..4).for_each(|_| table.hop(|_| true));
        table.lanes.clear();
        let before = table.replica(3).status();
        assert!(before.lock.view >= View(1), "{rule:?}: r3 is locked");
        // r2 leads view 6. Its block is on genesis; a quorum's timeouts name no higher QC.
        let block = altered(&first.block, |header| {
            header.view = View(6);
            header.proposer = ReplicaId(2);
        });
        let tc = Some(tc(5, table.committee.genesis_qc(), &[0, 1, 2]));
        let message = Message::Proposal(Proposal { block, tc });
        table.deliver(Envelope { from: 2, to: 3, message });
        let why = refusal(&table, 3);
        let is_right = match rule {
            CommitRule::ThreeChain => matches!(why, Some(Refusal::BelowLock { justify: View(0), .. })),
            CommitRule::TwoChain => matches!(why, Some(Refusal::OffCommittedBranch(_))),
        };
        assert!(is_right, "{rule:?}: {why:?}");
        assert_eq!(table.replica(3).status().last_voted, before.last_voted);
    }
}

#[test]
fn pitfall_16_any_certificate_moves_straight_to_the_next_view_whatever_carries_it() {
    let far = qc(unknown(1_000, 700), &[0, 1, 2]);
    let genesis = Table::new(4).committee.genesis_qc().clone();
    let messages = [
        (Message::NewView(NewView { high_qc: far.clone(), tc: None }), 1_001),
        (timeout(2, 1_000, far.clone(), None), 1_001),
        (
            Message::NewView(NewView { high_qc: genesis.clone(), tc: Some(tc(500, &genesis, &[1, 2, 3])) }),
            501,
        ),
        (
            Message::NewView(NewView { high_qc: genesis.clone(), tc: Some(tc(2_000, &far, &[1, 2, 3])) }),
            2_001,
        ),
        (Message::NewView(NewView { high_qc: far.clone(), tc: Some(tc(500, &genesis, &[1, 2, 3])) }), 1_001),
    ];
    for rule in RULES {
        for (message, view) in &messages {
            let mut table = Table::of(CommitteeSpec { rule, ..spec(4) }, 0);
            // The genesis certificate of the other rule's cluster is another.
            let message = match message.clone() {
                Message::NewView(mut inner) => {
                    let own = table.committee.genesis_qc().clone();
                    if inner.high_qc == genesis {
                        inner.high_qc = own.clone();
                    }
                    if let Some(tc) = inner.tc.as_mut().filter(|tc| tc.high_qc == genesis) {
                        tc.high_qc = own;
                    }
                    Message::NewView(inner)
                }
                other => other,
            };
            table.deliver(Envelope { from: 2, to: 0, message });
            assert_eq!(table.replica(0).status().view, View(*view), "{rule:?}");
        }
    }
}

#[test]
fn pitfall_19_certificates_count_whatever_is_wrong_with_the_block() {
    for rule in RULES {
        for is_by_other in [false, true] {
            let mut table = Table::of(CommitteeSpec { rule, ..spec(4) }, 0);
            table.submit(1, b"x");
            table.hop(|_| true);
            table.hop(|envelope| envelope.to == 2); // r2 makes the QC and proposes in view 2
            let block = table.lanes.iter().find_map(|envelope| match &envelope.message {
                Message::Proposal(proposal) => Some(proposal.block.clone()),
                _ => None,
            });
            let block = block.expect("r2's proposal");
            let wrong = altered(&block, |header| match is_by_other {
                true => header.proposer = ReplicaId(0),
                false => header.state_root = header.payload_digest,
            });
            table.lanes.clear();
            let before = table.replica(3).status();
            let message = Message::Proposal(Proposal { block: wrong, tc: None });
            table.deliver(Envelope { from: 2, to: 3, message });
            match refusal(&table, 3) {
                Some(Refusal::NotLeader { .. }) => assert!(is_by_other),
                Some(Refusal::StateRoot { .. }) => assert!(!is_by_other),
                other => panic!("{other:?}"),
            }
            let after = table.replica(3).status();
            assert_eq!((after.high_qc, after.view), (block.justify().block, View(2)));
            assert_eq!((before.last_voted, after.last_voted), (View(1), View(1)));
        }
    }
}

#[test]
fn pitfall_28_a_forged_future_certificate_leads_to_nothing_however_often_it_comes() {
    let mut table = Table::new(4);
    for view in 100..130 {
        let forged = forged(unknown(view, view));
        for message in [
            Message::NewView(NewView { high_qc: forged.clone(), tc: None }),
            timeout(3, view, forged.clone(), None),
        ] {
            assert_eq!(refused(&mut table, 3, message), Refusal::BadCertificate(View(view)));
        }
    }
    assert!(!table.replica(0).status().fetching);
    assert_eq!(table.replica(0).status().view, View(1));
}
