//! Hashes, keys and signatures: Ed25519 and SHA-256 behind the few operations the protocol needs.
//!
//! Every hash and signature starts with the tag of a [`Domain`], so that bytes signed for one
//! purpose are never valid for another; signatures also bind the [`ClusterId`] (pitfall 3).

mod tls;

use crate::wire;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use digest::compare;
use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};

mod digest;

pub use digest::Digest;

/// What a hash or signature is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// The id of a block: the hash of its header.
    Block,
    /// The digest of a payload.
    Payload,
    /// The id of a cluster's genesis block.
    Genesis,
    /// A leader's signature on its block's header.
    Proposal,
    /// A vote for a block.
    Vote,
    /// A timeout of a view.
    Timeout,
    /// A client's signature on its command.
    Command,
    /// A replica's signature on a reply to a client.
    Reply,
    /// A replica's proof of who it is at the start of a link.
    Handshake,
    /// A node of a Merkle tree over state.
    Merkle,
    /// The state root: application state, client table and schedules together.
    StateRoot,
    /// Committee and leaders, as part of the state.
    Schedule,
}

impl Domain {
    fn tag(self) -> &'static [u8] {
        match self {
            Self::Block => b"hotstuff/1/block\0",
            Self::Payload => b"hotstuff/1/payload\0",
            Self::Genesis => b"hotstuff/1/genesis\0",
            Self::Proposal => b"hotstuff/1/proposal\0",
            Self::Vote => b"hotstuff/1/vote\0",
            Self::Timeout => b"hotstuff/1/timeout\0",
            Self::Command => b"hotstuff/1/command\0",
            Self::Reply => b"hotstuff/1/reply\0",
            Self::Handshake => b"hotstuff/1/handshake\0",
            Self::Merkle => b"hotstuff/1/merkle\0",
            Self::StateRoot => b"hotstuff/1/state-root\0",
            Self::Schedule => b"hotstuff/1/schedule\0",
        }
    }
}

/// Which cluster a signature belongs to: random bytes drawn when the committee is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClusterId(pub [u8; 32]);

/// An Ed25519 public key as its 32 bytes, not yet known to be a valid point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The key ready for use, or `None` when the bytes are no point or one of small order (such a
    /// key would accept signatures that nobody made).
    #[must_use]
    pub fn checked(&self) -> Option<VerifyingKey> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&self.0).ok()?;
        (!key.is_weak()).then_some(VerifyingKey(Keyed::Ed25519(key)))
    }

    /// The key for signatures that `verifier` judges.
    #[must_use]
    pub fn judged_by(&self, verifier: &'static dyn Verifier) -> VerifyingKey {
        VerifyingKey(Keyed::Other(*self, verifier))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for PublicKey {
    /// The first four bytes in hexadecimal; `{:#}` gives all of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = Digest(self.0);
        fmt::Display::fmt(&digest, f)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An Ed25519 signature as its 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = Digest(*self.halves().0);
        write!(f, "sig {digest}")
    }
}

impl Signature {
    fn ed25519(&self) -> ed25519_dalek::Signature {
        ed25519_dalek::Signature::from_bytes(&self.0)
    }

    fn halves(&self) -> (&[u8; 32], &[u8; 32]) {
        let (low, high) = self.0.split_at(32);
        let whole = "64 bytes are twice 32";
        (low.try_into().expect(whole), high.try_into().expect(whole))
    }
}

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.halves().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (low, high) = <([u8; 32], [u8; 32])>::deserialize(deserializer)?;
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&low);
        bytes[32..].copy_from_slice(&high);
        Ok(Self(bytes))
    }
}

/// Something that holds a secret and signs with it: a token, a service, a simulator's stand-in.
pub trait Signer: Send + Sync {
    /// The public half of the secret.
    fn public(&self) -> PublicKey;

    /// The signature on `bytes`.
    fn sign(&self, bytes: &[u8]) -> Signature;
}

/// Something that judges signatures which are not Ed25519's. A simulator can do with less.
pub trait Verifier: fmt::Debug + Send + Sync {
    /// Whether `signature` is that of the holder of `key` on `bytes`.
    fn verify(&self, key: &PublicKey, bytes: &[u8], signature: &Signature) -> bool;
}

/// A public key, ready to check signatures with.
#[derive(Clone, Debug)]
pub struct VerifyingKey(Keyed);

#[derive(Clone, Debug)]
enum Keyed {
    Ed25519(ed25519_dalek::VerifyingKey),
    Other(PublicKey, &'static dyn Verifier),
}

impl VerifyingKey {
    /// The key as its bytes.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match &self.0 {
            Keyed::Ed25519(key) => PublicKey(key.to_bytes()),
            Keyed::Other(key, _) => *key,
        }
    }

    fn ed25519(&self) -> Option<ed25519_dalek::VerifyingKey> {
        match &self.0 {
            Keyed::Ed25519(key) => Some(*key),
            Keyed::Other(..) => None,
        }
    }

    fn verify(&self, bytes: &[u8], signature: &Signature) -> bool {
        match &self.0 {
            Keyed::Ed25519(key) => key.verify_strict(bytes, &signature.ed25519()).is_ok(),
            Keyed::Other(key, verifier) => verifier.verify(key, bytes, signature),
        }
    }
}

