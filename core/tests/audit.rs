//! An audit finds nothing in what replicas have stored, and whatever was done to it.

mod support;

use hotstuff_core::audit::{Audit, Finding, audit};
use hotstuff_core::block::Header;
use hotstuff_core::command::Payload;
use hotstuff_core::crypto::{Digest, Signature};
use hotstuff_core::*;
use std::collections::BTreeMap;
use support::chaos::chaos;
use support::{Adder, RULES, Table, secret, spec, within};

fn audited(table: &Table, id: u16, recovered: Recovered) -> Audit {
    audit(ReplicaId(id), &table.committee, Adder::default(), recovered)
}

/// That the stores of all replicas are as they should be, and say what the replicas do.
fn assert_clean(table: &Table, replicas: std::ops::Range<u16>) {
    for id in replicas {
        let found = audited(table, id, table.recovered(id));
        assert_eq!(found.findings, [], "r{id}");
        let status = table.replica(id).status();
        assert_eq!((found.head, found.state_root), (status.committed_head, status.state_root), "r{id}");
    }
}

fn member(id: u16, power: u64) -> hotstuff_core::committee::Member {
    hotstuff_core::committee::Member { id: ReplicaId(id), key: secret(id).public(), power: Power(power) }
}

/// Runs with snapshots, leaders that fail, partitions, and two changes of the committee, the second of
/// which removes who was there from the start.
fn eventful(rule: CommitRule) -> Table {
    let mut table = Table::empty(CommitteeSpec { rule, ..spec(4) }, 1);
    table.config = Config { snapshot_blocks: 8, retained_blocks: 8, ..Config::default() };
    (0..4).for_each(|id| table.start(id));
    for round in 0..12u64 {
        table.submit(round, &[round as u8]);
        match round {
            3 => {
                table.run(within(&[0, 1]));
                table.lanes.clear();
                table.pass_time();
            }
            6 => {
                table.crash(2);
                table.start(2);
            }
            _ => {}
        }
        let applied = round as usize + 1;
        table.run_until_applied(&[0, 1, 2, 3], applied, |_| true);
        assert_clean(&table, 0..4);
    }
    table.submit(20, CommitteeChange::Add(member(4, 1)));
    table.run_all();
    table.submit(21, b"x");
    table.run_all();
    table.submit(22, CommitteeChange::Remove(ReplicaId(0)));
    table.run_all();
    table.start(4);
    for round in 23..36u64 {
        table.submit(round, &[round as u8]);
        table.run_until_applied(&[1, 2, 3, 4], round as usize - 9, |_| true);
    }
    table
}

#[test]
fn what_replicas_store_is_clean() {
    for rule in RULES {
        let table = eventful(rule);
        assert_clean(&table, 1..5);
        let joined = audited(&table, 4, table.recovered(4));
        assert_eq!(joined.epoch, Epoch(2));
        assert!(table.recovered(4).snapshot.is_some(), "r4 has taken a snapshot over");
        assert!(joined.certificates > 5 && joined.committed > 3 && joined.proven > Height(30), "{joined:?}");
        // The one that was removed knows of that.
        assert_eq!(audited(&table, 0, table.recovered(0)).findings, []);
    }
}

#[test]
fn whatever_happens_stores_are_clean() {
    for rule in RULES {
        for seed in 0..2 {
            assert_clean(&chaos(rule, seed, 500), 0..4);
        }
    }
}

/// What a timeout certificate proves of this replica counts as what a block's does.
#[test]
fn a_vote_that_only_a_timeout_certificate_knows_of_is_found_when_forgotten() {
    let table = chaos(CommitRule::ThreeChain, 1, 500);
    let signed = |id: u16| {
        let tc = table.recovered(id).tc.filter(|tc| tc.high_qc.signers().any(|signer| signer.0 == id));
        tc.map(|tc| (id, tc))
    };
    let (id, tc) =
        (0..4).find_map(signed).expect("one of them voted for the high QC of a certificate it has");
    let found = audited(&table, id, Recovered { tc: Some(tc), ..Recovered::default() }).findings;
    let forgotten = |finding: &Finding| matches!(finding, Finding::VoteForgotten { .. });
    assert!(found.iter().any(forgotten), "{found:?}");
}

