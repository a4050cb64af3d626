//! Four replicas in one process: they commit, tell observers, and come back after a restart.

use crate::support::*;
use hotstuff_core::command::{Command, Outcome};
use hotstuff_core::link::{ClientFrame, ObserveFrame, ReplicaFrame};
use hotstuff_core::{Event, Height, SequenceNumber, Span, verify};
use hotstuff_kv::{Answer, Operation, Response};
use hotstuff_replica::config::ReplicaConfig;
use hotstuff_replica::server::{self, Running};

async fn cluster() -> (Site, Vec<Running>) {
    cluster_with(|_| {}).await
}

/// Four replicas, with `change` made to the config of each.
pub async fn cluster_with(change: impl Fn(&mut ReplicaConfig)) -> (Site, Vec<Running>) {
    let mut bound = Vec::new();
    for _ in 0..4 {
        bound.push(bind().await);
    }
    let mut site = Site::new(&bound);
    site.configs.iter_mut().for_each(change);
    let mut replicas = Vec::new();
    for (bound, config) in bound.into_iter().zip(&site.configs) {
        replicas.push(bound.start(config.clone()).await.unwrap());
    }
    (site, replicas)
}

/// Submits an operation to all of `sockets` and returns the verified outcome that each tells.
pub async fn submit(
    site: &Site,
    sockets: &mut [Socket],
    sequence: u64,
    operation: &Operation,
) -> Vec<Outcome> {
    let sequence = SequenceNumber(sequence);
    let cluster = site.committee().cluster();
    let command = Command::signed(&site.client_key(), cluster, sequence, operation.encode());
    for socket in &mut *sockets {
        send(socket, &ClientFrame::Submit(command.clone())).await;
    }
    let mut outcomes = Vec::new();
    for socket in sockets {
        // A replica that executed an earlier command before its client's copy came told it twice.
        let outcome = loop {
            let ReplicaFrame::Replies(replies) = receive(socket).await;
            let replies = verify::replies(site.committee(), replies).unwrap().into_inner();
            assert_eq!(replies.client, command.id.client);
            let mut newest = replies.outcomes.into_iter().filter(|(number, _)| *number >= sequence);
            if let Some((number, outcome)) = newest.next() {
                assert_eq!(number, sequence);
                break outcome;
            }
        };
        outcomes.push(outcome);
    }
    outcomes
}

pub fn answer(outcome: &Outcome) -> Answer {
    let Outcome::Executed { result, .. } = outcome else { panic!("{outcome:?}") };
    match Response::decode(result).unwrap() {
        Response::One(answer) => answer,
        other => panic!("an answer to one operation is expected: {other}"),
    }
}

pub fn set(key: &str, value: &str) -> Operation {
    Operation::Set { key: key.into(), value: value.into() }
}

pub async fn shut_down(replicas: Vec<Running>) {
    for ended in futures_util::future::join_all(replicas.into_iter().map(Running::shutdown)).await {
        ended.unwrap();
    }
}

pub async fn connect_all(replicas: &[Running]) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for replica in replicas {
        sockets.push(connect(replica.http_address(), "/client").await);
    }
    sockets
}

