//! The language of requests: what is read, what is refused and where, and that what is written is read again.

use hotstuff_kv::language::{Expected, LIST_LIMIT, ParseError, Said, Written, WrittenRequest, parse};
use hotstuff_kv::{Answer, Condition, Expected as Is, Invalid, Operation, Request, Response};
use proptest::collection::vec;
use proptest::prelude::*;

fn one(line: &str) -> Operation {
    match parse(line.as_bytes()) {
        Ok(Request::One(operation)) => operation,
        other => panic!("{line:?}: {other:?}"),
    }
}

fn set(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Operation {
    Operation::Set { key: key.into(), value: value.into() }
}

#[test]
fn a_line_is_an_operation() {
    assert_eq!(one("set k v"), set("k", "v"));
    assert_eq!(one("  set  k   two  words \r\n"), set("k", "two  words"));
    assert_eq!(one(r#"set "a b" "c\n\"\\\x00\0\t\r;" "#), set("a b", b"c\n\"\\\0\0\t\r;".to_vec()));
    assert_eq!(one("set 0xff00 0x"), set(vec![255, 0], vec![]));
    assert_eq!(one("get k"), Operation::Get { key: b"k".to_vec() });
    assert_eq!(one("delete k;"), Operation::Delete { key: b"k".to_vec() });
    assert_eq!(one("incr n"), Operation::Incr { key: b"n".to_vec(), by: 1 });
    assert_eq!(one("incr n -5"), Operation::Incr { key: b"n".to_vec(), by: -5 });
    let cas = |expected: Option<&str>| Operation::Cas {
        key: b"k".to_vec(),
        expected: expected.map(Into::into),
        value: b"v".to_vec(),
    };
    assert_eq!(one("cas k old v"), cas(Some("old")));
    assert_eq!(one("cas k absent v"), cas(None));
    assert_eq!(one("cas k \"absent\" v"), cas(Some("absent")));
    let list = |prefix: &str, after: Option<&str>, limit| Operation::List {
        prefix: prefix.into(),
        after: after.map(Into::into),
        limit,
    };
    assert_eq!(one("list"), list("", None, LIST_LIMIT));
    assert_eq!(one("list user/ limit 3 after user/7"), list("user/", Some("user/7"), 3));
    assert_eq!(one("list \"after\""), list("after", None, LIST_LIMIT));
    assert_eq!(parse(b"set caf\xe9 \xff"), Ok(set(b"caf\xe9".to_vec(), vec![255]).into()));
}

#[test]
fn parts_are_a_transaction_conditions_first() {
    let line = "if a = 1 ; if b absent;if c present; set a 2; incr n 3";
    let condition = |key: &str, is| Condition { key: key.into(), is };
    let expected = Request::Transaction {
        conditions: vec![
            condition("a", Is::Value(b"1".to_vec())),
            condition("b", Is::Absent),
            condition("c", Is::Present),
        ],
        operations: vec![set("a", "2"), Operation::Incr { key: b"n".to_vec(), by: 3 }],
    };
    assert_eq!(parse(line.as_bytes()), Ok(expected));
    let only = Request::Transaction { conditions: vec![condition("a", Is::Absent)], operations: vec![] };
    assert_eq!(parse(b"if a absent"), Ok(only), "conditions alone are a question");
}

#[test]
fn what_is_wrong_is_told_with_its_column() {
    for (line, column, expected) in [
        ("", 1, Expected::Command),
        ("   ", 4, Expected::Command),
        ("put a b", 1, Expected::Command),
        ("\"set\" a b", 1, Expected::Command),
        ("set", 4, Expected::Key),
        ("set k", 6, Expected::Value),
        ("get a b", 7, Expected::End),
        ("set k \"a\" b", 11, Expected::End),
        ("set k a \"b\"", 9, Expected::End),
        ("set ké \"a\" b", 12, Expected::End),
        ("set k \"a", 9, Expected::ClosingQuote),
        ("set \"k\"v", 8, Expected::Space),
        ("set k \"a\\q\"", 9, Expected::Escape),
        ("set k \"a\\x1\"", 9, Expected::Escape),
        ("set 0x123 v", 10, Expected::Hexadecimal),
        ("set 0x1g v", 8, Expected::Hexadecimal),
        ("incr n x", 8, Expected::Number),
        ("incr n 9223372036854775808", 8, Expected::Number),
        ("incr n 1 2", 10, Expected::End),
        ("list a limit -1", 14, Expected::Limit),
        ("list a b", 8, Expected::ListOption),
        ("list a after", 13, Expected::Key),
        ("cas k", 6, Expected::ValueOrAbsent),
        ("cas k absent", 13, Expected::Value),
        ("if k", 5, Expected::Comparison),
        ("if k =", 7, Expected::Value),
        ("if k = a b", 10, Expected::End),
        ("set a b; if k present", 10, Expected::Operation),
        ("set a b;; get a", 9, Expected::Command),
        (";", 1, Expected::Command),
    ] {
        assert_eq!(parse(line.as_bytes()), Err(ParseError { column, expected }), "{line:?}");
    }
    let told = parse(b"set k").unwrap_err().to_string();
    assert_eq!(told, "at column 6: expected a value");
}

#[test]
fn bytes_are_written_as_they_can_be_read() {
    for (bytes, written) in [
        (&b"user/1"[..], "user/1"),
        (b"", "\"\""),
        (b"two words", "\"two words\""),
        (b"absent", "\"absent\""),
        (b"0x12", "\"0x12\""),
        (b"a;b", "\"a;b\""),
        (b"line\nbreak\"\\", r#""line\nbreak\"\\""#),
        ("é".as_bytes(), "\"é\""),
        (b"\xff\x00", "0xff00"),
        (b"\x00", "0x00"),
    ] {
        assert_eq!(Written(bytes).to_string(), written);
    }
}

#[test]
fn responses_are_said_on_one_line() {
    let said = |response: Response| Said(&response).to_string();
    assert_eq!(said(Answer::Ok.into()), "OK");
    assert_eq!(said(Answer::Value(b"a\nb".to_vec()).into()), "\"a\\nb\"");
    assert_eq!(said(Answer::Number(-3).into()), "-3");
    assert_eq!(said(Answer::NotFound.into()), "Key not found");
    assert_eq!(said(Answer::Mismatch(Some(b"x".to_vec())).into()), "not as expected: the value is x");
    assert_eq!(said(Answer::Mismatch(None).into()), "not as expected: there is no value");
    let entries = vec![(b"a".to_vec(), b"1 2".to_vec()), (b"b".to_vec(), b"3".to_vec())];
    assert_eq!(said(Answer::Entries { entries, more: true }.into()), "a = \"1 2\", b = 3, and more");
    assert_eq!(said(Answer::Entries { entries: vec![], more: false }.into()), "no keys");
    assert_eq!(said(Response::Transaction(vec![Answer::Ok, Answer::Number(2)])), "done: OK; 2");
    let failed = Response::ConditionFailed { index: 0, found: None };
    assert_eq!(said(failed), "nothing done: condition 1 does not hold: there is no value");
    let aborted = Response::Aborted { index: 1, why: Answer::Invalid(Invalid::NotANumber) };
    assert_eq!(said(aborted), "nothing done: operation 2: error: the value is not a number");
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..12),
        "[a-z0-9=;\" \\\\\n]{0,8}".prop_map(String::into_bytes),
        Just(b"absent".to_vec()),
        Just(b"limit".to_vec()),
        Just(b"if".to_vec()),
        Just(b"set".to_vec()),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (bytes(), bytes()).prop_map(|(key, value)| Operation::Set { key, value }),
        bytes().prop_map(|key| Operation::Get { key }),
        bytes().prop_map(|key| Operation::Delete { key }),
        (bytes(), proptest::option::of(bytes()), bytes()).prop_map(|(key, expected, value)| Operation::Cas {
            key,
            expected,
            value
        }),
        (bytes(), any::<i64>()).prop_map(|(key, by)| Operation::Incr { key, by }),
        (bytes(), proptest::option::of(bytes()), any::<u32>())
            .prop_map(|(prefix, after, limit)| Operation::List { prefix, after, limit }),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let is = prop_oneof![Just(Is::Absent), Just(Is::Present), bytes().prop_map(Is::Value)];
    (bytes(), is).prop_map(|(key, is)| Condition { key, is })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(
        conditions in vec(condition(), 0..4),
        operations in vec(operation(), 1..4),
        alone in any::<bool>(),
    ) {
        let request = if alone || (conditions.is_empty() && operations.len() == 1) {
            Request::One(operations[0].clone())
        } else {
            Request::Transaction { conditions, operations }
        };
        let line = WrittenRequest(&request).to_string();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(parse(line.as_bytes()), Ok(request), "{}", line);
    }

    #[test]
    fn whatever_stands_in_a_line_is_read_or_refused_within_it(line in vec(any::<u8>(), 0..80)) {
        if let Err(error) = parse(&line) {
            prop_assert!((1..=line.len() + 1).contains(&error.column));
        }
    }

    #[test]
    fn words_at_random_are_read_or_refused(words in vec(
        prop::sample::select(vec!["set", "get", "if", "list", "cas", "=", ";", "absent", "0x0", "\"", "a", "limit", "1"]), 0..9,
    )) {
        let line = words.join(" ");
        if let Ok(request) = parse(line.as_bytes()) {
            let written = WrittenRequest(&request).to_string();
            prop_assert_eq!(parse(written.as_bytes()), Ok(request));
        }
    }
}
