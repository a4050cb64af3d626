//! Compare-and-set, counts, lists and transactions: what shows only with them, and over more keys than one.

use super::super::parts::parts;
use super::*;

fn cas(expected: Option<&str>, value: &str) -> Operation {
    Operation::Cas { key: b"k".to_vec(), expected: expected.map(Into::into), value: value.into() }
}

fn incr(key: &str, by: i64) -> Operation {
    Operation::Incr { key: key.into(), by }
}

fn list(prefix: &str, limit: u32) -> Operation {
    Operation::List { prefix: prefix.into(), after: None, limit }
}

fn set_to(key: &str, value: &str) -> Operation {
    Operation::Set { key: key.into(), value: value.into() }
}

fn get_of(key: &str) -> Operation {
    Operation::Get { key: key.into() }
}

fn all_of(operations: &[Operation]) -> Request {
    Request::Transaction { conditions: Vec::new(), operations: operations.to_vec() }
}

fn entries(entries: &[(&str, &str)], more: bool) -> Answer {
    let entries = entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    Answer::Entries { entries, more }
}

/// A command of its own client that was answered like this.
fn answered(client: u16, request: impl Into<Request>, steps: (u64, u64), response: Response) -> Call {
    Call { returned: Some((steps.1, response)), ..call(client, request, steps.0, None) }
}

#[test]
fn of_two_that_compare_and_set_one_must_fail() {
    let calls = |second: Answer| {
        [
            call(0, set("a"), 1, (2, Answer::Ok)),
            call(1, cas(Some("a"), "b"), 3, (6, Answer::Ok)),
            call(2, cas(Some("a"), "c"), 4, (5, second)),
        ]
    };
    assert_eq!(found(&calls(Answer::Mismatch(Some(b"b".to_vec())))), None);
    let both = calls(Answer::Ok);
    assert_eq!(found(&both).as_ref(), Some(&both[1]), "it is answered last");
    assert!(found(&calls(Answer::Mismatch(None))).is_some());
}

#[test]
fn a_lost_update_of_a_count_is_found() {
    let calls = |last: i64| {
        [
            call(0, incr("k", 1), 1, (5, Answer::Number(2))),
            call(1, incr("k", 1), 2, (4, Answer::Number(1))),
            call(2, incr("k", 5), 6, (7, Answer::Number(last))),
        ]
    };
    assert_eq!(found(&calls(7)), None);
    assert!(found(&calls(6)).is_some());
    let lost = [call(0, incr("k", 1), 1, None), calls(0)[1].clone(), call(2, get(), 6, (7, value("2")))];
    assert_eq!(found(&lost), None, "one without an answer may have counted");
    let too_much = [lost[0].clone(), lost[1].clone(), call(2, get(), 6, (7, value("3")))];
    assert!(found(&too_much).is_some());
}

/// What is compared or counted without an answer may hang on a set without one, though nobody has read it.
#[test]
fn a_set_that_only_other_unanswered_commands_have_seen_is_not_left_out() {
    let seen = [
        call(0, set("a"), 1, None),
        call(1, cas(Some("a"), "b"), 2, None),
        call(2, get(), 3, (4, value("b"))),
    ];
    assert_eq!(found(&seen), None);
    assert!(found(&seen[1..]).is_some());
    let counted = [call(0, set("41"), 1, None), call(1, incr("k", 1), 2, (3, Answer::Number(42)))];
    assert_eq!(found(&counted), None);
    assert!(found(&counted[1..]).is_some());
    let cut = [call(0, set("a"), 1, None), call(1, list("k", 0), 2, (3, entries(&[], true)))];
    assert_eq!(found(&cut), None, "a list that says there is more has seen it");
    assert!(found(&cut[1..]).is_some());
}

#[test]
fn a_transaction_that_is_seen_in_part_is_found() {
    let both = all_of(&[set_to("a", "1"), set_to("b", "1")]);
    let wrote = Response::Transaction(vec![Answer::Ok, Answer::Ok]);
    let calls = |first: Answer, second: Answer| {
        [
            answered(0, both.clone(), (1, 20), wrote.clone()),
            call(1, get_of("a"), 2, (3, first)),
            call(1, get_of("b"), 4, (5, second)),
        ]
    };
    assert_eq!(found(&calls(Answer::NotFound, value("1"))), None, "it came between the two");
    assert_eq!(found(&calls(value("1"), value("1"))), None);
    let torn = calls(value("1"), Answer::NotFound);
    assert!(found(&torn).is_some(), "judged key by key this would pass");
    assert_eq!(check_calls(&[torn[0].clone(), torn[2].clone()]), Ok(()));
}

