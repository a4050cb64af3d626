//! What the store answers, what it survives, and what its root depends on.

use hotstuff_core::App;
use hotstuff_kv::{
    Answer, ENTRY_BYTES, Invalid, KEY_BYTES_MAX, KvStore, Operation, Response, VALUE_BYTES_MAX,
};

fn set(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Operation {
    Operation::Set { key: key.into(), value: value.into() }
}

fn get(key: impl Into<Vec<u8>>) -> Operation {
    Operation::Get { key: key.into() }
}

fn delete(key: impl Into<Vec<u8>>) -> Operation {
    Operation::Delete { key: key.into() }
}

fn ask(store: &mut KvStore, operation: &Operation) -> Answer {
    match Response::decode(&store.execute(&operation.encode())).unwrap() {
        Response::One(answer) => answer,
        other => panic!("{operation}: {other}"),
    }
}

#[test]
fn set_get_and_delete() {
    let mut store = KvStore::default();
    assert_eq!(ask(&mut store, &get("colour")), Answer::NotFound);
    assert_eq!(ask(&mut store, &set("colour", "red")), Answer::Ok);
    assert_eq!(ask(&mut store, &get("colour")), Answer::Value(b"red".to_vec()));
    assert_eq!(ask(&mut store, &set("colour", "blue")), Answer::Ok);
    assert_eq!(store.bytes(), ENTRY_BYTES + 10);
    assert_eq!(ask(&mut store, &delete("colour")), Answer::Deleted(b"blue".to_vec()));
    assert_eq!(ask(&mut store, &delete("colour")), Answer::NotFound);
    assert_eq!(store.bytes(), 0);
}

#[test]
fn pitfall_29_poison_operations_get_a_typed_answer_and_change_nothing() {
    let mut store = KvStore::default();
    store.apply(set("kept", "value"));
    let root = store.root();
    let long = set(vec![7; KEY_BYTES_MAX + 1], "v").encode();
    let large = set("k", vec![7; VALUE_BYTES_MAX + 1]).encode();
    let mut trailing = get("kept").encode();
    trailing.push(0);
    let poison: [(&[u8], Invalid); 10] = [
        (b"", Invalid::Malformed),
        (b"\0", Invalid::Malformed),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Invalid::Malformed),
        // A set that says its key has 2^64 - 1 bytes.
        (b"\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01key", Invalid::Malformed),
        (b"set|key|value\n", Invalid::Malformed),
        (&[0; 200_000], Invalid::Malformed),
        (&trailing, Invalid::Malformed),
        (&get("").encode(), Invalid::EmptyKey),
        (&long, Invalid::KeyTooLong),
        (&large, Invalid::ValueTooLong),
    ];
    for (bytes, why) in poison {
        let answer = Response::decode(&store.execute(bytes)).unwrap();
        assert_eq!(answer, Response::Invalid(why), "{:?}", &bytes[..bytes.len().min(20)]);
    }
    assert_eq!(store.root(), root);
}

#[test]
fn pitfall_29_keys_and_values_are_any_bytes() {
    let mut store = KvStore::default();
    let odd: [&[u8]; 6] = [b"\0", b"a\0b", b"\xff\xfe", b"a|b:c,d\n", b"a", &[0; KEY_BYTES_MAX]];
    for key in odd {
        assert_eq!(ask(&mut store, &set(key, key)), Answer::Ok);
    }
    assert_eq!(ask(&mut store, &set("empty", "")), Answer::Ok);
    for key in odd {
        assert_eq!(ask(&mut store, &get(key)), Answer::Value(key.to_vec()));
    }
    assert_eq!(ask(&mut store, &get("empty")), Answer::Value(Vec::new()));
}

#[test]
fn pitfall_29_spoilt_operations_are_answered_alike_by_two_replicas() {
    let (mut one, mut other) = (KvStore::default(), KvStore::default());
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 16).unwrap()
    };
    let whole = [set("key", "value").encode(), get("key").encode(), delete("key").encode()];
    let (mut carried_out, mut invalid) = (0, 0);
    for _ in 0..5_000 {
        let mut bytes = whole[random() % whole.len()].clone();
        for _ in 0..random() % 3 {
            let at = random() % bytes.len();
            bytes[at] = u8::try_from(random() % 256).unwrap();
        }
        bytes.truncate(bytes.len() - random() % 2);
        let answer = one.execute(&bytes);
        assert_eq!(answer, other.execute(&bytes));
        assert_eq!(one.root(), other.root());
        match Response::decode(&answer).unwrap() {
            Response::Invalid(_) => invalid += 1,
            _ => carried_out += 1,
        }
    }
    assert!(carried_out > 500 && invalid > 500, "{carried_out} carried out, {invalid} invalid");
}

