//! Proofs of single keys: right for every key of every store, and for nothing else.

use hotstuff_core::App;
use hotstuff_core::crypto::Digest;
use hotstuff_core::merkle::Path;
use hotstuff_core::wire;
use hotstuff_kv::{KvStore, NoProof, Operation, PROOF_BYTES_MAX, Proof, VALUE_BYTES_MAX};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn set(key: &[u8], value: &[u8]) -> Operation {
    Operation::Set { key: key.to_vec(), value: value.to_vec() }
}

fn store(content: &BTreeMap<Vec<u8>, Vec<u8>>) -> KvStore {
    let mut store = KvStore::default();
    for (key, value) in content {
        store.apply(set(key, value));
    }
    store
}

/// Short keys of few letters, so that some that are asked for are there.
fn content() -> impl Strategy<Value = BTreeMap<Vec<u8>, Vec<u8>>> {
    btree_map(vec(0u8..6, 1..5), vec(any::<u8>(), 0..9), 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_key_has_a_proof_of_what_it_is(content in content(), others in vec(vec(0u8..6, 1..5), 1..30)) {
        let store = store(&content);
        let root = store.root();
        for key in content.keys().chain(&others) {
            let proof = store.prove(key);
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
        let proof = store.prove(&key);
        if other != key {
            let said = proof.check(&other, &root);
            prop_assert!(matches!(said, Err(NoProof)) || said == Ok(content.get(&other).map(Vec::as_slice)));
        }
        if content.get(&key) != Some(&value) {
            let (Proof::Present { path, .. } | Proof::Absent { path, .. }) = proof.clone();
            let lie = Proof::Present { value: value.clone(), path };
            prop_assert_eq!(lie.check(&key, &root), Err(NoProof));
            store.apply(set(&key, &value));
            prop_assert_eq!(proof.check(&key, &store.root()), Err(NoProof));
        }
    }

    #[test]
    fn no_byte_of_a_proof_or_root_can_be_another(
        content in content(), key in vec(0u8..6, 1..5), at in any::<prop::sample::Index>(), change in 1u8..,
    ) {
        let store = store(&content);
        let (proof, mut root) = (store.prove(&key), store.root());
        let mut bytes = wire::encode(&proof);
        let position = at.index(bytes.len());
        bytes[position] ^= change;
        if let Ok(other) = wire::decode::<Proof>(&bytes) {
            // Some lengths can be told in more ways than one.
            prop_assert!(other == proof || other.check(&key, &root) == Err(NoProof), "{:?}", other);
        }
        root.0[at.index(32)] ^= change;
        prop_assert_eq!(proof.check(&key, &root), Err(NoProof));
    }

    #[test]
    fn a_store_has_the_root_of_its_snapshot(content in content(), passing in vec(vec(0u8..6, 1..5), 0..30)) {
        let mut devious = KvStore::default();
        for (key, value) in content.iter().rev() {
            devious.apply(set(key, b"another"));
            devious.apply(set(key, value));
        }
        for key in passing.iter().filter(|key| !content.contains_key(*key)) {
            devious.apply(set(key, b"by"));
            devious.root();
            devious.apply(Operation::Delete { key: key.clone() });
        }
        let mut restored = KvStore::default();
        restored.restore(&devious.snapshot()).unwrap();
        prop_assert_eq!(restored.root(), devious.root());
        prop_assert_eq!(restored.root(), store(&content).root());
    }
}

#[test]
fn what_is_there_cannot_be_proven_absent_nor_the_other_way_round() {
    let content = BTreeMap::from([(b"k".to_vec(), b"v".to_vec())]);
    let (store, empty) = (store(&content), KvStore::default());
    let Proof::Present { path, .. } = store.prove(b"k") else { panic!("it is there") };
    let Proof::Absent { other: own, .. } = store.prove(b"another") else { panic!("it is not there") };
    assert!(own.is_some());
    for other in [None, own] {
        let lie = Proof::Absent { other, path: path.clone() };
        assert_eq!(lie.check(b"k", &store.root()), Err(NoProof));
    }
    let Proof::Absent { other: None, path } = empty.prove(b"k") else { panic!("there is nothing") };
    let lie = Proof::Present { value: b"v".to_vec(), path: path.clone() };
    assert_eq!(lie.check(b"k", &empty.root()), Err(NoProof));
    let nothing = Proof::Absent { other: None, path };
    assert_eq!(nothing.check(b"k", &empty.root()), Ok(None));
    assert_eq!(nothing.check(b"k", &store.root()), Err(NoProof));
    // Nor does a part of the way do.
    let many = (0..99u8).map(|number| (vec![number], vec![number])).collect();
    let many = self::store(&many);
    let Proof::Present { value, path } = many.prove(&[7]) else { panic!("it is there") };
    let short: Path = wire::decode(&wire::encode(&path.steps()[1..].to_vec())).unwrap();
    assert_eq!(Proof::Present { value, path: short }.check(&[7], &many.root()), Err(NoProof));
}

#[test]
fn a_proof_has_a_bound() {
    // A path with all the steps that there can be: it is in the form alone.
    let step = |bit: u8| (bit, Digest([255; 32]));
    let longest: Path = wire::decode(&wire::encode(&(0..=255).map(step).collect::<Vec<_>>())).unwrap();
    let proof = Proof::Present { value: vec![255; VALUE_BYTES_MAX], path: longest };
    let bytes = wire::encode(&proof).len();
    assert!(bytes <= PROOF_BYTES_MAX && bytes > PROOF_BYTES_MAX - 100, "{bytes}");
}

/// Twice as many entries make a proof one step longer, about.
#[test]
fn a_proof_grows_as_the_logarithm_of_the_store() {
    let mut store = KvStore::default();
    let mut asked = 0u32;
    for (entries, steps_max) in [(1u32 << 8, 20), (1 << 12, 28)] {
        (asked..entries).for_each(|number| drop(store.apply(set(&number.to_be_bytes(), b""))));
        asked = entries;
        for key in 0..2 * entries {
            let (Proof::Present { path, .. } | Proof::Absent { path, .. }) = store.prove(&key.to_be_bytes());
            assert!(path.steps().len() <= steps_max, "{} steps of {entries}", path.steps().len());
        }
    }
}
