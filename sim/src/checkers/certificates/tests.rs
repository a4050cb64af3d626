//! Good certificates pass, and each way to be none is found, whatever the cluster's rules say.

use super::*;
use crate::checkers::fabricated::{Cluster, block, send, timeout};
use crate::weakness::Weakness;

/// Under the protocol's rules, and without those that could let a certificate through.
fn clusters() -> impl Iterator<Item = (Cluster, Certificates)> {
    let weak =
        [Weakness::QuorumMinusOne, Weakness::CountDuplicateSigners, Weakness::AcceptUnverified].map(Some);
    [None].into_iter().chain(weak).map(|weakness| {
        let cluster = Cluster::new(weakness);
        let checker = Certificates::new(&cluster.committee);
        (cluster, checker)
    })
}

fn new_view(high_qc: QuorumCertificate, tc: Option<TimeoutCertificate>) -> Message {
    Message::NewView(NewView { high_qc, tc })
}

fn found(why: Refusal) -> Result<(), Breach> {
    Err(Breach::Certificate { replica: ReplicaId(1), why })
}

fn below_quorum(view: u64) -> Refusal {
    Refusal::BelowQuorum { view: View(view), have: Power(2), need: Power(3) }
}

#[test]
fn good_certificates_pass_and_each_is_checked_once() {
    for (cluster, mut checker) in clusters() {
        let qc = cluster.qc(block(0, 4), &[0, 2, 3]);
        let tc = cluster.tc(6, qc.clone(), &[(0, 4), (1, 3), (3, 0)]);
        for _ in 0..3 {
            assert_eq!(send(&mut checker, 1, vec![new_view(qc.clone(), Some(tc.clone()))]), Ok(()));
        }
        assert_eq!(checker.good.len(), 2);
        let genesis = cluster.committee.genesis_qc().clone();
        assert_eq!(send(&mut checker, 1, vec![new_view(genesis, None)]), Ok(()));
    }
}