/// A secret signing key, or one that somebody else holds. It is wiped when dropped and never printed.
#[derive(Clone)]
pub struct SecretKey(Secret);

#[derive(Clone)]
enum Secret {
    Own(Box<SigningKey>),
    Elsewhere(Arc<dyn Signer>),
}

impl SecretKey {
    /// The key made from 32 secret bytes, which the caller draws from a good source of randomness.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(Secret::Own(Box::new(SigningKey::from_bytes(&seed))))
    }

    /// A key that `signer` holds.
    #[must_use]
    pub fn held_by(signer: Arc<dyn Signer>) -> Self {
        Self(Secret::Elsewhere(signer))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        match &self.0 {
            Secret::Own(key) => PublicKey(key.verifying_key().to_bytes()),
            Secret::Elsewhere(signer) => signer.public(),
        }
    }

    /// The signature on `value` for `domain` within `cluster`.
    #[must_use]
    pub fn sign<T: Serialize>(&self, domain: Domain, cluster: &ClusterId, value: &T) -> Signature {
        let bytes = signed_bytes(domain, cluster, value);
        match &self.0 {
            Secret::Own(key) => Signature(key.sign(&bytes).to_bytes()),
            Secret::Elsewhere(signer) => signer.sign(&bytes),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public())
    }
}

/// Whether `signature` is `key`'s on `value` for `domain` within `cluster` (strict RFC 8032 rules).
#[must_use]
pub fn verify<T: Serialize>(
    key: &VerifyingKey,
    domain: Domain,
    cluster: &ClusterId,
    value: &T,
    signature: &Signature,
) -> bool {
    key.verify(&signed_bytes(domain, cluster, value), signature)
}

/// Signatures gathered for one batch verification, which costs about half as much as one by one.
///
/// The verdict is a function of the batch alone, so every replica judges the same certificate
/// alike; and a batch of signatures that [`verify`] accepts one by one is always accepted, so
/// whoever makes a certificate of verified votes can rely on it.
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    key: VerifyingKey,
    bytes: Vec<u8>,
    signature: Signature,
}

impl Batch {
    /// Adds one signature to be checked.
    pub fn add<T: Serialize>(
        &mut self,
        key: &VerifyingKey,
        domain: Domain,
        cluster: &ClusterId,
        value: &T,
        signature: &Signature,
    ) {
        let bytes = signed_bytes(domain, cluster, value);
        self.entries.push(Entry { key: key.clone(), bytes, signature: *signature });
    }

    /// Whether all signatures are good; an empty batch is.
    ///
    /// The batch equation and the strict one differ on points of small order: a signature or key
    /// crafted with one can pass alone and fail in company. So a batch that fails is checked one
    /// by one, strictly.
    #[must_use]
    pub fn verify(&self) -> bool {
        self.holds_together() || self.entries.iter().all(|one| one.key.verify(&one.bytes, &one.signature))
    }

    fn holds_together(&self) -> bool {
        let messages: Vec<&[u8]> = self.entries.iter().map(|one| one.bytes.as_slice()).collect();
        let signatures: Vec<_> = self.entries.iter().map(|one| one.signature.ed25519()).collect();
        let keys: Vec<_> = self.entries.iter().filter_map(|one| one.key.ed25519()).collect();
        // Of a single one the strict verdict costs no more.
        keys.len() > 1
            && keys.len() == messages.len()
            && ed25519_dalek::verify_batch(&messages, &signatures, &keys).is_ok()
    }
}

fn signed_bytes<T: Serialize>(domain: Domain, cluster: &ClusterId, value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(wire::USUAL_BYTES);
    bytes.extend_from_slice(domain.tag());
    bytes.extend_from_slice(&cluster.0);
    wire::encode_onto(value, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: ClusterId = ClusterId([1; 32]);

    #[test]
    fn pitfall_03_a_signature_binds_domain_cluster_and_value() {
        let secret = SecretKey::from_seed([7; 32]);
        let key = secret.public().checked().unwrap();
        let signature = secret.sign(Domain::Vote, &CLUSTER, &5u64);
        assert!(verify(&key, Domain::Vote, &CLUSTER, &5u64, &signature));
        assert!(!verify(&key, Domain::Vote, &CLUSTER, &6u64, &signature));
        assert!(!verify(&key, Domain::Timeout, &CLUSTER, &5u64, &signature));
        assert!(!verify(&key, Domain::Vote, &ClusterId([2; 32]), &5u64, &signature));
    }

    #[test]
    fn a_batch_with_one_bad_signature_is_refused() {
        let secret = SecretKey::from_seed([7; 32]);
        let key = secret.public().checked().unwrap();
        let signature = secret.sign(Domain::Vote, &CLUSTER, &5u64);
        let mut batch = Batch::default();
        assert!(batch.verify());
        batch.add(&key, Domain::Vote, &CLUSTER, &5u64, &signature);
        assert!(batch.verify());
        batch.add(&key, Domain::Vote, &CLUSTER, &6u64, &signature);
        assert!(!batch.verify());
    }

    #[test]
    fn keys_of_small_order_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(PublicKey(identity).checked().is_none());
    }
}
