//! What a replica refuses to start with, and how the program says so.

use crate::support::*;
use hotstuff_replica::config::ReplicaConfig;
use hotstuff_replica::server::{self, StartError};
use hotstuff_replica::store::StoreError;
use std::path::Path;
use std::process::{Command, Output};

/// The program's exit and words for a replica that cannot start.
fn replica(config: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hotstuff")).arg("replica").arg("--config").arg(config).output().unwrap()
}

fn refused_with(config: &Path, reason: &str) {
    let output = replica(config);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("hotstuff: ") && said.contains(reason), "{said}");
}

#[tokio::test]
async fn ports_and_stores_in_use_are_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    let mut config = site.configs[0].clone();
    config.listen.peer = running.peer_address();
    assert!(matches!(server::start(config.clone()).await.unwrap_err(), StartError::Listen { .. }));
    let other_ports = bind().await;
    let refused = other_ports.start(config).await.unwrap_err();
    assert!(matches!(refused, StartError::Store(StoreError::InUse { .. })), "{refused}");
    assert_alive(&running).await;

    let path = &site.testnet.replicas[&hotstuff_core::ReplicaId(0)];
    refused_with(path, "cannot listen on");
    let text = std::fs::read_to_string(path).unwrap();
    let ports = [running.peer_address(), running.http_address()].map(|address| address.to_string());
    let free = ports.iter().fold(text, |text, port| text.replace(port, "127.0.0.1:0"));
    let other_file = path.with_file_name("other.toml");
    std::fs::write(&other_file, free).unwrap();
    refused_with(&other_file, "in use by another process");
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn files_that_do_not_fit_together_are_refused_in_one_line() {
    let site = Site::new(&[bind().await]);
    let folder = site.folder.path().join("net");
    let path = folder.join("r0/replica.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    refused_with(&folder.join("r0/none.toml"), "cannot read");
    let cases = [
        ("id = 0", "id = 0\nnew = 1", "line 7: unknown field `new`"),
        ("id = 0", "id = 7", "r7 is neither among [[members]] nor among [[joiners]]"),
        ("id = 0", "id = 1", "does not hold the key"),
        ("../committee.toml", "../absent.toml", "cannot read"),
        ("\"replica.key\"", "\"../r1/replica.key\"", "does not hold the key"),
        ("\"replica.key\"", "\"../committee.toml\"", "open to others"),
        ("timeout_min_us = 250000", "timeout_min_us = 0", "must not be zero"),
        ("dead_us = 8000000", "dead_us = 1", "dead_us"),
        ("durability = \"sync\"", "durability = \"fast\"", "unknown variant `fast`, expected `sync` or `os`"),
        ("allowed_origins = []", "allowed_origins = []\ntls_cert = \"a.pem\"", "stand together"),
        (
            "allowed_origins = []",
            "allowed_origins = []\ntls_cert = \"a.pem\"\ntls_key = \"a.key\"",
            "cannot read",
        ),
        ("http_head_bytes = 16384", "http_head_bytes = 100", "http_head_bytes"),
        ("client_keys = 256", "client_keys = 0", "zero"),
        ("allowed_origins = []", "allowed_origins = [\"example.net\"]", "no origin"),
    ];
    for (old, new, reason) in cases {
        let wrong = good.replacen(old, new, 1);
        assert_ne!(wrong, good, "{old}");
        std::fs::write(&path, wrong).unwrap();
        refused_with(&path, reason);
    }
    let key = folder.join("r0/replica.key");
    std::fs::write(&path, &good).unwrap();
    std::fs::remove_file(key).unwrap();
    refused_with(&path, "cannot read");
}

#[tokio::test]
async fn no_secret_is_shown_by_what_describes_it() {
    let site = Site::new(&[bind().await]);
    let text = std::fs::read_to_string(site.folder.path().join("net/r0/replica.key")).unwrap();
    let seed = text.lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    let key = site.key(0);
    let bytes: Vec<String> =
        seed.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap().to_owned()).collect();
    let decimal: Vec<u8> = bytes.iter().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    let shown = format!("{:?} {key:?} {:?}", site.configs[0], site.tls(key));
    assert!(shown.contains(&key.public().to_string()), "{shown}");
    for secret in [&seed[..16], &seed[48..], &format!("{:?}", &decimal[..4]).replace(['[', ']'], "")] {
        assert!(!shown.to_lowercase().contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn a_shutdown_closes_connections_with_a_word_and_the_store_can_be_opened_again() {
    let (site, running) = lone_replica(|_| {}).await;
    let mut client = connect(running.http_address(), "/client").await;
    let mut observer = connect(running.http_address(), "/observe").await;
    let mut peer = peer_link(&site, running.peer_address(), 2).await;
    // Three connections that never answer must not hold the shutdown up.
    let begin = std::time::Instant::now();
    running.shutdown().await.unwrap();
    assert!(begin.elapsed() < std::time::Duration::from_secs(5));
    for close in [closed(&mut client).await, closed(&mut observer).await, closed(&mut peer).await] {
        assert!(close.reason.contains("shutting down"));
    }
    let again: ReplicaConfig = site.configs[0].clone();
    bind().await.start(again).await.unwrap().shutdown().await.unwrap();
}

#[tokio::test]
async fn another_first_committee_is_refused() {
    let (site, running) = lone_replica(|_| {}).await;
    running.shutdown().await.unwrap();
    let committee = &site.testnet.committee;
    let text = std::fs::read_to_string(committee).unwrap();
    std::fs::write(committee, text.replacen("power = 1", "power = 2", 1)).unwrap();
    let path = &site.testnet.replicas[&hotstuff_core::ReplicaId(0)];
    refused_with(path, "a cluster that started with another committee");
    std::fs::write(committee, text).unwrap();
    bind().await.start(site.configs[0].clone()).await.unwrap().shutdown().await.unwrap();
}

#[tokio::test]
async fn a_damaged_store_is_refused_by_name() {
    let (site, running) = lone_replica(|_| {}).await;
    running.shutdown().await.unwrap();
    let path = &site.testnet.replicas[&hotstuff_core::ReplicaId(0)];
    let store = path.with_file_name("data").join("store.redb");
    let whole = std::fs::read(&store).unwrap();
    let half = whole.len() / 2;
    for (damaged, reason) in [
        (&whole[..half], "store.redb is damaged"),
        (&[], "store.redb is damaged: the file is empty"),
        (b"no store", "store.redb is damaged"),
    ] {
        std::fs::write(&store, damaged).unwrap();
        refused_with(path, reason);
        assert_eq!(std::fs::read(&store).unwrap(), damaged, "nothing is repaired");
    }
}
