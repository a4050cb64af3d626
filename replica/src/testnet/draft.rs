//! A new cluster before it is written down: who takes part, and everyone's secrets.

use super::{REPLICAS_MIN, TestnetError};
use crate::config::{CommitteeFile, ConfigError, MemberAddresses, NewKey};
use hotstuff_core::committee::{CommitteeSpec, Limits, MEMBERS_MAX, Member};
use hotstuff_core::crypto::ClusterId;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{CommitRule, Committee, Power, ReplicaId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A new cluster.
#[derive(Debug)]
pub struct Draft {
    /// Who takes part.
    pub committee: CommitteeFile,
    /// Each replica's key.
    pub keys: BTreeMap<ReplicaId, NewKey>,
    /// The key whose commands may change the committee.
    pub operator: NewKey,
    /// The key of a client.
    pub client: NewKey,
}

impl Draft {
    /// Draws a cluster's id and keys, for replicas at these addresses: r0, r1, ...
    ///
    /// # Errors
    /// When there are too few or too many, or the operating system gives no random bytes.
    pub fn draw(addresses: Vec<MemberAddresses>) -> Result<Self, TestnetError> {
        let mut cluster = [0; 32];
        getrandom::fill(&mut cluster).map_err(ConfigError::Random)?;
        Self::make(ClusterId(cluster), addresses, NewKey::draw)
    }

    /// The same of an id and of keys that are given: by the owner's name.
    ///
    /// # Errors
    /// When there are too few replicas or too many, or a key is not given.
    pub fn make(
        cluster: ClusterId,
        addresses: Vec<MemberAddresses>,
        mut key: impl FnMut(&str) -> Result<NewKey, ConfigError>,
    ) -> Result<Self, TestnetError> {
        check_count(addresses.len())?;
        let addresses: BTreeMap<_, _> = (0..).map(ReplicaId).zip(addresses).collect();
        let operator = key("the operator")?;
        let keys: Result<BTreeMap<_, _>, ConfigError> =
            addresses.keys().map(|id| Ok((*id, key(&id.to_string())?))).collect();
        let keys = keys?;
        let member =
            |(id, key): (&ReplicaId, &NewKey)| Member { id: *id, key: key.key().public(), power: Power(1) };
        let spec = CommitteeSpec {
            cluster,
            members: keys.iter().map(member).collect(),
            leaders: LeaderRule::default(),
            rule: CommitRule::default(),
            operator: Some(operator.key().public()),
            limits: Limits::default(),
        };
        let committee = CommitteeFile::new(Arc::new(Committee::new(spec)?), addresses);
        Ok(Self { committee, keys, operator, client: key("a client")? })
    }
}

/// That a cluster may have so many replicas.
pub(super) fn check_count(replicas: usize) -> Result<(), TestnetError> {
    match replicas {
        few if few < usize::from(REPLICAS_MIN) => Err(TestnetError::TooFew(few)),
        many if many > MEMBERS_MAX => Err(TestnetError::TooMany(many)),
        _ => Ok(()),
    }
}
