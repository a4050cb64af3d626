//! The trie against its definition, and paths that lead to its root and to no other.

use super::*;
use alloc::collections::BTreeMap;
use alloc::vec;
use proptest::collection::vec as many;
use proptest::prelude::*;
use proptest::sample::Index as Any;

type Content = BTreeMap<[u8; 32], u8>;

fn value(of: u8) -> Digest {
    Digest([of; 32])
}

/// Keys that begin alike in many ways, and some that do not.
fn key() -> impl Strategy<Value = Digest> {
    let alike = (0u8..=255, 0u8..4).prop_map(|(bit, last)| {
        let mut key = [0; 32];
        key[usize::from(bit / 8)] = 0x80 >> (bit % 8);
        key[31] ^= last;
        Digest(key)
    });
    prop_oneof![3 => alike, 2 => any::<[u8; 32]>().prop_map(Digest), 1 => Just(Digest([255; 32]))]
}

/// The root from its definition, all of it hashed anew: keys are parted at the first bit in which they differ.
fn by_definition(leaves: &[Leaf]) -> Digest {
    match leaves {
        [] => empty_root(),
        [leaf] => leaf.digest(),
        _ => {
            let differ =
                |bit: &u8| leaves.iter().any(|leaf| side(&leaf.key, *bit) != side(&leaves[0].key, *bit));
            let bit = (0..=255).find(differ).expect("keys differ");
            let (left, right): (Vec<Leaf>, Vec<Leaf>) =
                leaves.iter().partition(|leaf| side(&leaf.key, bit) == 0);
            parent(bit, &by_definition(&left), &by_definition(&right))
        }
    }
}

fn leaves(content: &Content) -> Vec<Leaf> {
    content.iter().map(|(key, of)| Leaf { key: Digest(*key), value: value(*of) }).collect()
}

fn trie(content: &Content) -> MerkleTrie {
    let mut trie = MerkleTrie::new();
    leaves(content).iter().for_each(|leaf| trie.insert(leaf.key, leaf.value));
    trie
}

