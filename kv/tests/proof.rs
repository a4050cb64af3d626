//! Proofs of single keys: right for every key of every store, and for nothing else.

use hotstuff_core::App;
use hotstuff_core::crypto::{Digest, Domain};
use hotstuff_core::merkle::bucket_of;
use hotstuff_core::wire;
use hotstuff_kv::{KvStore, NoProof, Operation, PROOF_BYTES_MAX, Proof, ProofTooLarge};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn store(content: &BTreeMap<Vec<u8>, Vec<u8>>) -> KvStore {
    let mut store = KvStore::default();
    for (key, value) in content {
        store.apply(Operation::Set { key: key.clone(), value: value.clone() });
    }
    store
}

/// Short keys of few letters, so that some are equal, and many of them, so that some share a bucket.
fn content() -> impl Strategy<Value = BTreeMap<Vec<u8>, Vec<u8>>> {
    btree_map(vec(0u8..6, 1..5), vec(any::<u8>(), 0..9), 0..300)
}

/// The digests in a proof, to be changed one by one.
fn digests(proof: &mut Proof) -> Vec<&mut Digest> {
    match proof {
        Proof::Present { before, after, path, .. } => before.iter_mut().chain(after).chain(path).collect(),
        Proof::Absent { path, .. } => path.iter_mut().collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_key_has_a_proof_of_what_it_is(content in content(), others in vec(vec(0u8..6, 1..5), 1..30)) {
        let store = store(&content);
        let root = store.root();
        for key in content.keys().chain(&others) {
            let proof = store.prove(key).unwrap();
            prop_assert_eq!(proof.check(key, &root), Ok(content.get(key).map(Vec::as_slice)));
            let told: Proof = wire::decode(&wire::encode(&proof)).unwrap();
            prop_assert_eq!(told, proof);
        }
    }

    #[test]
    fn a_proof_is_of_no_other_store_key_or_value(
        content in content(), key in vec(0u8..6, 1..5), other in vec(0u8..6, 1..5), value in vec(any::<u8>(), 0..9),
    ) {
        let mut store = store(&content);
        let root = store.root();
        let proof = store.prove(&key).unwrap();
        if other != key {
            let said = proof.check(&other, &root);
            prop_assert!(matches!(said, Err(NoProof)) || said == Ok(content.get(&other).map(Vec::as_slice)));
        }
        if content.get(&key) != Some(&value) {
            let mut lie = proof.clone();
            match &mut lie {
                Proof::Present { value: told, .. } => told.clone_from(&value),
                Proof::Absent { entries, .. } => entries.push((key.clone(), value.clone())),
            }
            prop_assert_eq!(lie.check(&key, &root), Err(NoProof));
            store.apply(Operation::Set { key: key.clone(), value });
            prop_assert_eq!(proof.check(&key, &store.root()), Err(NoProof));
        }
    }

    #[test]
    fn no_digest_of_a_proof_can_be_another(content in content(), key in vec(0u8..6, 1..5), at in any::<prop::sample::Index>()) {
        let store = store(&content);
        let mut proof = store.prove(&key).unwrap();
        let mut all = digests(&mut proof);
        let at = at.index(all.len());
        all[at].0[7] ^= 1;
        prop_assert_eq!(proof.check(&key, &store.root()), Err(NoProof));
    }
}

#[test]
fn what_is_there_cannot_be_proven_absent_nor_the_other_way_round() {
    let content = BTreeMap::from([(b"k".to_vec(), b"v".to_vec())]);
    let (store, empty) = (store(&content), KvStore::default());
    let Proof::Present { path, .. } = store.prove(b"k").unwrap() else { panic!("it is there") };
    for entries in [vec![], vec![(b"k".to_vec(), b"v".to_vec())], vec![(b"k".to_vec(), b"w".to_vec())]] {
        let lie = Proof::Absent { entries, path: path.clone() };
        assert_eq!(lie.check(b"k", &store.root()), Err(NoProof));
    }
    let Proof::Absent { path, .. } = empty.prove(b"k").unwrap() else { panic!("it is not there") };
    let lie = Proof::Present { value: b"v".to_vec(), before: vec![], after: vec![], path: path.clone() };
    assert_eq!(lie.check(b"k", &empty.root()), Err(NoProof));
    // Nor does a part of the way do.
    let short = Proof::Absent { entries: vec![], path: path[1..].to_vec() };
    assert_eq!(short.check(b"k", &empty.root()), Err(NoProof));
}

/// The absence of a key from a bucket that is full on purpose would take all of its entries.
#[test]
fn a_proof_has_a_bound() {
    let mut store = KvStore::default();
    let absent = b"absent".to_vec();
    let bucket = |key: &[u8]| bucket_of(&Digest::of(Domain::Merkle, &[b"key", key]), 1 << 12);
    let same = |key: &Vec<u8>| bucket(key) == bucket(&absent);
    let keys = (0u32..).map(|number| number.to_be_bytes().to_vec()).filter(same);
    for key in keys.take(PROOF_BYTES_MAX / 60_000 + 1) {
        store.apply(Operation::Set { key, value: vec![0; 60_000] });
    }
    assert_eq!(store.prove(&absent), Err(ProofTooLarge));
    assert!(store.prove(b"another").is_ok());
}
