//! The client's side: whom it believes, and how long it asks.

mod support;

use hotstuff_core::client::{Client, ClientConfig, ClientOutput, SubmitError};
use hotstuff_core::command::{CommandId, NotAdmitted, Outcome, Replies};
use hotstuff_core::crypto::ClusterId;
use hotstuff_core::*;
use support::{client as key, committee, secret};

const CLUSTER: ClusterId = ClusterId([9; 32]);

fn client() -> Client {
    Client::new(key(), committee(4), ClientConfig::default(), SequenceNumber(7))
}

fn executed(result: u8) -> Outcome {
    Outcome::Executed { height: Height(3), result: vec![result] }
}

fn reply(replica: u16, sequence: SequenceNumber, outcome: Outcome) -> Verified<Replies> {
    let command = CommandId { client: key().public(), sequence };
    let reply = Replies::one(&secret(replica), &CLUSTER, ReplicaId(replica), command, outcome);
    verify::replies(&committee(4), reply).unwrap()
}

fn outputs(client: &mut Client) -> Vec<ClientOutput> {
    std::iter::from_fn(|| client.poll_output()).collect()
}

#[test]
fn pitfall_30_an_outcome_takes_f_plus_1_distinct_replicas_that_agree() {
    let mut client = client();
    let sequence = client.submit(Time(0), vec![1]).unwrap();
    assert!(
        matches!(&outputs(&mut client)[..], [ClientOutput::Broadcast(command)] if command.id.sequence == sequence)
    );
    client.handle_replies(Time(1), reply(0, sequence, executed(1)));
    client.handle_replies(Time(2), reply(0, sequence, executed(1)));
    assert_eq!(outputs(&mut client), [], "one replica twice is one replica");
    client.handle_replies(Time(3), reply(1, sequence, executed(2)));
    assert_eq!(outputs(&mut client), [], "two that differ do not agree");
    client.handle_replies(Time(4), reply(2, sequence, executed(1)));
    let done = ClientOutput::Done {
        sequence,
        outcome: executed(1),
        replicas: vec![ReplicaId(0), ReplicaId(2)],
        others: vec![ReplicaId(1)],
        first_reply: Span(1),
        latency: Span(4),
    };
    assert_eq!(outputs(&mut client), [done]);
    client.handle_replies(Time(5), reply(3, sequence, executed(1)));
    assert_eq!(outputs(&mut client), [], "what is done is done");
    assert_eq!(client.deadline(), None);
}

#[test]
fn a_reply_with_anothers_name_is_refused() {
    let command = CommandId { client: key().public(), sequence: SequenceNumber(7) };
    let mut forged = Replies::one(&secret(1), &CLUSTER, ReplicaId(1), command, executed(1));
    forged.replica = ReplicaId(2);
    assert_eq!(verify::replies(&committee(4), forged).err(), Some(Refusal::BadSignature(ReplicaId(2))));
}

#[test]
fn a_command_without_outcome_is_sent_again_with_back_off_and_given_up_in_the_end() {
    let config = ClientConfig::default();
    let mut client = client();
    let sequence = client.submit(Time(0), vec![1]).unwrap();
    outputs(&mut client);
    let mut sent_at = vec![0];
    loop {
        let now = client.deadline().expect("a command is in flight");
        client.handle_tick(now);
        match &outputs(&mut client)[..] {
            [ClientOutput::Broadcast(_)] => sent_at.push(now.0),
            [ClientOutput::GaveUp { sequence: given_up, .. }] => {
                assert_eq!((*given_up, now), (sequence, Time(0) + config.give_up_us));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let waits: Vec<u64> = sent_at.windows(2).map(|pair| (pair[1] - pair[0]) / 1_000_000).collect();
    assert_eq!(waits, [1, 2, 4, 8, 8]);
    assert_eq!(client.deadline(), None);
}

#[test]
fn busy_is_not_the_last_word_and_other_refusals_are() {
    let mut client = client();
    let sequence = client.submit(Time(0), vec![1]).unwrap();
    outputs(&mut client);
    for replica in 0..4 {
        client.handle_replies(Time(1), reply(replica, sequence, Outcome::NotAdmitted(NotAdmitted::Busy)));
    }
    assert_eq!(outputs(&mut client), []);
    for replica in 0..2 {
        client.handle_replies(Time(2), reply(replica, sequence, Outcome::TooOld));
    }
    assert!(matches!(&outputs(&mut client)[..], [ClientOutput::Done { outcome: Outcome::TooOld, .. }]));
}

#[test]
fn too_much_is_refused_at_once() {
    let config = ClientConfig { in_flight: 1, ..ClientConfig::default() };
    let mut client = Client::new(key(), committee(4), config, SequenceNumber(0));
    let limit = committee(4).limits().command_bytes;
    let bytes = u64::from(limit) + 1;
    assert_eq!(client.submit(Time(0), vec![0; bytes as usize]), Err(SubmitError::TooLarge { bytes, limit }));
    client.submit(Time(0), vec![]).unwrap();
    assert_eq!(client.submit(Time(0), vec![]), Err(SubmitError::InFlight));
}

#[test]
fn no_command_in_flight_can_become_too_old() {
    let kept = committee(4).limits().session_replies;
    let mut client = client();
    for _ in 0..kept {
        client.submit(Time(0), vec![]).unwrap();
    }
    for sequence in 8..7 + u64::from(kept) {
        for replica in 0..2 {
            client.handle_replies(Time(1), reply(replica, SequenceNumber(sequence), executed(1)));
        }
    }
    assert_eq!(client.in_flight().count(), 1, "only the first has no outcome");
    assert_eq!(client.submit(Time(1), vec![]), Err(SubmitError::InFlight));
}
