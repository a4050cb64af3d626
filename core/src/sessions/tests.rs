//! What is remembered of clients, and what is forgotten.

use super::*;
use crate::crypto::PublicKey;
use alloc::vec;

fn limits(most: u32) -> Limits {
    Limits { sessions: most, session_replies: most, session_bytes: 100, ..Limits::default() }
}

fn id(client: u8, sequence: u64) -> CommandId {
    CommandId { client: PublicKey([client; 32]), sequence: SequenceNumber(sequence) }
}

#[test]
fn pitfall_30_an_executed_command_is_known_with_its_reply() {
    let mut sessions = Sessions::new(&limits(2));
    assert_eq!(sessions.known(&id(1, 5)), Known::New);
    sessions.record(id(1, 5), Height(3), vec![7]);
    let Known::Executed(executed) = sessions.known(&id(1, 5)) else { panic!("known") };
    assert_eq!((executed.height, &executed.result), (Height(3), &vec![7]));
    assert_eq!(sessions.known(&id(1, 4)), Known::New, "commands may arrive out of order");
}

#[test]
fn replies_and_sessions_are_bounded_and_the_forgotten_is_too_old() {
    let mut sessions = Sessions::new(&limits(2));
    for sequence in [10, 20, 30] {
        sessions.record(id(1, sequence), Height(1), vec![]);
    }
    assert_eq!(sessions.known(&id(1, 10)), Known::TooOld);
    assert_eq!(sessions.known(&id(1, 9)), Known::TooOld);
    assert_eq!(sessions.known(&id(1, 11)), Known::New);
    sessions.record(id(2, 1), Height(1), vec![]);
    sessions.record(id(3, 1), Height(1), vec![]);
    assert_eq!(sessions.clients.len(), 2);
    assert_eq!(sessions.by_use.len(), 2);
    assert_eq!(sessions.known(&id(1, 30)), Known::New, "the session idle for longest is forgotten");
}

/// Else whoever makes a cluster forget the operator, by commands under many keys, could have a replica that was
/// removed added again by the command that once added it.
#[test]
fn the_one_that_is_kept_is_never_forgotten() {
    let operator = id(9, 1).client;
    let mut sessions = Sessions::new(&limits(2)).keeping(Some(operator));
    sessions.record(id(9, 1), Height(1), vec![1]);
    for client in 1..9 {
        sessions.record(id(client, 1), Height(2), vec![]);
        assert_eq!((sessions.clients.len(), sessions.by_use.len()), (2, 2));
        assert!(matches!(sessions.known(&id(client, 1)), Known::Executed(_)));
    }
    assert!(matches!(sessions.known(&id(9, 1)), Known::Executed(_)));
    let restored = Sessions::restored(&limits(2), &sessions.image()).unwrap().keeping(Some(operator));
    for mut sessions in [sessions, restored] {
        sessions.record(id(1, 2), Height(3), vec![]);
        assert!(matches!(sessions.known(&id(9, 1)), Known::Executed(_)));
        assert_eq!(sessions.known(&id(8, 1)), Known::New);
    }
}

#[test]
fn replies_are_bounded_in_bytes_too_but_the_latest_stays() {
    let mut sessions = Sessions::new(&limits(9));
    sessions.record(id(1, 10), Height(1), vec![0; 60]);
    sessions.record(id(1, 20), Height(1), vec![0; 40]);
    assert!(matches!(sessions.known(&id(1, 10)), Known::Executed(_)));
    sessions.record(id(1, 30), Height(1), vec![0; 1]);
    assert_eq!(sessions.known(&id(1, 10)), Known::TooOld);
    sessions.record(id(1, 40), Height(1), vec![0; 101]);
    assert_eq!(sessions.known(&id(1, 30)), Known::TooOld);
    assert!(matches!(sessions.known(&id(1, 40)), Known::Executed(_)));
}

