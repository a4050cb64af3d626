//! What replicas say to clients: signed once for each client and block, cut where it is long, and worth nothing
//! once a part of it is changed.

mod support;

use hotstuff_core::client::{Client, ClientConfig, ClientOutput};
use hotstuff_core::command::{
    ClientId, Command, CommandId, NotAdmitted, Outcome, REPLIES_BYTES, Replies, lots,
};
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::*;
use std::collections::BTreeMap;
use support::{Table, client, committee, secret};

const CLUSTER: ClusterId = ClusterId([9; 32]);

fn other() -> SecretKey {
    SecretKey::from_seed([77; 32])
}

fn executed(bytes: usize) -> Outcome {
    Outcome::Executed { height: Height(1), result: vec![7; bytes] }
}

#[test]
fn a_replica_signs_once_for_each_client_of_a_block() {
    let mut table = Table::new(4);
    for sequence in 1..=6 {
        for key in [client(), other()] {
            let command = Command::signed(&key, table.committee.cluster(), SequenceNumber(sequence), b"x");
            for id in 0..4 {
                let verified = verify::command(&table.committee, command.clone()).unwrap();
                table.input(id, Input::Command(verified));
            }
        }
    }
    table.run_all();
    let mut signatures: BTreeMap<(ReplicaId, Height, ClientId), (usize, usize)> = BTreeMap::new();
    for replies in &table.replies {
        verify::replies(&table.committee, replies.clone()).unwrap();
        let heights = replies.outcomes.iter().map(|(_, outcome)| match outcome {
            Outcome::Executed { height, .. } => *height,
            other => panic!("{other:?}"),
        });
        let heights: Vec<Height> = heights.collect();
        assert!(heights.windows(2).all(|pair| pair[0] == pair[1]), "together is what one block executed");
        let (signed, commands) = signatures.entry((replies.replica, heights[0], replies.client)).or_default();
        *signed += 1;
        *commands += heights.len();
    }
    assert!(signatures.values().all(|(signed, _)| *signed == 1), "{signatures:?}");
    assert_eq!(signatures.values().map(|(_, commands)| commands).sum::<usize>(), 4 * 2 * 6);
    for id in (0..4).map(ReplicaId) {
        for key in [client(), other()] {
            let of = |((replica, _, client), _): &(&(ReplicaId, Height, ClientId), _)| {
                *replica == id && *client == key.public()
            };
            let most = signatures.iter().filter(of).map(|(_, (_, commands))| *commands).max();
            assert!(most > Some(1), "no block had several commands of one client: {signatures:?}");
        }
    }
}

#[test]
fn a_command_that_is_repeated_is_replied_to_on_its_own() {
    let mut table = Table::new(4);
    for sequence in 1..=5 {
        table.submit(sequence, b"x");
    }
    table.run_all();
    table.replies.clear();
    table.submit(3, b"x");
    assert_eq!(table.replies.len(), 4);
    for replies in &table.replies {
        assert!(matches!(&replies.outcomes[..], [(SequenceNumber(3), Outcome::Executed { .. })]));
    }
}

#[test]
fn long_results_are_signed_in_lots_and_the_longest_alone() {
    let id = |client: &SecretKey, sequence| CommandId {
        client: client.public(),
        sequence: SequenceNumber(sequence),
    };
    let (first, second) = (client(), other());
    let asked = [
        (id(&first, 5), executed(REPLIES_BYTES / 3)),
        (id(&second, 1), executed(1)),
        (id(&first, 6), executed(REPLIES_BYTES / 3)),
        (id(&first, 2), executed(REPLIES_BYTES / 3)),
        (id(&second, 2), Outcome::TooOld),
        (id(&first, 7), executed(3 * REPLIES_BYTES)),
        (id(&first, 8), Outcome::NotAdmitted(NotAdmitted::Busy)),
    ];
    let lots = lots(asked.clone());
    let numbers = |client: &SecretKey| -> Vec<Vec<u64>> {
        let own = lots.iter().filter(|(of, _)| *of == client.public());
        own.map(|(_, lot)| lot.iter().map(|(sequence, _)| sequence.0).collect()).collect()
    };
    assert_eq!(numbers(&first), [vec![5, 6], vec![2], vec![7], vec![8]]);
    assert_eq!(numbers(&second), [[1, 2]]);
    for (client, lot) in &lots {
        let replies = Replies::signed(&secret(0), &CLUSTER, ReplicaId(0), *client, lot.clone());
        let alone = lot.len() == 1;
        let bytes = wire::encode(&replies).len();
        assert!(alone || bytes <= REPLIES_BYTES + 128, "{bytes} bytes for {} outcomes", lot.len());
    }
    let mut said: Vec<_> = lots
        .into_iter()
        .flat_map(|(client, lot)| {
            lot.into_iter().map(move |(sequence, outcome)| (CommandId { client, sequence }, outcome))
        })
        .collect();
    let mut asked = asked.to_vec();
    said.sort();
    asked.sort();
    assert_eq!(said, asked, "nothing is lost");
}