#[test]
fn a_new_store_is_clean() {
    let found = audited(&Table::new(4), 0, Recovered::default());
    assert_eq!((found.findings, found.head.height), (vec![], Height(0)));
}

/// The block with something in its header changed, by a leader who signs anything.
fn changed(block: &Block, change: impl FnOnce(&mut Header)) -> Block {
    let (mut header, _, payload): (Header, Signature, Payload) = wire::decode(&wire::encode(block)).unwrap();
    change(&mut header);
    let key = secret(header.proposer.0);
    let signed = (header.view, header.id());
    let signature = key.sign(crypto::Domain::Proposal, &spec(4).cluster, &signed);
    wire::decode(&wire::encode(&(header, signature, payload))).unwrap()
}

fn without_payload(block: &Block) -> Block {
    let (header, signature, _): (Header, Signature, Payload) = wire::decode(&wire::encode(block)).unwrap();
    wire::decode(&wire::encode(&(header, signature, Payload::default()))).unwrap()
}

/// What is done to a store, and what is to be found.
type Case = (&'static str, fn(&mut Recovered), fn(&Finding) -> bool);

const CASES: &[Case] = &[
    (
        "a payload is gone",
        |r| edit(&mut r.committed, without_payload),
        |f| matches!(f, Finding::Block { why: Refusal::PayloadMismatch, .. }),
    ),
    (
        "a state root is another",
        |r| edit(&mut r.committed, |b| changed(b, |h| h.state_root = Digest([1; 32]))),
        |f| matches!(f, Finding::Block { why: Refusal::StateRoot { .. }, .. }),
    ),
    (
        "a proposer is another",
        |r| edit(&mut r.committed, |b| changed(b, |h| h.proposer.0 = (h.proposer.0 + 1) % 4)),
        |f| matches!(f, Finding::Block { why: Refusal::NotLeader { .. }, .. }),
    ),
    (
        "a certificate lacks a signature",
        |r| edit(&mut r.committed, |b| changed(b, |h| h.justify.signatures.truncate(2))),
        |f| matches!(f, Finding::Block { why: Refusal::BelowQuorum { .. }, .. }),
    ),
    (
        "a certificate has a bad signature",
        |r| edit(&mut r.committed, |b| changed(b, |h| h.justify.signatures[0].1.0[5] ^= 1)),
        |f| matches!(f, Finding::Block { why: Refusal::BadCertificate(_), .. }),
    ),
    ("a block is missing", |r| drop(r.committed.remove(2)), |f| matches!(f, Finding::NotNext { .. })),
    (
        "the first blocks are missing",
        |r| drop(r.committed.drain(..3)),
        |f| matches!(f, Finding::Block { why: Refusal::OffCommittedBranch(_), .. }),
    ),
    (
        "nothing commits the head",
        |r| {
            r.uncommitted.clear();
            r.high_qc = None;
        },
        |f| matches!(f, Finding::NotCommitted { .. }),
    ),
    (
        "the high QC is bad",
        |r| r.high_qc.as_mut().unwrap().signatures[0].1.0[5] ^= 1,
        |f| matches!(f, Finding::HighQc(Refusal::BadCertificate(_))),
    ),
    ("the high QC is gone", |r| r.high_qc = None, |f| matches!(f, Finding::HighQcBehind { .. })),
    (
        "the safety record is gone",
        |r| r.safety = None,
        |f| {
            matches!(
                f,
                Finding::LockBehind { .. }
                    | Finding::VoteForgotten { .. }
                    | Finding::ProposalForgotten { .. }
            )
        },
    ),
    (
        "the lock is an older one",
        |r| {
            let old = r.committed[0].reference();
            r.safety.as_mut().unwrap().lock = old;
        },
        |f| matches!(f, Finding::LockBehind { .. }),
    ),
    (
        "the lock is on another block",
        |r| {
            let lock = &mut r.safety.as_mut().unwrap().lock;
            lock.height.0 = 2;
            lock.id = Digest([1; 32]);
        },
        |f| matches!(f, Finding::LockConflicts { .. }),
    ),
    (
        "the lock is on an unknown block",
        |r| {
            let lock = &mut r.safety.as_mut().unwrap().lock;
            lock.height.0 += 9;
            lock.id = Digest([1; 32]);
        },
        |f| matches!(f, Finding::LockUnknown(_)),
    ),
    (
        "the last vote is gone",
        |r| r.safety.as_mut().unwrap().last_vote = None,
        |f| matches!(f, Finding::VoteForgotten { .. }),
    ),
    (
        "the last vote is another's",
        |r| r.safety.as_mut().unwrap().last_vote.as_mut().unwrap().voter.0 = 1,
        |f| matches!(f, Finding::Vote(Refusal::BadSignature(_))),
    ),
    (
        "the last vote is for a block that is not here",
        |r| {
            let id = r.safety.as_ref().unwrap().last_vote.as_ref().unwrap().block.id;
            r.uncommitted.remove(&id);
        },
        |f| matches!(f, Finding::VotedUnknown(_)),
    ),
    (
        "the last proposal is forgotten",
        |r| r.safety.as_mut().unwrap().last_proposed = View(1),
        |f| matches!(f, Finding::ProposalForgotten { .. }),
    ),
    (
        "the last proposal is forgotten, and committed",
        |r| {
            let safety = r.safety.as_mut().unwrap();
            let id = safety.last_vote.as_ref().unwrap().voter;
            safety.last_proposed = View(0);
            r.uncommitted.retain(|_, block| block.header().proposer != id);
        },
        |f| matches!(f, Finding::ProposalForgotten { .. }),
    ),
    (
        "the high QC is an older one",
        |r| r.high_qc = r.committed.last().map(|block| block.justify().clone()),
        |f| matches!(f, Finding::HighQcOld { .. }),
    ),
];

/// Changes one of the first blocks that holds a command.
fn edit(blocks: &mut [Block], change: impl FnOnce(&Block) -> Block) {
    let block = blocks.iter_mut().skip(2).find(|block| !block.is_empty()).unwrap();
    *block = change(block);
}

#[test]
fn what_is_done_to_a_store_is_found() {
    for rule in RULES {
        let mut table = Table::of(CommitteeSpec { rule, ..spec(4) }, 0);
        for round in 0..8u64 {
            table.submit(round, &[round as u8]);
            table.run_all();
        }
        assert_clean(&table, 0..4);
        let id = voter_and_leader(&table);
        for (name, tamper, is_it) in CASES {
            let mut recovered = table.recovered(id);
            tamper(&mut recovered);
            let found = audited(&table, id, recovered);
            assert!(found.findings.iter().any(is_it), "{name}, {rule:?}: {:?}", found.findings);
            assert!(found.findings.iter().all(|finding| !finding.to_string().contains('\n')));
        }
        let other = audited(&table, (id + 1) % 4, table.recovered(id));
        assert!(other.findings.iter().any(|finding| matches!(finding, Finding::Vote(_))), "another's store");
    }
}

/// A replica that has proposed a block that is not committed yet.
fn voter_and_leader(table: &Table) -> u16 {
    let led: BTreeMap<View, u16> = table
        .recovered(0)
        .uncommitted
        .values()
        .map(|block| (block.view(), block.header().proposer.0))
        .collect();
    *led.values().next().unwrap()
}

#[test]
fn what_is_done_to_a_snapshot_is_found() {
    let table = eventful(CommitRule::ThreeChain);
    let clean = table.recovered(1);
    let mut bad_proof = clean.clone();
    bad_proof.snapshot.as_mut().unwrap().certificate.signatures.pop();
    let found = audited(&table, 1, bad_proof).findings;
    assert!(matches!(found[0], Finding::Snapshot(Refusal::BelowQuorum { .. })), "{found:?}");

    let older = table.recovered(2);
    let mut other_state = clean.clone();
    let mut snapshot = older.snapshot.unwrap();
    std::mem::swap(&mut snapshot.state, &mut other_state.snapshot.as_mut().unwrap().state);
    let is_same = snapshot.base().reference() == clean.snapshot.as_ref().unwrap().base().reference();
    let found = audited(&table, 1, other_state).findings;
    assert_eq!(is_same, found.is_empty(), "{found:?}");

    let mut no_handover = clean;
    assert!(!no_handover.snapshot.as_ref().unwrap().handovers.is_empty(), "it is of after a change");
    no_handover.snapshot.as_mut().unwrap().handovers.clear();
    let found = audited(&table, 1, no_handover).findings;
    assert!(matches!(found[0], Finding::Snapshot(Refusal::UnknownEpoch { .. })), "{found:?}");
}