#[tokio::test]
async fn commands_commit_everywhere_once_and_survive_a_restart() {
    let (site, mut replicas) = cluster().await;
    let mut sockets = connect_all(&replicas).await;
    let outcomes = submit(&site, &mut sockets, 1, &set("a", "1")).await;
    assert_eq!(outcomes.len(), 4);
    assert!(outcomes.iter().all(|outcome| outcome == &outcomes[0] && answer(outcome) == Answer::Ok));
    let again = submit(&site, &mut sockets, 1, &set("a", "1")).await;
    assert_eq!(again, outcomes, "a retry gets the same replies");
    let got = submit(&site, &mut sockets, 2, &Operation::Get { key: "a".into() }).await;
    assert!(got.iter().all(|outcome| answer(outcome) == Answer::Value("1".into())));

    let r3 = replicas.pop().unwrap();
    let mut config = site.configs[3].clone();
    config.listen = hotstuff_replica::config::Listen { peer: r3.peer_address(), http: r3.http_address() };
    r3.shutdown().await.unwrap();
    let mut three = connect_all(&replicas).await;
    let outcomes = submit(&site, &mut three, 3, &set("b", "2")).await;
    let Outcome::Executed { height: target, .. } = outcomes[0] else { panic!("{outcomes:?}") };

    let r3 = server::start(config).await.unwrap();
    let mut observer = connect(r3.http_address(), "/observe").await;
    let ObserveFrame::Welcome { status: at_start, .. } = receive(&mut observer).await else { panic!() };
    assert!(at_start.committed_head.height > Height(0), "it begins where it was");
    let committed = |frame: &ObserveFrame| match frame {
        ObserveFrame::Observation(seen) => match &seen.event {
            Event::Committed { block, .. } if block.block.height >= target => Some(block.block),
            _ => None,
        },
        ObserveFrame::Status(status) if status.committed_head.height >= target => Some(status.committed_head),
        _ => None,
    };
    if at_start.committed_head.height < target {
        assert!(observed(&mut observer, committed).await.height >= target);
    }
    let mut own = [connect(r3.http_address(), "/client").await];
    let cached = submit(&site, &mut own, 3, &set("b", "2")).await;
    assert_eq!(cached[0], outcomes[0], "what was committed without it is the same there");
    replicas.push(r3);
    shut_down(replicas).await;
}

#[tokio::test]
async fn observers_see_every_event_in_order() {
    let (site, replicas) = cluster().await;
    let mut observer = connect(replicas[0].http_address(), "/observe").await;
    let ObserveFrame::Welcome { next_sequence, .. } = receive(&mut observer).await else { panic!() };
    let mut sockets = connect_all(&replicas).await;
    for sequence in 1..=20 {
        submit(&site, &mut sockets, sequence, &set("k", &sequence.to_string())).await;
    }
    let mut expected = next_sequence;
    let mut executed = Vec::new();
    let mut last_time = 0;
    while executed.len() < 20 {
        match receive(&mut observer).await {
            ObserveFrame::Observation(seen) => {
                assert_eq!(seen.sequence, expected);
                assert!(seen.time.0 >= last_time);
                (expected, last_time) = (expected + 1, seen.time.0);
                if let Event::Executed { command, .. } = seen.event {
                    executed.push(command.sequence.0);
                }
            }
            ObserveFrame::Status(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(executed, (1..=20).collect::<Vec<_>>());
    shut_down(replicas).await;
}

/// What memory no longer holds comes from the others' stores.
#[tokio::test]
async fn a_replica_that_starts_late_gets_blocks_that_only_stores_still_hold() {
    let mut bound = Vec::new();
    for _ in 0..4 {
        bound.push(bind().await);
    }
    let mut site = Site::new(&bound);
    for config in &mut site.configs {
        config.consensus.retained_blocks = 1;
        config.consensus.fetch_blocks = 3;
        // The late one's port is open, but nobody answers there yet.
        config.links.handshake_us = Span::millis(1_000);
    }
    let late = bound.pop().unwrap();
    let mut replicas = Vec::new();
    for (bound, config) in bound.into_iter().zip(&site.configs) {
        replicas.push(bound.start(config.clone()).await.unwrap());
    }
    let mut sockets = connect_all(&replicas).await;
    let mut outcomes = Vec::new();
    for sequence in 1..=7 {
        outcomes = submit(&site, &mut sockets, sequence, &set("k", &sequence.to_string())).await;
    }
    let Outcome::Executed { height: target, .. } = outcomes[0] else { panic!("{outcomes:?}") };
    // A few blocks stay in memory whatever the config says, and a fetch asks for three at most.
    assert!(target > Height(16), "{target:?}");

    let r3 = late.start(site.configs[3].clone()).await.unwrap();
    let mut observer = connect(r3.http_address(), "/observe").await;
    let reached = |frame: &ObserveFrame| match frame {
        ObserveFrame::Welcome { status, .. } | ObserveFrame::Status(status) => {
            (status.committed_head.height >= target).then_some(())
        }
        _ => None,
    };
    observed(&mut observer, reached).await;
    let mut own = [connect(r3.http_address(), "/client").await];
    let told = submit(&site, &mut own, 7, &set("k", "7")).await;
    assert_eq!(told[0], outcomes[0], "it executed what the others executed");
    replicas.push(r3);
    shut_down(replicas).await;
}
