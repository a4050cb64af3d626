//! Stand-ins for signatures, for runs by the thousand. A tag is a hash of the signer's name and the
//! bytes: it binds both as a signature does, but anyone could make it. In the simulator nobody does:
//! corrupt replicas sign with their own keys alone.
//!
//! An Ed25519 signature takes some 15 microseconds to make and 30 to check, a tag well below one, and
//! everything else of a run is the same.

use hotstuff_core::crypto::{PublicKey, SecretKey, Signature, Signer, Verifier};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

#[derive(Debug)]
struct TagSigner(PublicKey);

impl Signer for TagSigner {
    fn public(&self) -> PublicKey {
        self.0
    }

    fn sign(&self, bytes: &[u8]) -> Signature {
        tag(&self.0, bytes)
    }
}

/// Judges tags.
#[derive(Debug)]
pub(crate) struct Tags;

impl Verifier for Tags {
    fn verify(&self, key: &PublicKey, bytes: &[u8], signature: &Signature) -> bool {
        tag(key, bytes) == *signature
    }
}

/// A key that makes tags. `name` takes the place of its public half.
pub(crate) fn key(name: [u8; 32]) -> SecretKey {
    SecretKey::held_by(Arc::new(TagSigner(PublicKey(name))))
}

fn tag(key: &PublicKey, bytes: &[u8]) -> Signature {
    let mut hasher = Sha256::new_with_prefix(b"tag\0");
    hasher.update(key.0);
    hasher.update(bytes);
    let mut tag = [0; 64];
    tag[..32].copy_from_slice(&hasher.finalize());
    Signature(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::crypto::{self, ClusterId, Domain};

    #[test]
    fn a_tag_binds_signer_purpose_cluster_and_value() {
        let (one, other) = (key([1; 32]), key([2; 32]));
        let cluster = ClusterId([7; 32]);
        let tag = one.sign(Domain::Vote, &cluster, &5u64);
        let verify = |key: &SecretKey, domain, cluster, value: u64| {
            crypto::verify(&key.public().judged_by(&Tags), domain, &cluster, &value, &tag)
        };
        assert!(verify(&one, Domain::Vote, cluster, 5));
        assert!(!verify(&other, Domain::Vote, cluster, 5));
        assert!(!verify(&one, Domain::Timeout, cluster, 5));
        assert!(!verify(&one, Domain::Vote, ClusterId([8; 32]), 5));
        assert!(!verify(&one, Domain::Vote, cluster, 6));
    }
}
