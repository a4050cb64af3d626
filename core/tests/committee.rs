//! Committees: what is refused, and how quorums are counted.

mod support;

use hotstuff_core::committee::CommitteeError;
use hotstuff_core::*;
use support::{committee, spec};

fn refused(change: impl FnOnce(&mut CommitteeSpec)) -> Option<CommitteeError> {
    let mut changed = spec(4);
    change(&mut changed);
    Committee::new(changed).err()
}

#[test]
fn a_committee_that_cannot_be_is_refused_with_the_reason() {
    assert_eq!(refused(|_| {}), None);
    assert_eq!(refused(|spec| spec.members.clear()), Some(CommitteeError::Empty));
    assert_eq!(refused(|spec| spec.members.swap(0, 1)), Some(CommitteeError::Order(ReplicaId(0))));
    assert_eq!(refused(|spec| spec.members[2].id = ReplicaId(1)), Some(CommitteeError::Order(ReplicaId(1))));
    assert_eq!(
        refused(|spec| spec.members[3].key = spec.members[0].key),
        Some(CommitteeError::SharedKey(ReplicaId(3)))
    );
    assert_eq!(refused(|spec| spec.members[1].key.0 = [0; 32]), Some(CommitteeError::BadKey(ReplicaId(1))));
    assert_eq!(
        refused(|spec| spec.members[1].power = Power(0)),
        Some(CommitteeError::BadPower(ReplicaId(1)))
    );
    assert_eq!(
        refused(|spec| spec.members[1].power = Power::TOTAL_MAX),
        Some(CommitteeError::BadPower(ReplicaId(1)))
    );
    assert_eq!(refused(|spec| spec.limits.sessions = 0), Some(CommitteeError::ZeroLimit("sessions")));
    assert_eq!(
        refused(|spec| spec.limits.command_bytes = spec.limits.block_bytes + 1),
        Some(CommitteeError::CommandOverBlock)
    );
}

#[test]
fn two_quorums_share_more_than_f_and_the_honest_alone_make_one() {
    for count in 1..=31u16 {
        let committee = committee(count);
        let (total, f, quorum) = (u64::from(count), committee.faulty_max().0, committee.quorum().0);
        assert!(3 * f < total, "n = {count}");
        assert!(2 * quorum > total + f, "n = {count}: any two quorums share more than f");
        assert!(total - f >= quorum, "n = {count}: the honest are enough");
        assert_eq!(committee.weak_quorum().0, f + 1);
        assert_eq!(committee.faulty_count_max() as u64, f);
    }
}

#[test]
fn power_counts_and_not_heads() {
    let mut weighted = spec(4);
    weighted.members[0].power = Power(4);
    let committee = Committee::new(weighted).unwrap();
    assert_eq!((committee.faulty_max(), committee.quorum()), (Power(2), Power(5)));
    assert_eq!(committee.faulty_count_max(), 2, "any two of the others");
    let ids = |ids: &[u16]| ids.iter().map(|id| ReplicaId(*id)).collect::<Vec<_>>();
    assert!(committee.power_of(ids(&[1, 2, 3])) < committee.quorum());
    assert!(committee.power_of(ids(&[0, 1])) >= committee.quorum());
    assert_eq!(committee.power(ReplicaId(9)), Power(0));
}

#[test]
fn each_committee_has_its_own_genesis() {
    let mut other = spec(4);
    other.limits.block_bytes += 1;
    let other = Committee::new(other).unwrap();
    assert_ne!(other.genesis_qc().block.id, committee(4).genesis_qc().block.id);
}