#[test]
fn what_is_remembered_is_bounded() {
    let (cluster, mut checker) = clusters().next().unwrap();
    for height in 1..=2_000 {
        checker.qc(&cluster.qc(block(0, height), &[0, 1, 2])).unwrap();
    }
    assert_eq!((checker.good.len(), checker.oldest_first.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
}

#[test]
fn a_qc_of_too_few_repeated_or_strange_signers_or_with_a_bad_signature_is_found() {
    for (cluster, mut checker) in clusters() {
        let qc = |signers: &[u16]| cluster.qc(block(0, 4), signers);
        let mut judge = |qc| send(&mut checker, 1, vec![new_view(qc, None)]);
        assert_eq!(judge(qc(&[0, 2])), found(below_quorum(4)));
        assert_eq!(judge(qc(&[0, 2, 2])), found(Refusal::RepeatedSigner(ReplicaId(2))));
        assert_eq!(judge(qc(&[0, 2, 9])), found(Refusal::Stranger(ReplicaId(9))));
        let mut forged = qc(&[0, 2, 3]);
        forged.signatures[1].1 = forged.signatures[0].1;
        assert_eq!(judge(forged), found(Refusal::BadSignature(ReplicaId(2))));
        let of_another = QuorumCertificate { block: block(1, 4), ..qc(&[0, 2, 3]) };
        assert_eq!(judge(of_another), found(Refusal::BadSignature(ReplicaId(0))));
        let genesis = QuorumCertificate { block: block(0, 0), signatures: Vec::new() };
        assert_eq!(judge(genesis), found(Refusal::NotGenesis));
    }
}

#[test]
fn a_tc_of_too_few_signers_or_with_another_high_qc_or_a_bad_signature_is_found() {
    for (cluster, mut checker) in clusters() {
        let qc = cluster.qc(block(0, 4), &[0, 1, 2]);
        let tc = |signers: &[(u16, u64)]| cluster.tc(6, qc.clone(), signers);
        let mut judge = |tc| send(&mut checker, 1, vec![new_view(qc.clone(), Some(tc))]);
        assert_eq!(judge(tc(&[(0, 4), (1, 4)])), found(below_quorum(6)));
        assert_eq!(judge(tc(&[(0, 4), (1, 4), (1, 4)])), found(Refusal::RepeatedSigner(ReplicaId(1))));
        let mismatch = Refusal::HighQcMismatch { view: View(6), high_qc: View(4) };
        assert_eq!(judge(tc(&[(0, 4), (1, 5), (2, 0)])), found(mismatch.clone()), "one has a higher QC");
        assert_eq!(judge(tc(&[(0, 3), (1, 3), (2, 0)])), found(mismatch), "nobody has that QC");
        let mut forged = tc(&[(0, 4), (1, 4), (2, 4)]);
        forged.signatures[2].high_qc_view = View(3);
        assert_eq!(judge(forged), found(Refusal::BadSignature(ReplicaId(2))));
        let high_qc = cluster.qc(block(0, 4), &[0, 1]);
        let with_bad_qc = TimeoutCertificate { high_qc, ..tc(&[(0, 4), (1, 4), (2, 4)]) };
        assert_eq!(judge(with_bad_qc), found(below_quorum(4)));
    }
}

#[test]
fn certificates_are_found_in_whatever_message_they_stand() {
    for (cluster, mut checker) in clusters() {
        let bad = cluster.qc(block(0, 4), &[0, 1]);
        let good = cluster.qc(block(0, 4), &[0, 1, 2]);
        let bad_tc = cluster.tc(4, good.clone(), &[(0, 4), (1, 4)]);
        let proposal =
            |justify, tc| Message::Proposal(Proposal { block: cluster.block(justify, 5, Vec::new()), tc });
        let fetched = |justify, certificate| {
            let blocks = vec![cluster.block(justify, 5, Vec::new())];
            Message::FetchResponse(FetchResponse { target: None, blocks, certificate })
        };
        let Message::Timeout(timed_out) = timeout(1, 5, None) else { unreachable!("it is a timeout") };
        let timed_out =
            Message::Timeout(hotstuff_core::certificate::Timeout { high_qc: bad.clone(), ..timed_out });
        for message in [
            proposal(bad.clone(), None),
            proposal(good.clone(), Some(bad_tc.clone())),
            fetched(bad.clone(), None),
            fetched(good.clone(), Some(bad.clone())),
            new_view(good.clone(), Some(bad_tc.clone())),
            timed_out,
        ] {
            let kind = message.kind();
            assert_eq!(send(&mut checker, 1, vec![message]), found(below_quorum(4)), "{kind}");
        }
        assert_eq!(send(&mut checker, 1, vec![proposal(good.clone(), None), fetched(good, None)]), Ok(()));
    }
}

#[test]
fn powers_count_and_not_heads() {
    let config = crate::SimConfig {
        powers: vec![Power(4), Power(1), Power(1), Power(1)],
        ..Cluster::new(None).config
    };
    let committee = Arc::new(crate::cluster::committee(&config).unwrap());
    let (cluster, mut checker) =
        (Cluster { config, committee: committee.clone() }, Certificates::new(&committee));
    let judge = |checker: &mut Certificates, signers: &[u16]| {
        send(checker, 1, vec![new_view(cluster.qc(block(0, 4), signers), None)])
    };
    assert_eq!(judge(&mut checker, &[0, 1]), Ok(()));
    let why = Refusal::BelowQuorum { view: View(4), have: Power(3), need: Power(5) };
    assert_eq!(judge(&mut checker, &[1, 2, 3]), found(why));
}

#[test]
fn certificates_of_unknown_epochs_are_left_alone() {
    let (cluster, mut checker) = clusters().next().unwrap();
    let mut qc = cluster.qc(block(0, 4), &[]);
    qc.block.epoch = Epoch(7);
    assert_eq!(send(&mut checker, 1, vec![new_view(qc, None)]), Ok(()));
}