fn content() -> impl Strategy<Value = Content> {
    many((key(), any::<u8>()), 0..60).prop_map(|all| all.into_iter().map(|(key, of)| (key.0, of)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn the_root_is_that_of_the_content_however_it_came_about(
        steps in many((key(), any::<Option<u8>>(), any::<bool>()), 1..120), again in any::<Any>(),
    ) {
        let (mut trie, mut content) = (MerkleTrie::new(), Content::new());
        for (at, (new, of, is_asked)) in steps.iter().enumerate() {
            // Half of what is done is to a key that occurred before.
            let key = if at % 2 == 0 { *new } else { steps[again.index(at)].0 };
            match of {
                Some(of) => {
                    trie.insert(key, value(*of));
                    content.insert(key.0, *of);
                }
                None => prop_assert_eq!(trie.remove(&key), content.remove(&key.0).is_some()),
            }
            prop_assert_eq!((trie.len(), trie.is_empty()), (content.len(), content.is_empty()));
            if *is_asked {
                prop_assert_eq!(trie.root(), by_definition(&leaves(&content)));
            }
        }
        prop_assert_eq!(trie.root(), by_definition(&leaves(&content)));
        let mut backwards = MerkleTrie::new();
        leaves(&content).iter().rev().for_each(|leaf| backwards.insert(leaf.key, leaf.value));
        prop_assert_eq!(backwards.root(), trie.root());
        content.keys().for_each(|key| assert!(trie.remove(&Digest(*key))));
        prop_assert_eq!(trie.root(), empty_root());
    }

    #[test]
    fn each_key_has_a_path_that_shows_what_it_is(content in content(), others in many(key(), 1..20)) {
        let mut trie = trie(&content);
        let root = trie.root();
        for key in content.keys().copied().map(Digest).chain(others) {
            let (leaf, path) = trie.path(&key);
            prop_assert_eq!(path.root_over(&key, leaf.as_ref()), Some(root));
            let own = leaf.filter(|leaf| leaf.key == key).map(|leaf| leaf.value);
            prop_assert_eq!(own, content.get(&key.0).map(|of| value(*of)));
        }
    }

    #[test]
    fn no_part_of_a_path_can_be_another(
        content in content(), key in key(), other in key(), at in any::<Any>(), flip in any::<u8>(),
    ) {
        let mut trie = trie(&content);
        let root = trie.root();
        let (leaf, path) = trie.path(&key);
        let leads = |key: &Digest, leaf: Option<&Leaf>, path: &Path| path.root_over(key, leaf) == Some(root);
        let spoilt = |digest: &Digest| {
            let mut spoilt = *digest;
            spoilt.0[usize::from(flip / 8)] ^= 1 << (flip % 8);
            spoilt
        };
        if let Some(leaf) = leaf {
            let (another_key, another_value) =
                (Leaf { key: spoilt(&leaf.key), ..leaf }, Leaf { value: spoilt(&leaf.value), ..leaf });
            prop_assert!(!leads(&key, Some(&another_key), &path) && !leads(&key, Some(&another_value), &path));
            prop_assert!(!leads(&key, None, &path));
        }
        if !content.contains_key(&key.0) {
            for of in 0..=255 {
                let made_up = Leaf { key, value: value(of) };
                prop_assert!(!leads(&key, Some(&made_up), &path));
            }
        }
        if trie.path(&other).1 != path {
            prop_assert!(!leads(&other, leaf.as_ref(), &path), "the way of another key");
        }
        if !path.0.is_empty() {
            let at = at.index(path.0.len());
            let changed = |change: &dyn Fn(&mut Vec<Step>)| {
                let mut other = path.clone();
                change(&mut other.0);
                leads(&key, leaf.as_ref(), &other)
            };
            prop_assert!(!changed(&|steps| steps[at].beside = spoilt(&steps[at].beside)));
            prop_assert!(!changed(&|steps| steps[at].bit ^= 1 << (flip % 8)));
            prop_assert!(!changed(&|steps| steps.truncate(at)));
            prop_assert!(!changed(&|steps| steps.insert(at, steps[at])));
            prop_assert!(!changed(&|steps| steps.reverse()) || path.0.len() == 1);
        }
    }
}

/// Keys that part at every bit there is: no way is longer than that, whoever chooses the keys.
#[test]
fn the_longest_way_has_as_many_steps_as_keys_have_bits() {
    let mut trie = MerkleTrie::new();
    let mut keys = vec![Digest([0; 32])];
    for bit in 0..=255u8 {
        let mut key = [0; 32];
        key[usize::from(bit / 8)] = 0x80 >> (bit % 8);
        keys.push(Digest(key));
    }
    keys.iter().for_each(|key| trie.insert(*key, value(1)));
    let root = trie.root();
    let (leaf, path) = trie.path(&keys[0]);
    assert_eq!((path.steps().len(), leaf.map(|leaf| leaf.key)), (256, Some(keys[0])));
    assert_eq!(path.root_over(&keys[0], leaf.as_ref()), Some(root));
}

/// A change hashes the nodes above it and no others; a clone is a trie of its own.
#[test]
fn digests_beside_a_change_are_kept() {
    let mut trie = MerkleTrie::new();
    for number in 0..=255u8 {
        trie.insert(Digest::of(Domain::Merkle, &[&[number]]), value(number));
    }
    let root = trie.root();
    let key = Digest::of(Domain::Merkle, &[&[7]]);
    let deep = trie.path(&key).1.0.len();
    let mut copy = trie.clone();
    trie.insert(key, value(8));
    let unknown =
        trie.nodes.iter().filter(|node| matches!(node, Node::Inner(Inner { digest: None, .. }))).count();
    assert_eq!(unknown, deep);
    assert_ne!(trie.root(), root);
    assert_eq!(copy.root(), root);
    trie.insert(key, value(7));
    assert_eq!(trie.root(), root);
}

#[test]
fn memory_of_removed_keys_is_used_again() {
    let mut trie = MerkleTrie::new();
    for round in 0..1_000u32 {
        let key = |of: u32| Digest::of(Domain::Merkle, &[&of.to_be_bytes()]);
        trie.insert(key(round), value(1));
        if round >= 10 {
            assert!(trie.remove(&key(round - 10)) && !trie.remove(&key(round - 10)));
        }
    }
    assert_eq!(trie.len(), 10);
    assert!(trie.nodes.len() <= 21, "{} nodes", trie.nodes.len());
}

#[test]
fn a_way_that_no_trie_has_leads_to_no_root() {
    let key = Digest([0; 32]);
    let leaf = |first: u8| {
        let mut key = key;
        key.0[0] = first;
        Leaf { key, value: value(1) }
    };
    let path = |bits: &[u8]| Path(bits.iter().map(|bit| Step { bit: *bit, beside: value(*bit) }).collect());
    assert!(path(&[3, 5]).root_over(&key, Some(&leaf(0))).is_some());
    for bits in [[5, 3], [3, 3]] {
        assert_eq!(path(&bits).root_over(&key, Some(&leaf(0))), None, "keys part bit by bit");
    }
    let other = |bit: u8| leaf(0x80 >> bit);
    assert!(path(&[3, 5]).root_over(&key, Some(&other(4))).is_some());
    for bit in [3, 5] {
        assert_eq!(path(&[3, 5]).root_over(&key, Some(&other(bit))), None, "the other leaf is elsewhere");
    }
    assert_eq!(path(&[3]).root_over(&key, None), None, "below an inner node there are leaves");
    assert_eq!(path(&[]).root_over(&key, None), Some(empty_root()));
}
