//! More commands than the replicas take: what is held stays within its bounds, whoever sends too much is
//! told so, and what was refused gets through later.

use crate::cluster::{cluster_with, shut_down};
use crate::support::*;
use hotstuff_core::client::ClientConfig;
use hotstuff_core::command::{Command, NotAdmitted, Outcome};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::{ClientFrame, ObserveFrame, ReplicaFrame};
use hotstuff_core::{Event, ReplicaId, SequenceNumber, Span, verify};
use hotstuff_kv::Operation;
use hotstuff_replica::client::{ClientDriver, Endpoint};
use hotstuff_replica::driver::{COMMANDS, MESSAGES};
use hotstuff_replica::server::Running;
use std::collections::BTreeMap;
use tokio::task::JoinSet;

fn set(number: u64) -> Vec<u8> {
    Operation::Set { key: format!("k{number}").into(), value: b"value".to_vec() }.encode()
}

fn client(number: u8) -> SecretKey {
    SecretKey::from_seed([100 + number; 32])
}

async fn submit(site: &Site, socket: &mut Socket, key: &SecretKey, sequence: u64) {
    let command = Command::signed(key, site.committee().cluster(), SequenceNumber(sequence), set(sequence));
    send(socket, &ClientFrame::Submit(command)).await;
}

/// The next reply to an honest replica's client.
async fn refusal(site: &Site, socket: &mut Socket) -> NotAdmitted {
    let ReplicaFrame::Replies(replies) = receive(socket).await;
    match verify::replies(site.committee(), replies).unwrap().into_inner().outcomes[..] {
        [(_, Outcome::NotAdmitted(why))] => why,
        ref other => panic!("nothing commits here: {other:?}"),
    }
}

/// A replica that commits nothing at all is offered ten times what it holds.
#[tokio::test]
async fn ten_times_what_is_held_is_answered_busy_nine_times_of_ten() {
    const HELD: u32 = 100;
    let (site, running) = lone_replica(|config| config.consensus.mempool_commands = HELD).await;
    let mut socket = connect(running.http_address(), "/client").await;
    for number in 0..u64::from(10 * HELD) {
        submit(&site, &mut socket, &client((number % 10) as u8), 1 + number / 10).await;
    }
    for _ in 0..9 * HELD {
        assert_eq!(refusal(&site, &mut socket).await, NotAdmitted::Busy);
    }
    let shown = status(running.http_address()).await;
    assert_eq!((shown.mempool, shown.waiting.commands), (HELD, 0));
    // There are no links, and no backlog for them.
    assert!(shown.peers.iter().all(|peer| peer.queued <= 64), "{shown:?}");
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn one_client_cannot_take_the_place_of_the_others() {
    let (site, running) = lone_replica(|config| config.consensus.mempool_client_commands = 10).await;
    let mut observer = observer(running.http_address()).await;
    let mut greedy = connect(running.http_address(), "/client").await;
    for sequence in 1..=25 {
        submit(&site, &mut greedy, &client(0), sequence).await;
    }
    for _ in 0..15 {
        assert_eq!(refusal(&site, &mut greedy).await, NotAdmitted::TooManyInFlight);
    }
    let mut modest = connect(running.http_address(), "/client").await;
    submit(&site, &mut modest, &client(1), 1).await;
    let admitted = |frame: &ObserveFrame| match frame {
        ObserveFrame::Observation(seen) => match seen.event {
            Event::CommandAdmitted(id) => (id.client == client(1).public()).then_some(()),
            _ => None,
        },
        _ => None,
    };
    observed(&mut observer, admitted).await;
    running.shutdown().await.unwrap();
}

/// All queues of a replica are within their bounds.
async fn bounded(running: &Running, held: u32) {
    let shown = status(running.http_address()).await;
    assert!(shown.mempool <= held, "{shown:?}");
    assert!(shown.waiting.commands <= COMMANDS as u64 && shown.waiting.messages <= MESSAGES as u64);
    assert!(shown.peers.iter().all(|peer| peer.queued <= 4_096), "{shown:?}");
}

/// Clients send ten times what the cluster holds, are told to slow down, do, and all is done in the end.
#[tokio::test]
async fn what_was_refused_gets_through_and_the_queues_empty() {
    const HELD: u32 = 16;
    const CLIENTS: u8 = 10;
    let (site, replicas) = cluster_with(|config| config.consensus.mempool_commands = HELD).await;
    let mut observer = observer(replicas[0].http_address()).await;
    let endpoints: Vec<Endpoint> = (0..)
        .zip(&replicas)
        .map(|(id, replica)| Endpoint {
            replica: ReplicaId(id),
            url: format!("ws://{}/client", replica.http_address()),
        })
        .collect();
    let config = ClientConfig {
        retry_min_us: Span::millis(50),
        retry_max_us: Span::millis(800),
        give_up_us: Span::millis(60_000),
        in_flight: HELD,
    };
    let mut all = JoinSet::new();
    for number in 0..CLIENTS {
        let client = ClientDriver::start(client(number), site.committee().clone(), endpoints.clone(), config);
        for number in 0..u64::from(HELD) {
            let client = client.clone();
            all.spawn(async move { client.submit(set(number)).await });
        }
    }
    let mut outcomes = BTreeMap::new();
    while let Some(done) = within(all.join_next()).await {
        let done = done.unwrap().expect("no command fails");
        let is_executed = matches!(done.outcome, Outcome::Executed { .. });
        *outcomes.entry(is_executed).or_insert(0) += 1;
        if outcomes[&is_executed] % 16 == 1 {
            for replica in &replicas {
                bounded(replica, HELD).await;
            }
        }
    }
    assert_eq!(outcomes, BTreeMap::from([(true, usize::from(CLIENTS) * HELD as usize)]));
    let busy = |frame: &ObserveFrame| match frame {
        ObserveFrame::Observation(seen) => {
            matches!(seen.event, Event::CommandRefused { why: NotAdmitted::Busy, .. }).then_some(())
        }
        _ => None,
    };
    observed(&mut observer, busy).await;
    for replica in &replicas {
        within(async {
            while status(replica.http_address()).await.mempool > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    shut_down(replicas).await;
}
