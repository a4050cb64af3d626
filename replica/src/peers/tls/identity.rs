//! A replica's key as TLS takes it.

use hotstuff_core::crypto::{PublicKey, SecretKey};
use rustls::pki_types::{SubjectPublicKeyInfoDer, alg_id};
use rustls::sign::{Signer, SigningKey, public_key_to_spki};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

/// What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A secret key that signs TLS handshakes and never leaves the core's keeping.
#[derive(Clone, Debug)]
pub(super) struct Identity(SecretKey);

impl From<SecretKey> for Identity {
    fn from(key: SecretKey) -> Self {
        Self(key)
    }
}

/// A raw public key, as it is sent.
pub(super) fn spki(key: &PublicKey) -> SubjectPublicKeyInfoDer<'static> {
    public_key_to_spki(&alg_id::ED25519, key.0)
}

/// The key in a raw public key, or `None` when it is no Ed25519 key.
pub(super) fn from_spki(der: &[u8]) -> Option<PublicKey> {
    Some(PublicKey(der.strip_prefix(&SPKI_PREFIX)?.try_into().ok()?))
}

impl SigningKey for Identity {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::ED25519).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(spki(&self.0.public()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl Signer for Identity {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.0.sign_tls(message);
        signature
            .map(|signature| signature.0.to_vec())
            .ok_or_else(|| Error::General("no TLS transcript".into()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_is_one() {
        let key = SecretKey::from_seed([3; 32]).public();
        let der = spki(&key).as_ref().to_vec();
        assert_eq!(from_spki(&der), Some(key));
        let mut x25519 = der.clone();
        x25519[8] = 0x6e;
        for other in [&der[1..], &der[..43], &[&der[..], &[0]].concat(), &x25519, b""] {
            assert_eq!(from_spki(other), None);
        }
    }
}