#[test]
fn replies_of_which_anything_was_changed_are_refused() {
    let outcomes = vec![(SequenceNumber(1), executed(1)), (SequenceNumber(2), Outcome::TooOld)];
    let genuine = Replies::signed(&secret(1), &CLUSTER, ReplicaId(1), client().public(), outcomes);
    verify::replies(&committee(4), genuine.clone()).unwrap();
    type Change = (&'static str, fn(&mut Replies));
    let changes: [Change; 8] = [
        ("another client", |replies| replies.client = other().public()),
        ("another replica", |replies| replies.replica = ReplicaId(2)),
        ("another number", |replies| replies.outcomes[1].0 = SequenceNumber(3)),
        ("another outcome", |replies| replies.outcomes[1].1 = executed(1)),
        ("another result", |replies| replies.outcomes[0].1 = executed(2)),
        ("another order", |replies| replies.outcomes.reverse()),
        ("one less", |replies| drop(replies.outcomes.pop())),
        ("one twice", |replies| replies.outcomes.push(replies.outcomes[0].clone())),
    ];
    for (what, change) in changes {
        let mut changed = genuine.clone();
        change(&mut changed);
        let id = changed.replica;
        let refused = verify::replies(&committee(4), changed).err();
        assert_eq!(refused, Some(Refusal::BadSignature(id)), "{what}");
    }
    let elsewhere = ClusterId([8; 32]);
    let outcomes = genuine.outcomes.clone();
    let foreign = Replies::signed(&secret(1), &elsewhere, ReplicaId(1), genuine.client, outcomes);
    assert!(verify::replies(&committee(4), foreign).is_err(), "another cluster");
    let stranger = Replies { replica: ReplicaId(9), ..genuine };
    let refused = verify::replies(&committee(4), stranger).err();
    assert_eq!(refused, Some(Refusal::Stranger(ReplicaId(9))));
}

#[test]
fn replies_to_another_client_tell_this_one_nothing_and_company_does_not_matter() {
    let config = ClientConfig::default();
    let mut asking = Client::new(client(), committee(4), config, SequenceNumber(1));
    let sequence = asking.submit(Time(0), vec![1]).unwrap();
    asking.submit(Time(0), vec![2]).unwrap();
    while asking.poll_output().is_some() {}
    let mut hear = |replica: u16, client: ClientId, outcomes: Vec<(SequenceNumber, Outcome)>| {
        let replies = Replies::signed(&secret(replica), &CLUSTER, ReplicaId(replica), client, outcomes);
        asking.handle_replies(Time(1), verify::replies(&committee(4), replies).unwrap());
        asking.poll_output()
    };
    let own = client().public();
    for replica in 0..4 {
        assert_eq!(hear(replica, other().public(), vec![(sequence, executed(1))]), None);
    }
    let twice = vec![(sequence, executed(1)), (sequence, executed(1)), (SequenceNumber(99), executed(1))];
    assert_eq!(hear(0, own, twice), None, "one replica twice is one replica");
    let done = hear(1, own, vec![(SequenceNumber(2), executed(5)), (sequence, executed(1))]);
    assert!(
        matches!(&done, Some(ClientOutput::Done { sequence: SequenceNumber(1), replicas, .. })
            if *replicas == [ReplicaId(0), ReplicaId(1)]),
        "{done:?}"
    );
}
