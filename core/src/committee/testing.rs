//! Committees for the tests of this crate.

use super::*;
use crate::crypto::SecretKey;
use alloc::sync::Arc;

pub(crate) const CLUSTER: ClusterId = ClusterId([0; 32]);

pub(crate) fn key(id: u16) -> SecretKey {
    SecretKey::from_seed([u8::try_from(id).expect("few replicas") + 1; 32])
}

pub(crate) fn spec_of(powers: &[u64], rule: CommitRule) -> CommitteeSpec {
    let member =
        |(id, power): (u16, &u64)| Member { id: ReplicaId(id), key: key(id).public(), power: Power(*power) };
    CommitteeSpec {
        cluster: CLUSTER,
        members: (0..).zip(powers).map(member).collect(),
        leaders: LeaderRule::RoundRobin,
        rule,
        operator: None,
        limits: Limits::default(),
    }
}

pub(crate) fn committee_of(count: usize) -> Arc<Committee> {
    let spec = spec_of(&alloc::vec![1; count], CommitRule::ThreeChain);
    Arc::new(Committee::new(spec).expect("equal members"))
}