#[test]
fn a_transaction_reads_at_one_moment() {
    let read = all_of(&[get_of("a"), get_of("b")]);
    let calls = |first: Answer, second: Answer| {
        [
            call(0, set_to("a", "1"), 1, (10, Answer::Ok)),
            call(0, set_to("b", "1"), 11, (20, Answer::Ok)),
            answered(1, read.clone(), (2, 30), Response::Transaction(vec![first, second])),
        ]
    };
    assert_eq!(found(&calls(value("1"), Answer::NotFound)), None);
    assert!(found(&calls(Answer::NotFound, value("1"))).is_some());
}

#[test]
fn what_a_condition_or_an_abort_has_found_is_judged() {
    let condition = Condition { key: b"k".to_vec(), is: Expected::Value(b"a".to_vec()) };
    let guarded =
        Request::Transaction { conditions: vec![condition], operations: vec![set("b"), incr("n", 1)] };
    let history = |response: Response, then: Answer| {
        [
            call(0, set("a"), 1, (2, Answer::Ok)),
            answered(1, guarded.clone(), (3, 4), response),
            call(0, get(), 5, (6, then)),
        ]
    };
    let done = Response::Transaction(vec![Answer::Ok, Answer::Number(1)]);
    assert_eq!(found(&history(done.clone(), value("b"))), None);
    assert!(found(&history(done, value("a"))).is_some());
    let failed = |found: Option<&str>| Response::ConditionFailed { index: 0, found: found.map(Into::into) };
    assert!(found(&history(failed(None), value("a"))).is_some(), "it held");
    let aborted = Response::Aborted { index: 1, why: Answer::Invalid(Invalid::NotANumber) };
    assert!(found(&history(aborted.clone(), value("a"))).is_some(), "it was a number");
    let mut no_number = history(aborted, value("a")).to_vec();
    no_number.push(call(2, set_to("n", "many"), 1, None));
    assert_eq!(found(&no_number), None);
}

#[test]
fn a_list_is_of_one_moment() {
    let calls = |listed: Answer| {
        [
            call(0, set_to("p1", "1"), 1, (10, Answer::Ok)),
            call(0, set_to("p2", "1"), 11, (20, Answer::Ok)),
            call(1, list("p", 9), 2, (30, listed)),
        ]
    };
    for possible in [&[][..], &[("p1", "1")], &[("p1", "1"), ("p2", "1")]] {
        assert_eq!(found(&calls(entries(possible, false))), None);
    }
    assert!(found(&calls(entries(&[("p2", "1")], false))).is_some());
    assert!(found(&calls(entries(&[("p1", "1"), ("p3", "1")], false))).is_some(), "nobody has set that");
    assert!(found(&calls(entries(&[("p1", "1")], true))).is_some(), "there is no more that fits");
}

#[test]
fn only_keys_that_some_command_is_about_together_are_one_part() {
    let calls = [
        call(0, get_of("a"), 1, None),
        call(0, get_of("z"), 2, None),
        call(0, get_of("p1"), 3, None),
        call(0, get_of("p2"), 4, None),
        call(0, all_of(&[get_of("z"), set_to("m", "")]), 5, None),
        call(0, list("p", 3), 6, None),
        call(0, list("q", 3), 7, None),
        call(0, Operation::Get { key: Vec::new() }, 8, None),
        call(0, all_of(&[get_of("m"), get_of("n")]), 9, None),
    ];
    let told = |part: &Part<'_>| {
        let keys: Vec<String> =
            part.keys.iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
        let calls: Vec<u64> = part.calls.iter().map(|call| call.invoked).collect();
        (keys.join(" "), calls)
    };
    let expected =
        [("a", vec![1]), ("m n z", vec![2, 5, 9]), ("p1 p2", vec![3, 4, 6]), ("", vec![7]), ("", vec![8])];
    let expected: Vec<_> = expected.into_iter().map(|(keys, calls)| (keys.to_string(), calls)).collect();
    assert_eq!(parts(&calls).iter().map(told).collect::<Vec<_>>(), expected);
}
