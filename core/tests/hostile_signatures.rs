//! Signatures and keys crafted with points of small order, which pass some checks and fail others.
//! What one honest replica accepts must be good in everyone's company.

mod support;

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use hotstuff_core::certificate::Vote;
use hotstuff_core::command::{Command, CommandId, NotAdmitted, Operation};
use hotstuff_core::crypto::{ClusterId, Digest, PublicKey, Signature};
use hotstuff_core::*;
use sha2::{Digest as _, Sha512};
use support::{Table, qc, spec};

const CLUSTER: ClusterId = ClusterId([9; 32]);

/// A signer whose key and nonces may carry torsion, as no honest one's do.
struct Crafty {
    secret: Scalar,
    key: [u8; 32],
}

impl Crafty {
    fn new(secret: u64, key_torsion: usize) -> Self {
        let secret = Scalar::from(secret);
        let key = (secret * ED25519_BASEPOINT_POINT + EIGHT_TORSION[key_torsion]).compress().0;
        Self { secret, key }
    }

    fn sign<T: serde::Serialize>(&self, tag: &[u8], value: &T, nonce: u64, torsion: usize) -> Signature {
        let message = [tag, &CLUSTER.0, &wire::encode(value)].concat();
        let nonce = Scalar::from(nonce);
        let point = (nonce * ED25519_BASEPOINT_POINT + EIGHT_TORSION[torsion]).compress().0;
        let hash = Sha512::new().chain_update(point).chain_update(self.key).chain_update(&message).finalize();
        let response = nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * self.secret;
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&point);
        bytes[32..].copy_from_slice(&response.to_bytes());
        Signature(bytes)
    }
}

#[test]
fn a_command_that_only_a_batch_of_one_accepts_is_not_admitted() {
    // Admitted alone, it failed in every leader's batch, and no block could be committed again.
    let crafty = Crafty::new(424_242, 0);
    let mut table = Table::new(4);
    let id = CommandId { client: PublicKey(crafty.key), sequence: SequenceNumber(1) };
    let operation = Operation::App(vec![1]);
    for nonce in 1..200 {
        let signature = crafty.sign(b"hotstuff/1/command\0", &(&id, &operation), nonce, 1);
        let command = Command { id, operation: operation.clone(), signature };
        assert_eq!(verify::command(&table.committee, command).err(), Some(NotAdmitted::BadSignature));
    }
    let signature = crafty.sign(b"hotstuff/1/command\0", &(&id, &operation), 7, 0);
    let plain = Command { id, operation, signature };
    assert!(verify::command(&table.committee, plain).is_ok(), "the crafting is right but for the torsion");
    table.submit(1, b"honest");
    table.run_all();
    assert_eq!(table.applied(0), [b"honest".to_vec()]);
}

#[test]
fn a_certificate_of_votes_that_passed_one_by_one_passes_whole() {
    let crafty = Crafty::new(777_777, 1);
    let mut spec = spec(4);
    spec.members[3].key = PublicKey(crafty.key);
    let committee = Committees::of(std::sync::Arc::new(Committee::new(spec).unwrap()));
    for view in 1..40 {
        let block = BlockRef { epoch: Epoch(0), view: View(view), height: Height(view), id: Digest([5; 32]) };
        let accepted = (1..5_000u64).find_map(|nonce| {
            let signature = crafty.sign(b"hotstuff/1/vote\0", &block, nonce, (nonce % 8) as usize);
            let vote = Vote { block, voter: ReplicaId(3), signature };
            verify::message(&committee, Message::Vote(vote)).is_ok().then_some(signature)
        });
        let mut certificate = qc(block, &[0, 1]);
        certificate.signatures.push((ReplicaId(3), accepted.expect("one nonce in eight will do")));
        assert_eq!(verify::qc(&committee, &certificate), Ok(()), "view {view}");
    }
}
