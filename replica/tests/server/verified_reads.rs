//! `get --verified`: what one replica says of a key is believed for its proof, and for nothing else.

use crate::cluster::{cluster_with, connect_all, set, shut_down, submit};
use crate::support::*;
use hotstuff_core::client::ClientConfig;
use hotstuff_core::committee::CommitteeSpec;
use hotstuff_core::crypto::{ClusterId, Digest, SecretKey};
use hotstuff_core::state_proof::{StateProof, StateProofError};
use hotstuff_core::{Committee, Committees, ReplicaId, Span, wire};
use hotstuff_kv::{NoProof, Operation, Proof};
use hotstuff_replica::client::transport::Transport;
use hotstuff_replica::client::verified::{self, NotVerified};
use hotstuff_replica::client::{ClientDriver, Endpoint};
use hotstuff_replica::driver::{ProvenRead, READERS};
use hotstuff_replica::server::Running;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const LONG: Duration = Duration::from_secs(60);

/// A cluster in which empty blocks follow each other soon, so that proofs are soon complete.
async fn quick_cluster() -> (Site, Vec<Running>) {
    cluster_with(|config| config.consensus.heartbeat_us = Span::millis(50)).await
}

async fn get(site: &Site, replica: u16, key: &[u8]) -> Result<Option<Vec<u8>>, NotVerified> {
    let file = &site.configs[0].committee;
    let read = verified::get(&Transport::default(), file, ReplicaId(replica), key, LONG).await?;
    assert_eq!(read.replica, ReplicaId(replica));
    Ok(read.value)
}

/// The proof itself, as a replica sends it.
async fn proof(running: &Running, key: &str) -> ProvenRead {
    let url = format!("http://{}/read?key={key}", running.http_address());
    let answer = hotstuff_replica::client::http::get(&Transport::default(), &url, LONG).await.unwrap();
    wire::decode(&answer.body).unwrap()
}

async fn client(site: &Site, arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_hotstuff"));
    command.arg("client").arg("--committee").arg(&site.testnet.committee);
    command.arg("--key").arg(&site.testnet.client_key).args(arguments).kill_on_drop(true);
    within(command.output()).await.unwrap()
}

#[tokio::test]
async fn each_replica_alone_proves_what_is_there_and_what_is_not() {
    let (site, replicas) = quick_cluster().await;
    let mut sockets = connect_all(&replicas).await;
    submit(&site, &mut sockets, 1, &set("colour", "green")).await;
    for replica in 0..4 {
        assert_eq!(get(&site, replica, b"colour").await.unwrap(), Some(b"green".to_vec()));
        assert_eq!(get(&site, replica, b"none").await.unwrap(), None);
    }
    submit(&site, &mut sockets, 2, &Operation::Delete { key: "colour".into() }).await;
    assert_eq!(get(&site, 2, b"colour").await.unwrap(), None);
    submit(&site, &mut sockets, 3, &set("colour", "blue")).await;

    let told = client(&site, &["-v", "get", "--verified", "--replica", "3", "colour"]).await;
    assert_eq!((told.status.code(), &told.stdout[..]), (Some(0), &b"blue\n"[..]), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stderr).starts_with("proven by r3, with a certificate at height "));
    let none = client(&site, &["get", "--verified", "none"]).await;
    assert_eq!((none.status.code(), &none.stdout[..]), (Some(1), &b"Key not found\n"[..]), "{none:?}");
    let nobody = client(&site, &["get", "--verified", "--replica", "9", "colour"]).await;
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("r9: not in the committee"), "{nobody:?}");
    for wrong in ["key=", "key=abc", "key=zz", "other=aa", &format!("key={}", "00".repeat(1_025))] {
        let answer =
            within(crate::support::get(replicas[0].http_address(), &format!("/read?{wrong}"), "")).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    shut_down(replicas).await;
}

