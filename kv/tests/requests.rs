//! Requests against a model that is a map and nothing else, and each answer by itself.

mod model;

use hotstuff_core::App;
use hotstuff_kv::{
    ANSWER_BYTES_MAX, Answer, Condition, ENTRY_BYTES, Entry, Expected, Invalid, KEY_BYTES_MAX, KvStore,
    Operation, Request, Response, VALUE_BYTES_MAX,
};
use model::Model;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![20 => vec(b'a'..b'c', 1..4), 1 => Just(vec![])]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let number =
        prop_oneof![(-3i64..3), Just(i64::MAX), Just(i64::MIN)].prop_map(|n| n.to_string().into_bytes());
    prop_oneof![4 => number, 1 => vec(any::<u8>(), 0..4), 1 => Just(b"+007".to_vec())]
}

fn operation() -> impl Strategy<Value = Operation> {
    let by = prop_oneof![6 => -3i64..3, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    prop_oneof![
        3 => (key(), value()).prop_map(|(key, value)| Operation::Set { key, value }),
        1 => key().prop_map(|key| Operation::Get { key }),
        2 => key().prop_map(|key| Operation::Delete { key }),
        2 => (key(), option::of(value()), value())
            .prop_map(|(key, expected, value)| Operation::Cas { key, expected, value }),
        2 => (key(), by).prop_map(|(key, by)| Operation::Incr { key, by }),
        1 => (vec(b'a'..b'c', 0..3), option::of(vec(b'a'..b'd', 0..3)), 0u32..6)
            .prop_map(|(prefix, after, limit)| Operation::List { prefix, after, limit }),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let is = prop_oneof![
        3 => Just(Expected::Absent),
        3 => Just(Expected::Present),
        1 => value().prop_map(Expected::Value),
    ];
    (key(), is).prop_map(|(key, is)| Condition { key, is })
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        1 => operation().prop_map(Request::One),
        1 => (vec(condition(), 0..3), vec(operation(), 0..6))
            .prop_map(|(conditions, operations)| Request::Transaction { conditions, operations }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_store_does_what_the_model_does(requests in vec(request(), 1..60), entries_max in 2u64..12) {
        let bytes_max = entries_max * (ENTRY_BYTES + 3);
        let (mut store, mut model) = (KvStore::with_limit(bytes_max), Model::with_limit(bytes_max));
        for request in requests {
            let root = store.root();
            let answered = Response::decode(&store.execute(&request.encode())).unwrap();
            let (before, expected) = model.apply(&request);
            prop_assert_eq!(&answered, &expected, "{}", request);
            prop_assert!(store.bytes() <= bytes_max);
            prop_assert_eq!(store.bytes(), model.bytes());
            // The same content has the same root, whatever was undone on the way.
            prop_assert_eq!(store.root() == root, before == model.entries, "{}", request);
            prop_assert_eq!(store.root(), model.store().root());
            prop_assert_eq!(store.snapshot(), model.store().snapshot());
        }
    }

    #[test]
    fn requests_and_responses_survive_their_encoding(request in request()) {
        let decoded = Request::decode(&request.encode());
        prop_assert_eq!(decoded, request.check().map(|()| request));
    }
}

/// A store that holds `entries`.
fn store(entries: &[(&str, &str)]) -> KvStore {
    let mut store = KvStore::default();
    for (key, value) in entries {
        store.apply(Operation::Set { key: (*key).into(), value: (*value).into() });
    }
    store
}

fn cas(key: &str, expected: Option<&str>, value: &str) -> Operation {
    Operation::Cas { key: key.into(), expected: expected.map(Into::into), value: value.into() }
}

fn incr(key: &str, by: i64) -> Operation {
    Operation::Incr { key: key.into(), by }
}

fn list(prefix: &str, after: Option<&str>, limit: u32) -> Operation {
    Operation::List { prefix: prefix.into(), after: after.map(Into::into), limit }
}

fn get(key: &str) -> Operation {
    Operation::Get { key: key.into() }
}

fn set(key: &str, value: impl Into<Vec<u8>>) -> Operation {
    Operation::Set { key: key.into(), value: value.into() }
}

fn one(store: &mut KvStore, operation: Operation) -> Answer {
    match store.apply(operation) {
        Response::One(answer) => answer,
        other => panic!("{other}"),
    }
}

fn entries(entries: &[(&str, &str)], more: bool) -> Answer {
    let entry = |(key, value): &(&str, &str)| -> Entry { ((*key).into(), (*value).into()) };
    Answer::Entries { entries: entries.iter().map(entry).collect(), more }
}

#[test]
fn cas_sets_what_is_as_expected_and_tells_what_is_not() {
    let mut store = store(&[]);
    assert_eq!(one(&mut store, cas("k", Some("red"), "blue")), Answer::Mismatch(None));
    assert_eq!(one(&mut store, cas("k", None, "red")), Answer::Ok);
    assert_eq!(one(&mut store, cas("k", None, "blue")), Answer::Mismatch(Some("red".into())));
    assert_eq!(one(&mut store, cas("k", Some("red"), "blue")), Answer::Ok);
    assert_eq!(store.value(b"k"), Some(&b"blue"[..]));
}

#[test]
fn incr_counts_from_nothing_and_refuses_what_is_no_number() {
    let mut store = store(&[("text", "7 apples"), ("empty", ""), ("odd", "+007"), ("fraction", "1.5")]);
    assert_eq!(one(&mut store, incr("n", 5)), Answer::Number(5));
    assert_eq!(one(&mut store, incr("n", -7)), Answer::Number(-2));
    assert_eq!(store.value(b"n"), Some(&b"-2"[..]));
    assert_eq!(one(&mut store, incr("odd", 0)), Answer::Number(7));
    assert_eq!(store.value(b"odd"), Some(&b"7"[..]));
    for no_number in ["text", "empty", "fraction"] {
        assert_eq!(one(&mut store, incr(no_number, 1)), Answer::Invalid(Invalid::NotANumber));
    }
    assert_eq!(one(&mut store, incr("top", i64::MAX)), Answer::Number(i64::MAX));
    assert_eq!(one(&mut store, incr("top", 1)), Answer::Invalid(Invalid::OutOfRange));
    assert_eq!(one(&mut store, incr("top", i64::MIN)), Answer::Number(-1));
    assert_eq!(one(&mut store, incr("top", i64::MIN)), Answer::Invalid(Invalid::OutOfRange));
    assert_eq!(store.value(b"top"), Some(&b"-1"[..]));
}

#[test]
fn a_list_is_by_ascending_bytes_and_goes_on_after_its_last() {
    let mut store = store(&[("b2", "2"), ("a", "0"), ("b\u{ff}", "3"), ("b", "1"), ("c", "4")]);
    let all = [("b", "1"), ("b2", "2"), ("b\u{ff}", "3")];
    assert_eq!(one(&mut store, list("b", None, 3)), entries(&all, false));
    assert_eq!(one(&mut store, list("b", None, 2)), entries(&all[..2], true));
    assert_eq!(one(&mut store, list("b", Some("b2"), 2)), entries(&all[2..], false));
    assert_eq!(one(&mut store, list("b", Some("a"), 1)), entries(&all[..1], true));
    assert_eq!(one(&mut store, list("b", Some("b11"), 1)), entries(&all[1..2], true));
    assert_eq!(one(&mut store, list("b", Some("c"), 9)), entries(&[], false));
    assert_eq!(one(&mut store, list("b", None, 0)), entries(&[], true));
    assert_eq!(one(&mut store, list("d", None, 0)), entries(&[], false));
    assert_eq!(one(&mut store, list("", Some("b\u{ff}"), u32::MAX)), entries(&[("c", "4")], false));
}

#[test]
fn a_list_of_large_values_comes_in_parts_that_make_up_the_whole() {
    let mut large = KvStore::default();
    for number in 0..9 {
        one(&mut large, set(&format!("k{number}"), vec![7; VALUE_BYTES_MAX]));
    }
    let (mut after, mut parts, mut seen) = (None, 0, Vec::new());
    loop {
        let request = Request::One(Operation::List { prefix: b"k".to_vec(), after, limit: 1_000 });
        let reply = large.execute(&request.encode());
        assert!(reply.len() <= ANSWER_BYTES_MAX);
        let Response::One(Answer::Entries { entries, more }) = Response::decode(&reply).unwrap() else {
            panic!()
        };
        parts += 1;
        seen.extend(entries.into_iter().map(|(key, _)| key));
        if !more {
            break;
        }
        after = seen.last().cloned();
    }
    assert_eq!(seen, (0..9).map(|number| format!("k{number}").into_bytes()).collect::<Vec<_>>());
    assert_eq!(parts, 9, "one value of the greatest length fits into an answer");
}

#[test]
fn the_longest_key_with_the_longest_value_is_listed() {
    let mut store = KvStore::default();
    let (key, value) = (vec![255; KEY_BYTES_MAX], vec![255; VALUE_BYTES_MAX]);
    one(&mut store, Operation::Set { key: key.clone(), value: value.clone() });
    let reply = store.execute(&list("", None, 9).encode());
    assert!(reply.len() <= ANSWER_BYTES_MAX);
    let all = one(&mut store, list("", None, 9));
    assert_eq!(all, Answer::Entries { entries: vec![(key, value)], more: false });
}

fn transaction(conditions: &[(&str, Expected)], operations: &[Operation]) -> Request {
    let condition = |(key, is): &(&str, Expected)| Condition { key: (*key).into(), is: is.clone() };
    Request::Transaction {
        conditions: conditions.iter().map(condition).collect(),
        operations: operations.to_vec(),
    }
}

#[test]
fn operations_of_a_transaction_read_what_those_before_have_written() {
    let mut store = store(&[("from", "10")]);
    let operations = [
        incr("from", -4),
        incr("to", 4),
        get("from"),
        cas("to", Some("4"), "four"),
        Operation::Delete { key: "to".into() },
        get("to"),
        set("x", "1"),
        list("", None, 9),
    ];
    let answers = vec![
        Answer::Number(6),
        Answer::Number(4),
        Answer::Value("6".into()),
        Answer::Ok,
        Answer::Deleted("four".into()),
        Answer::NotFound,
        Answer::Ok,
        entries(&[("from", "6"), ("x", "1")], false),
    ];
    assert_eq!(store.apply(transaction(&[], &operations)), Response::Transaction(answers));
    assert_eq!(store.apply(transaction(&[], &[])), Response::Transaction(vec![]));
}

#[test]
fn a_condition_that_does_not_hold_is_named_with_what_was_found() {
    let mut store = store(&[("a", "1")]);
    let value = |value: &str| Expected::Value(value.into());
    let set = [set("b", "2")];
    let mut failed = |conditions: &[(&str, Expected)]| {
        let root = store.root();
        match store.apply(transaction(conditions, &set)) {
            Response::ConditionFailed { index, found } => {
                assert_eq!(store.root(), root);
                Some((index, found))
            }
            Response::Transaction(_) => {
                store.apply(Operation::Delete { key: "b".into() });
                None
            }
            other => panic!("{other}"),
        }
    };
    let holding = [("a", Expected::Present), ("a", value("1")), ("b", Expected::Absent)];
    assert_eq!(failed(&holding), None);
    assert_eq!(failed(&[("a", Expected::Absent)]), Some((0, Some("1".into()))));
    assert_eq!(failed(&[("a", Expected::Present), ("a", value("2"))]), Some((1, Some("1".into()))));
    assert_eq!(failed(&[("b", Expected::Present)]), Some((0, None)));
    assert_eq!(failed(&[("b", value(""))]), Some((0, None)), "no value is not an empty one");
}

#[test]
fn a_transaction_that_fails_leaves_nothing_behind() {
    let mut store = KvStore::with_limit(3 * (ENTRY_BYTES + 5));
    one(&mut store, set("a", "red"));
    one(&mut store, set("n", "9"));
    let (root, bytes) = (store.root(), store.bytes());
    let fails = [
        (cas("a", Some("blue"), "green"), Answer::Mismatch(Some("blueish".into()))),
        (cas("new", None, "green"), Answer::Mismatch(Some("1".into()))),
        (incr("a", 1), Answer::Invalid(Invalid::NotANumber)),
        (incr("n", i64::MAX), Answer::Invalid(Invalid::OutOfRange)),
        (set("too much", "for the store"), Answer::Invalid(Invalid::StoreFull)),
    ];
    for (failing, why) in fails {
        let operations = [
            set("a", "blueish"),
            incr("n", 1),
            Operation::Delete { key: "n".into() },
            set("new", "1"),
            incr("n", 3),
            failing,
            set("a", "never"),
        ];
        assert_eq!(store.apply(transaction(&[], &operations)), Response::Aborted { index: 5, why });
        assert_eq!((store.root(), store.bytes()), (root, bytes));
    }
    let operations =
        [Operation::Delete { key: "a".into() }, set("as long", vec![b'!'; 2 * ENTRY_BYTES as usize])];
    let freed = store.apply(transaction(&[], &operations));
    assert_eq!(freed, Response::Aborted { index: 1, why: Answer::Invalid(Invalid::StoreFull) });
    let operations = [Operation::Delete { key: "a".into() }, set("b", "long")];
    assert!(
        matches!(store.apply(transaction(&[], &operations)), Response::Transaction(_)),
        "what frees may fill"
    );
}

#[test]
fn a_transaction_with_answers_that_are_too_long_is_aborted() {
    let mut store = KvStore::default();
    one(&mut store, set("large", vec![7; VALUE_BYTES_MAX]));
    one(&mut store, set("half", vec![7; ANSWER_BYTES_MAX / 2 - 20]));
    let root = store.root();
    let operations = [get("large"), set("small", "1"), get("half")];
    let aborted = Response::Aborted { index: 2, why: Answer::Invalid(Invalid::AnswerTooLong) };
    assert_eq!(store.apply(transaction(&[], &operations)), aborted);
    assert_eq!(store.root(), root);
    for fits in [&[get("half"), get("half"), set("small", "1")][..], &operations[..2]] {
        let answered = store.execute(&transaction(&[], fits).encode());
        assert!(matches!(Response::decode(&answered), Ok(Response::Transaction(_))));
        assert!(answered.len() > ANSWER_BYTES_MAX - 1_100 && answered.len() <= ANSWER_BYTES_MAX);
    }
}
