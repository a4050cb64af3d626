//! A replica's key in TLS: links between replicas are encrypted under the keys of the committee itself,
//! and this is the only use of a key beside the [domains](super::Domain).

use super::{Secret, SecretKey, Signature};
use ed25519_dalek::Signer as _;

/// What the bytes to be signed begin with (RFC 8446, section 4.4.3).
const PADDING: [u8; 64] = [b' '; 64];
const CONTEXT: &[u8] = b"TLS 1.3, ";

impl SecretKey {
    /// The signature that proves this key in a TLS 1.3 handshake; `None` for bytes that are no such
    /// transcript. Those begin with spaces, and no [`Domain`](super::Domain) does, so that neither can be
    /// passed off as the other.
    #[must_use]
    pub fn sign_tls(&self, transcript: &[u8]) -> Option<Signature> {
        if !transcript.strip_prefix(&PADDING)?.starts_with(CONTEXT) {
            return None;
        }
        Some(match &self.0 {
            Secret::Own(key) => Signature(key.sign(transcript).to_bytes()),
            Secret::Elsewhere(signer) => signer.sign(transcript),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ClusterId, Domain, signed_bytes};
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn only_a_tls_transcript_is_signed() {
        let key = SecretKey::from_seed([7; 32]);
        let transcript = [&PADDING[..], b"TLS 1.3, client CertificateVerify\0", &[5; 32]].concat();
        let signature = key.sign_tls(&transcript).unwrap();
        assert!(key.public().checked().unwrap().verify(&transcript, &signature));
        let vote = signed_bytes(Domain::Vote, &ClusterId([1; 32]), &5u64);
        let padded: Vec<u8> = [&PADDING[..], &vote].concat();
        for other in [&vote[..], &padded, &transcript[1..], &PADDING, b""] {
            assert_eq!(key.sign_tls(other), None);
        }
    }
}
