//! A simulated cluster's committee and keys, all from the seed.

use crate::config::{REPLICAS_MAX, Signatures, SimConfig, SimError};
use crate::ids::ClientNumber;
use crate::{tags, weakness};
use hotstuff_core::committee::Member;
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::{Committee, CommitteeSpec, Power, ReplicaId};
use sha2::{Digest as _, Sha256};

/// The committee that the config describes.
pub(crate) fn committee(config: &SimConfig) -> Result<Committee, SimError> {
    let SimConfig { replicas, joiners, leaders, rule, limits, .. } = *config;
    if replicas == 0 || replicas > REPLICAS_MAX {
        return Err(SimError::Replicas(replicas));
    }
    if joiners > REPLICAS_MAX - replicas {
        return Err(SimError::Replicas(replicas.saturating_add(joiners)));
    }
    let power = |id| config.powers.get(usize::from(id)).copied().unwrap_or(Power(1));
    let member = |id| member(config, ReplicaId(id), power(id));
    let spec = CommitteeSpec {
        cluster: ClusterId(derived(config.seed, b"cluster", 0)),
        members: (0..replicas).map(member).collect(),
        leaders,
        rule,
        operator: Some(client_key(config, ClientNumber::OPERATOR).public()),
        limits,
    };
    let rules = weakness::rules(
        config.weakness,
        config.signatures == Signatures::Tags,
        config.script.leaders().collect(),
    );
    Ok(Committee::under(rules, spec)?)
}

/// A replica as a member of a committee.
pub(crate) fn member(config: &SimConfig, id: ReplicaId, power: Power) -> Member {
    Member { id, key: replica_key(config, id).public(), power }
}

/// A replica's key.
pub(crate) fn replica_key(config: &SimConfig, id: ReplicaId) -> SecretKey {
    key(config, b"replica", id.0)
}

/// A client's key.
pub(crate) fn client_key(config: &SimConfig, client: ClientNumber) -> SecretKey {
    key(config, b"client", client.0)
}

fn key(config: &SimConfig, purpose: &[u8], number: u16) -> SecretKey {
    let seed = derived(config.seed, purpose, number);
    match config.signatures {
        Signatures::Ed25519 => SecretKey::from_seed(seed),
        Signatures::Tags => tags::key(seed),
    }
}

fn derived(seed: u64, purpose: &[u8], number: u16) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(b"hotstuff/1/sim\0");
    hasher.update(seed.to_le_bytes());
    hasher.update(number.to_le_bytes());
    hasher.update(purpose);
    hasher.finalize().into()
}
