//! What replicas log, for people and for programs.

use crate::support::{BOUND, Cluster, PROGRAM, said, until};
use futures_util::{SinkExt, StreamExt};
use hotstuff_core::command::{Command as ClientCommand, Operation};
use hotstuff_core::crypto::SecretKey;
use hotstuff_core::link::ClientFrame;
use hotstuff_core::{ReplicaId, SequenceNumber, wire};
use serde_json::Value;
use std::process::Command;
use tokio_tungstenite::tungstenite::Message;

/// The objects that a replica has logged.
fn lines(cluster: &Cluster, id: ReplicaId) -> Vec<Value> {
    let logged = cluster.logged(id);
    let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    logged.lines().map(object).collect()
}

/// Sends a command to one replica that its client did not sign, and returns when the link is closed for that.
async fn forge(cluster: &Cluster, id: ReplicaId) {
    let key = SecretKey::from_seed([9; 32]);
    let cluster_id = cluster.file.committee.cluster();
    let mut command = ClientCommand::signed(&key, cluster_id, SequenceNumber(1), b"x".to_vec());
    command.operation = Operation::App(b"y".to_vec());
    let url = format!("ws://{}/client", cluster.file.addresses[&id].http);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let frame = wire::encode(&ClientFrame::Submit(command));
    socket.send(Message::Binary(frame.into())).await.unwrap();
    let closed = async { while socket.next().await.is_some_and(|message| message.is_ok()) {} };
    tokio::time::timeout(BOUND, closed).await.unwrap();
}

#[tokio::test]
async fn as_json_each_line_is_an_object_with_what_it_is_about_by_name() {
    let mut cluster = Cluster::prepare(4);
    cluster.log_filter = "debug".into();
    for id in cluster.ids() {
        let mut command = Command::new(PROGRAM);
        command.env("HOTSTUFF_LOG_FORMAT", "json");
        cluster.start_replica_by(id, command);
    }
    for id in cluster.ids() {
        cluster.well(id).await;
    }
    assert_eq!(said(&cluster.run_client(&["set", "k", "v"]).await), (Some(0), "OK\n", ""));
    let r2 = ReplicaId(2);
    forge(&cluster, r2).await;
    let refused =
        |kind: &'static str| lines(&cluster, r2).into_iter().find(|line| line["event.kind"] == kind);
    let command = until("the refusal is logged", async || refused("command-refused")).await;
    assert_eq!(command["event.reason"], "bad-signature");
    assert_eq!((&command["level"], &command["event.sequence"]), (&"info".into(), &1.into()));
    assert!(command["message"].as_str().unwrap().starts_with("r2 did not admit "));
    let link = until("the end of the link is logged", async || refused("client-closed")).await;
    assert!(link["reason"].as_str().unwrap().contains("signature"), "{link}");
    let committed = until("a commit is logged", async || refused("committed")).await;
    assert!(committed["event.height"].is_u64() && committed["event.view"].is_u64());
    assert_eq!(committed["event.block"].as_str().unwrap().len(), 64);
    for id in cluster.ids() {
        assert_eq!(cluster.terminate_replica(id).await.code(), Some(0));
        let lines = lines(&cluster, id);
        assert!(lines.len() > 20);
        for line in lines {
            assert!(["error", "warn", "info", "debug"].contains(&line["level"].as_str().unwrap()), "{line}");
            assert_eq!(line["replica"], id.0, "{line}");
            assert!(["timestamp", "target", "message"].iter().all(|name| line[name].is_string()), "{line}");
        }
    }
}

/// As text a line has no more than its sentence and what that does not say.
#[tokio::test]
async fn whoever_is_refused_again_and_again_does_not_fill_the_log() {
    let mut cluster = Cluster::prepare(4);
    let r0 = ReplicaId(0);
    cluster.start_replica(r0);
    cluster.well(r0).await;
    for _ in 0..120 {
        forge(&cluster, r0).await;
    }
    // A part that logs at debug leaves nothing out, and the others do as before.
    let r1 = ReplicaId(1);
    cluster.start_logging(r1, "warn,hotstuff_replica=info,hotstuff_replica::driver::events=debug");
    cluster.well(r1).await;
    for _ in 0..120 {
        forge(&cluster, r1).await;
    }
    let told = |id, what: &str| cluster.logged(id).lines().filter(|line| line.contains(what)).count();
    assert_eq!(told(r1, "r1 did not admit"), 120);
    assert!((50..120).contains(&told(r1, "closed a client's connection")));
    let status = cluster.status(r0).await.unwrap();
    assert_eq!(status.refused.clients, 120, "all are counted");
    let closed = told(r0, "closed a client's connection");
    assert!((50..120).contains(&closed), "{closed} of 120 were told");
    let logged = cluster.logged(r0);
    let one = logged.lines().find(|line| line.contains("did not admit")).unwrap();
    assert!(one.ends_with("the signature is not the client's") && !one.contains("event."), "{one}");
    assert_eq!(cluster.terminate_replica(r0).await.code(), Some(0));
}

#[test]
fn what_is_no_filter_and_no_format_is_refused() {
    let cluster = Cluster::prepare(4);
    let run = |variable: &str, value: &str, arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.arg("replica").arg("--config").arg(&cluster.testnet.replicas[&ReplicaId(0)]).args(arguments);
        let output = command.env(variable, value).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let filter = run("RUST_LOG", "hotstuff_replica=loud", &[]);
    assert!(filter.starts_with("hotstuff: RUST_LOG=\"hotstuff_replica=loud\" cannot be used"), "{filter}");
    assert_eq!(filter.lines().count(), 1);
    let told = "[possible values: text, json]";
    assert!(run("HOTSTUFF_LOG_FORMAT", "xml", &[]).contains(told));
    assert!(run("RUST_LOG", "info", &["--log-format", "xml"]).contains(told));
}
