//! Histories that an order explains pass, and such that none explains are found.

mod several_keys;

use super::*;
use crate::{ClientNumber, LinkConfig, Signatures, Sim, SimConfig, Workload};
use hotstuff_core::{SequenceNumber, Span, Time};
use hotstuff_kv::{Answer, Condition, Expected, Operation, Request, Response};

fn set(value: &str) -> Operation {
    Operation::Set { key: b"k".to_vec(), value: value.into() }
}

fn get() -> Operation {
    Operation::Get { key: b"k".to_vec() }
}

fn delete() -> Operation {
    Operation::Delete { key: b"k".to_vec() }
}

fn value(value: &str) -> Answer {
    Answer::Value(value.into())
}

/// A command of its own client, sent and answered in these steps.
fn call(
    client: u16,
    request: impl Into<Request>,
    invoked: u64,
    returned: impl Into<Option<(u64, Answer)>>,
) -> Call {
    let returned = returned.into().map(|(step, answer)| (step, answer.into()));
    let (client, sequence, request) = (ClientNumber(client), SequenceNumber(invoked), request.into());
    Call { client, sequence, request, invoked, returned }
}

fn found(calls: &[Call]) -> Option<Call> {
    match check_calls(calls) {
        Ok(()) => None,
        Err(NotLinearizable::NoOrder { call, .. }) => Some(*call),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn commands_one_after_the_other_are_answered_as_the_store_does() {
    let calls = |last: Answer| {
        [
            call(0, get(), 1, (2, Answer::NotFound)),
            call(0, set("a"), 3, (4, Answer::Ok)),
            call(1, get(), 5, (6, value("a"))),
            call(0, delete(), 7, (8, Answer::Deleted(b"a".to_vec()))),
            call(1, delete(), 9, (10, Answer::NotFound)),
            Call {
                returned: Some((12, Response::Invalid(Invalid::EmptyKey))),
                ..call(0, Operation::Get { key: Vec::new() }, 11, None)
            },
            call(1, get(), 13, (14, last)),
        ]
    };
    assert_eq!(found(&calls(Answer::NotFound)), None);
    let wrong = calls(value("a"));
    assert_eq!(found(&wrong).as_ref(), Some(&wrong[6]));
}

#[test]
fn a_read_of_what_was_overwritten_before_it_was_sent_is_found() {
    let stale = [
        call(0, set("a"), 1, (2, Answer::Ok)),
        call(1, set("b"), 3, (4, Answer::Ok)),
        call(2, get(), 5, (6, value("a"))),
        call(2, get(), 7, (8, value("b"))),
    ];
    assert_eq!(found(&stale).as_ref(), Some(&stale[2]));
    let concurrent =
        [call(0, set("a"), 1, (4, Answer::Ok)), call(1, set("b"), 2, (3, Answer::Ok)), stale[2].clone()];
    assert_eq!(found(&concurrent), None, "either may have come first");
    let before_and_after = [
        concurrent[0].clone(),
        concurrent[1].clone(),
        call(2, get(), 5, (6, value("a"))),
        call(3, get(), 7, (8, value("b"))),
    ];
    assert_eq!(found(&before_and_after).as_ref(), Some(&before_and_after[3]), "but not both");
}

#[test]
fn overlapping_commands_of_one_client_may_take_effect_in_any_order() {
    let calls = [
        call(0, set("a"), 1, (5, Answer::Ok)),
        call(0, set("b"), 2, (4, Answer::Ok)),
        call(0, get(), 3, (6, Answer::NotFound)),
        call(0, get(), 7, (8, value("a"))),
    ];
    assert_eq!(found(&calls), None);
}

#[test]
fn a_command_without_an_answer_may_take_effect_late_or_never() {
    let lost = call(0, set("a"), 1, None);
    let read = |invoked: u64, answer: Answer| call(1, get(), invoked, (invoked + 1, answer));
    let late = [
        lost.clone(),
        read(2, Answer::NotFound),
        call(0, set("b"), 4, (5, Answer::Ok)),
        read(6, value("b")),
        read(8, value("a")),
    ];
    assert_eq!(found(&late), None);
    let never = [lost.clone(), read(2, Answer::NotFound), read(4, Answer::NotFound)];
    assert_eq!(found(&never), None);
    let twice = [lost, read(2, value("a")), call(1, set("b"), 4, (5, Answer::Ok)), read(6, value("a"))];
    assert_eq!(found(&twice).as_ref(), Some(&twice[3]));
    let too_early = [read(2, value("a")), call(0, set("a"), 5, None)];
    assert_eq!(found(&too_early).as_ref(), Some(&too_early[0]));
    let deleted = [
        call(0, set("a"), 1, (2, Answer::Ok)),
        call(1, delete(), 3, None),
        read(4, value("a")),
        read(6, Answer::NotFound),
    ];
    assert_eq!(found(&deleted), None);
}

#[test]
fn keys_are_judged_one_by_one() {
    let other = |operation, invoked| {
        let operation = match operation {
            Operation::Get { .. } => Operation::Get { key: b"other".to_vec() },
            _ => Operation::Set { key: b"other".to_vec(), value: b"a".to_vec() },
        };
        call(0, operation, invoked, None)
    };
    let calls = [
        other(set("a"), 1),
        call(0, get(), 2, (3, Answer::NotFound)),
        Call { returned: Some((5, value("a").into())), ..other(get(), 4) },
    ];
    assert_eq!(found(&calls), None);
    let error = check_calls(&[calls[2].clone()]).unwrap_err();
    let text = "no order of the commands about other explains that client 0, #4 (get other) was answered a in step 5";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_full_store_is_not_judged() {
    let full = call(0, set("a"), 1, (2, Answer::Invalid(Invalid::StoreFull)));
    assert_eq!(check_calls(core::slice::from_ref(&full)), Err(NotLinearizable::StoreFull(Box::new(full))));
}

#[test]
fn a_window_is_as_narrow_as_what_was_read_makes_it() {
    let calls = [
        call(0, set("a"), 10, (100, Answer::Ok)),
        call(1, get(), 1, (40, value("a"))),
        call(2, delete(), 5, (90, Answer::Deleted(b"a".to_vec()))),
        call(3, get(), 2, (80, Answer::NotFound)),
        call(4, set("unread"), 3, None),
        call(5, set("lost"), 20, None),
        call(6, get(), 30, (200, value("lost"))),
    ];
    let windows = |until| {
        let part = Part { keys: vec![b"k"], calls: calls.iter().collect() };
        let told = |window: &Window<'_>| (window.call.client.0, window.begins, window.ends);
        Window::all(&part, until).iter().map(told).collect::<Vec<_>>()
    };
    let all = [(3, 2, 80), (0, 10, 40), (1, 10, 40), (2, 10, 90), (5, 20, 200), (6, 30, 200)];
    assert_eq!(windows(u64::MAX), all);
    assert_eq!(windows(50), [(2, 5, u64::MAX), (0, 10, 40), (1, 10, 40)], "what had no answer then");
}

/// A read from before its value was set: the window is empty.
#[test]
fn a_command_that_can_have_taken_effect_at_no_time_is_found() {
    let calls = [
        call(0, set("a"), 5, (6, Answer::Ok)),
        call(1, set("b"), 1, (2, Answer::Ok)),
        call(2, get(), 1, (4, value("a"))),
    ];
    assert_eq!(found(&calls).as_ref(), Some(&calls[2]));
}

/// The history of three clients with up to eight commands each under way, on a bad network.
fn history(seed: u64) -> Vec<Call> {
    let links = LinkConfig { loss_ppm: 150_000, ..LinkConfig::default() };
    let workload = Workload { commands: 100, interval_us: Span::millis(60), in_flight: 8 };
    let config =
        SimConfig { seed, links, workload, clients: 3, signatures: Signatures::Tags, ..SimConfig::default() };
    let mut sim = Sim::new(config).unwrap();
    sim.run_until(Time(20_000_000), |_| {});
    assert_eq!(sim.violation(), None);
    assert_eq!(check(sim.history()), Ok(()), "seed {seed}");
    sim.history().calls().to_vec()
}

/// Makes an answer one that was never given, if it is of a kind that tells something.
fn lie(answer: &mut Response, at: usize) -> bool {
    match answer {
        Response::One(Answer::Value(value) | Answer::Deleted(value)) => {
            // Somebody else's value, or one that nobody ever set.
            let lie = if at.is_multiple_of(2) { &b"value 0 of client 0"[..] } else { b"nonsense" };
            value != lie && {
                *value = lie.to_vec();
                true
            }
        }
        Response::One(Answer::Number(number)) => {
            *number += 1_000;
            true
        }
        Response::Transaction(answers) => answers.iter_mut().any(|answer| match answer {
            Answer::Number(number) => {
                *number -= 1_000;
                true
            }
            _ => false,
        }),
        Response::One(Answer::Entries { entries, .. }) => {
            entries.push((b"count x".to_vec(), b"1".to_vec()));
            true
        }
        _ => false,
    }
}

#[test]
fn histories_of_runs_pass_and_do_not_once_an_answer_is_changed() {
    let mut changed = 0;
    for seed in 0..10 {
        let calls = history(seed);
        assert!(calls.len() > 100, "{}", calls.len());
        for at in 0..calls.len() {
            let mut calls = calls.clone();
            if !calls[at].returned.as_mut().is_some_and(|(_, answer)| lie(answer, at)) {
                continue;
            }
            assert!(check_calls(&calls).is_err(), "seed {seed}, call {at}");
            changed += 1;
        }
    }
    assert!(changed > 50, "{changed} answers were changed");
}

/// After an outage everything returns at once, in any order.
#[test]
fn many_commands_under_way_at_once_are_judged_or_given_up_in_bounded_time() {
    let sets = (0..40).map(|number| {
        call(number, set(&number.to_string()), number.into(), (100 + u64::from(number), Answer::Ok))
    });
    let reads = (40..50).map(|number| {
        call(
            number,
            get(),
            number.into(),
            (200 + u64::from(number), value(&(7 * (number - 40) % 40).to_string())),
        )
    });
    let calls: Vec<Call> = sets.chain(reads).collect();
    assert_eq!(found(&calls), None);
    // One reads what was overwritten before: that shows only after all orders of the others.
    let later = [call(50, set("x"), 300, (301, Answer::Ok)), call(51, get(), 302, (303, value("39")))];
    let hard = [calls, later.to_vec()].concat();
    assert_eq!(check_calls(&hard), Err(NotLinearizable::Undecided { keys: vec![b"k".to_vec()], calls: 52 }));
}

#[test]
fn some_hundred_commands_about_one_key_are_judged() {
    let mut calls: Vec<Call> = Vec::new();
    for number in 0..500u64 {
        let client = u16::try_from(number % 5).unwrap();
        let answer =
            number.checked_sub(1).map_or(Answer::NotFound, |before| value(&(before / 2).to_string()));
        // Each overlaps with its neighbours; every second one reads what the one before has set.
        if number % 2 == 0 {
            calls.push(call(
                client,
                set(&(number / 2).to_string()),
                10 * number,
                (10 * number + 25, Answer::Ok),
            ));
        } else {
            calls.push(call(client, get(), 10 * number, (10 * number + 25, answer)));
        }
    }
    assert_eq!(found(&calls), None);
}