#[test]
fn a_restored_table_knows_and_forgets_the_same() {
    let mut table = Sessions::new(&limits(2));
    for (client, sequence) in [(1, 10), (2, 5), (1, 20), (1, 30)] {
        table.record(id(client, sequence), Height(sequence), vec![client]);
    }
    let mut restored = Sessions::restored(&limits(2), &table.image()).unwrap();
    assert_eq!(restored.root(), table.root());
    assert_eq!(restored.known(&id(1, 10)), Known::TooOld);
    for table in [&mut table, &mut restored] {
        table.record(id(3, 1), Height(40), vec![0; 99]);
        assert_eq!(table.known(&id(2, 5)), Known::New, "idle for longest, so forgotten");
    }
    assert_eq!(restored.root(), table.root());
}

#[test]
fn the_root_is_one_of_the_content_however_it_came_about() {
    let mut table = Sessions::new(&limits(11));
    for step in 1..100u64 {
        // Neighbours, gaps, and again what was left out.
        let sequence = if step % 3 == 0 { 5 * step } else { 4 * step };
        table.record(id((step % 2) as u8, sequence), Height(step), vec![0; (step % 30) as usize]);
        let root = table.root();
        assert_eq!(Sessions::restored(&limits(11), &table.image()).unwrap().root(), root, "step {step}");
    }
}

type Told = (SessionHead, Vec<ReplyImage>);

fn decoded(image: &SessionsImage) -> Vec<Told> {
    let (mut rest, mut told) = (&image.0[..], Vec::new());
    while !rest.is_empty() {
        let head: SessionHead = wire::take(&mut rest).unwrap();
        let replies = (0..head.replies).map(|_| wire::take(&mut rest).unwrap()).collect();
        told.push((head, replies));
    }
    told
}

fn encoded(told: &[Told]) -> SessionsImage {
    let one = |(head, replies): &Told| {
        let replies: Vec<u8> = replies.iter().flat_map(wire::encode).collect();
        [wire::encode(head), replies].concat()
    };
    SessionsImage(told.iter().flat_map(one).collect())
}

fn is_restored_when(change: impl Fn(&mut Vec<Told>)) -> bool {
    let mut table = Sessions::new(&limits(2));
    table.record(id(1, 10), Height(1), vec![1]);
    table.record(id(2, 5), Height(1), vec![2]);
    let mut told = decoded(&table.image());
    change(&mut told);
    Sessions::restored(&limits(2), &encoded(&told)).is_some()
}

#[test]
fn an_image_that_tells_of_a_client_twice_is_refused() {
    assert!(is_restored_when(|_| {}));
    assert!(!is_restored_when(|told| told[0].0.used = told[1].0.used));
    assert!(!is_restored_when(|told| told.swap(0, 1)));
    assert!(!is_restored_when(|told| told[1].0.client = told[0].0.client));
    assert!(!is_restored_when(|told| {
        told[0].1 = [told[0].1.clone(), told[0].1.clone()].concat();
        told[0].0.replies = 2;
    }));
}

#[test]
fn an_image_of_more_than_a_table_holds_is_refused() {
    let reply = |sequence| (SequenceNumber(sequence), Height(1), vec![]);
    let with_replies = |count: u32| {
        is_restored_when(|told| {
            told[0].1 = (1..=u64::from(count)).map(reply).collect();
            told[0].0.replies = count;
        })
    };
    assert!(with_replies(2));
    assert!(!with_replies(3));
    assert!(!is_restored_when(|told| told[0].0.replies = u32::MAX), "more are named than are there");
    assert!(!is_restored_when(|told| {
        let third = SessionHead { client: PublicKey([3; 32]), used: 9, ..told[0].0.clone() };
        told.push((third, told[0].1.clone()));
    }));
}

#[test]
fn the_root_tells_tables_apart() {
    let (mut one, mut other) = (Sessions::new(&limits(9)), Sessions::new(&limits(9)));
    assert_eq!(one.root(), other.root());
    one.record(id(1, 5), Height(3), vec![7]);
    assert_ne!(one.root(), other.root());
    other.record(id(1, 5), Height(3), vec![8]);
    assert_ne!(one.root(), other.root(), "results count");
}