#[test]
fn a_full_store_takes_no_more_but_still_serves() {
    let mut store = KvStore::with_limit(ENTRY_BYTES + 10);
    assert_eq!(ask(&mut store, &set("a", "12345")), Answer::Ok);
    assert_eq!(ask(&mut store, &set("b", "1234")), Answer::Invalid(Invalid::StoreFull));
    assert_eq!(ask(&mut store, &set("a", "123456789")), Answer::Ok, "only the growth counts");
    assert_eq!(ask(&mut store, &set("a", "1234567890")), Answer::Invalid(Invalid::StoreFull));
    assert_eq!(ask(&mut store, &get("a")), Answer::Value(b"123456789".to_vec()));
    assert_eq!(ask(&mut store, &delete("a")), Answer::Deleted(b"123456789".to_vec()));
    assert_eq!(ask(&mut store, &set("b", "1234")), Answer::Ok);
}

#[test]
fn a_snapshot_of_more_than_fits_is_refused() {
    let mut large = KvStore::default();
    (0..10).for_each(|number: u8| assert_eq!(large.apply(set([number], "")), Answer::Ok.into()));
    let mut small = KvStore::with_limit(9 * (ENTRY_BYTES + 1));
    small.apply(set("kept", ""));
    let root = small.root();
    assert!(small.restore(&large.snapshot()).is_err());
    assert_eq!(small.root(), root);
    large.apply(delete([9]));
    assert_eq!(small.restore(&large.snapshot()), Ok(()));
    assert_eq!(small.root(), large.root());
}

#[test]
fn the_root_depends_on_content_not_on_history() {
    let names: Vec<String> = (0..3_000).map(|number| format!("key {number}")).collect();
    let mut straight = KvStore::default();
    for name in &names {
        straight.apply(set(name.as_str(), format!("value of {name}")));
    }
    let mut devious = KvStore::default();
    for name in names.iter().rev() {
        devious.apply(set(name.as_str(), "something else"));
        devious.apply(set(format!("{name} passing"), "by"));
    }
    assert_ne!(devious.root(), straight.root());
    for (index, name) in names.iter().enumerate() {
        devious.apply(delete(format!("{name} passing")));
        devious.apply(set(name.as_str(), format!("value of {name}")));
        if index % 100 == 0 {
            let _ = devious.root(); // asked along the way, it must not change what comes after
        }
    }
    assert_eq!(devious.root(), straight.root());
    for name in &names {
        devious.apply(delete(name.as_str()));
    }
    assert_eq!(devious.root(), KvStore::default().root());
}

#[test]
fn other_content_has_another_root() {
    let root = |operations: &[Operation]| {
        let mut store = KvStore::default();
        operations.iter().for_each(|operation| assert_eq!(store.apply(operation.clone()), Answer::Ok.into()));
        store.root()
    };
    let roots = [
        root(&[]),
        root(&[set("a", "")]),
        root(&[set("a", "1")]),
        root(&[set("a1", "")]),
        root(&[set("b", "1")]),
        root(&[set("a", "1"), set("b", "1")]),
        root(&[set("a", "1"), set("b", "2")]),
        root(&[set("a", "2"), set("b", "1")]),
    ];
    for (index, one) in roots.iter().enumerate() {
        assert!(!roots[..index].contains(one), "content {index} shares its root");
    }
}

#[test]
fn a_copy_goes_its_own_way() {
    let mut store = KvStore::default();
    store.apply(set("a", "1"));
    let copy = store.clone();
    let root = store.root();
    store.apply(set("a", "2"));
    assert_ne!(store.root(), root);
    assert_eq!(copy.root(), root);
    assert_eq!(copy.value(b"a"), Some(&b"1"[..]));
}