#[tokio::test]
async fn no_part_of_a_proof_can_be_another() {
    let (site, replicas) = quick_cluster().await;
    let mut sockets = connect_all(&replicas).await;
    submit(&site, &mut sockets, 1, &set("a", "1")).await;
    let good = proof(&replicas[0], "61").await;
    submit(&site, &mut sockets, 2, &set("a", "2")).await;
    let later = proof(&replicas[0], "61").await;
    let committees = Committees::of(Arc::clone(site.committee()));
    let root = good.state.check(&committees).unwrap();
    assert_eq!(good.key.check(b"a", &root), Ok(Some(&b"1"[..])));

    let state = |change: &dyn Fn(&mut StateProof)| {
        let mut changed = good.state.clone();
        change(&mut changed);
        changed.check(&committees).unwrap_err()
    };
    let other = Digest([7; 32]);
    assert_eq!(state(&|proof| proof.roots.app = other), StateProofError::OtherState);
    assert_eq!(state(&|proof| proof.roots.sessions = other), StateProofError::OtherState);
    assert_eq!(state(&|proof| proof.roots.schedules = other), StateProofError::OtherState);
    assert_eq!(state(&|proof| proof.roots = later.state.roots), StateProofError::OtherState);
    // Whoever makes up the state has no certificate for the header that names it.
    assert_eq!(state(&|proof| proof.header.state_root = other), StateProofError::OtherBlock);
    assert_eq!(state(&|proof| proof.header = later.state.header.clone()), StateProofError::OtherBlock);
    let forged = state(&|proof| {
        proof.roots.app = other;
        proof.header.state_root = proof.roots.root();
        proof.certificate.block.id = proof.header.id();
    });
    assert!(matches!(forged, StateProofError::Certificate(_)), "{forged}");
    let two = state(&|proof| proof.certificate.signatures.truncate(2));
    assert!(matches!(two, StateProofError::Certificate(_)), "{two}");

    assert_eq!(later.key.check(b"a", &root), Err(NoProof));
    assert_eq!(good.key.check(b"b", &root), Err(NoProof));
    let Proof::Present { value, .. } = &good.key else { panic!("it is there") };
    assert_eq!(value, b"1");

    // Another cluster, with the same keys or with others, has certified nothing of it.
    let spec = CommitteeSpec { cluster: ClusterId([8; 32]), ..site.committee().spec().clone() };
    let mut strangers = site.committee().spec().clone();
    for (number, member) in (0..).zip(&mut strangers.members) {
        member.key = SecretKey::from_seed([200 + number; 32]).public();
    }
    for spec in [spec, strangers] {
        let committees = Committees::of(Arc::new(Committee::new(spec).unwrap()));
        assert!(matches!(good.state.check(&committees), Err(StateProofError::Certificate(_))));
    }
    shut_down(replicas).await;
}

/// While blocks follow each other, each read is of some state that was: values only go up.
#[tokio::test]
async fn reads_are_proven_under_load() {
    let (site, replicas) = quick_cluster().await;
    let url = |replica: &Running| format!("ws://{}/client", replica.http_address());
    let endpoints = (0..).map(ReplicaId).zip(&replicas);
    let endpoints = endpoints.map(|(id, at)| Endpoint { replica: id, url: url(at) }).collect();
    let config = ClientConfig { give_up_us: Span::millis(60_000), ..ClientConfig::default() };
    let driver = ClientDriver::start(site.client_key(), site.committee().clone(), endpoints, config);
    let writer = driver.clone();
    let writing = tokio::spawn(async move {
        for number in 0u64.. {
            let value = number.to_be_bytes().to_vec();
            let operation = Operation::Set { key: b"n".to_vec(), value };
            writer.submit(operation.encode()).await.unwrap();
        }
    });
    let (mut last, mut steps) = (None, 0);
    while steps < 10 {
        let value = get(&site, 1, b"n").await.unwrap();
        assert!(value >= last, "{value:?} after {last:?}");
        steps += u32::from(value > last);
        last = value;
    }
    writing.abort();
    let _ = writing.await;
    within(driver.close()).await;
    shut_down(replicas).await;
}

/// Where nothing is certified any more nothing is proven, and only so many wait for it.
#[tokio::test]
async fn readers_that_wait_are_bounded() {
    let (_site, running) = lone_replica(|_| {}).await;
    let address = running.http_address();
    let mut asked = JoinSet::new();
    for _ in 0..=READERS {
        asked.spawn(async move { crate::support::get(address, "/read?key=61", "").await });
    }
    let first = within(asked.join_next()).await.unwrap().unwrap();
    assert!(first.starts_with("HTTP/1.1 503") && first.contains("too many readers"), "{first}");
    assert_alive(&running).await;
    running.shutdown().await.unwrap();
}
