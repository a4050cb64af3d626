//! A simulated cluster's committee and keys, all from the seed.

use crate::config::{REPLICAS_MAX, SimConfig, SimError};
use hotstuff_core::committee::{Limits, Member};
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::{Committee, CommitteeSpec, Power, ReplicaId};
use sha2::{Digest as _, Sha256};

/// The committee of as many equal members as the config says.
pub(crate) fn committee(config: &SimConfig) -> Result<Committee, SimError> {
    let SimConfig { seed, replicas, leaders, rule, .. } = *config;
    if replicas == 0 || replicas > REPLICAS_MAX {
        return Err(SimError::Replicas(replicas));
    }
    let member =
        |id| Member { id: ReplicaId(id), key: replica_key(seed, ReplicaId(id)).public(), power: Power(1) };
    let spec = CommitteeSpec {
        cluster: ClusterId(derived(seed, b"cluster", 0)),
        members: (0..replicas).map(member).collect(),
        leaders,
        rule,
        operator: Some(client_key(seed).public()),
        limits: Limits::default(),
    };
    Ok(Committee::new(spec).expect("members ascend, and their keys are hashes of different bytes"))
}

/// A replica's key.
pub(crate) fn replica_key(seed: u64, id: ReplicaId) -> SecretKey {
    SecretKey::from_seed(derived(seed, b"replica", id.0))
}

/// The client's key.
pub(crate) fn client_key(seed: u64) -> SecretKey {
    SecretKey::from_seed(derived(seed, b"client", 0))
}

fn derived(seed: u64, purpose: &[u8], number: u16) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(b"hotstuff/1/sim\0");
    hasher.update(seed.to_le_bytes());
    hasher.update(number.to_le_bytes());
    hasher.update(purpose);
    hasher.finalize().into()
}
