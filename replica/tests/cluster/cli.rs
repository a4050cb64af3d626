//! What the `client`, `status` and `health` commands print, and their exit codes.

use crate::support::{Cluster, PROGRAM, output, said, until};
use hotstuff_core::ReplicaId;
use std::process::{Command, Output};

async fn hotstuff(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments);
    output(command, b"").await
}

#[tokio::test]
async fn commands_print_their_results_and_exit_accordingly() {
    let cluster = Cluster::start(4).await;
    assert_eq!(said(&cluster.run_client(&["set", "hello", "big world"]).await), (Some(0), "OK\n", ""));
    assert_eq!(said(&cluster.run_client(&["get", "hello"]).await), (Some(0), "big world\n", ""));
    assert_eq!(said(&cluster.run_client(&["delete", "hello"]).await), (Some(0), "big world\n", ""));
    assert_eq!(said(&cluster.run_client(&["get", "hello"]).await), (Some(1), "Key not found\n", ""));
    assert_eq!(said(&cluster.run_client(&["delete", "hello"]).await), (Some(1), "Key not found\n", ""));
    assert_eq!(said(&cluster.run_client(&["set", "-k", "-v"]).await), (Some(0), "OK\n", ""));
    assert_eq!(said(&cluster.run_client(&["get", "-k"]).await), (Some(0), "-v\n", ""));
    assert_eq!(said(&cluster.run_client(&["set", "empty", ""]).await), (Some(0), "OK\n", ""));
    assert_eq!(said(&cluster.run_client(&["get", "empty"]).await), (Some(0), "\n", ""));

    let told = cluster.run_client(&["-v", "set", "k", "v"]).await;
    let (code, stdout, stderr) = said(&told);
    assert_eq!((code, stdout), (Some(0), "OK\n"));
    let agreed = stderr.contains("executed at height ") && stderr.contains(" agreed after ");
    assert!(agreed && stderr.matches(", r").count() + stderr.matches(": r").count() >= 2, "{stderr}");

    let long = "k".repeat(1_025);
    let refused = cluster.run_client(&["get", &long]).await;
    assert_eq!(said(&refused), (Some(2), "", "hotstuff: the key is longer than 1024 bytes\n"));
    let empty = cluster.run_client(&["get", ""]).await;
    assert_eq!(said(&empty), (Some(2), "", "hotstuff: the key is empty\n"));
}

#[cfg(unix)]
#[tokio::test]
async fn keys_and_values_are_bytes() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let cluster = Cluster::start(4).await;
    let (key, value) = (OsStr::from_bytes(b"\xff\x01"), OsStr::from_bytes(b"\xfe\n\xc0"));
    let set = cluster.run_client(&[OsStr::new("set"), key, value]).await;
    assert_eq!(said(&set), (Some(0), "OK\n", ""));
    assert_eq!(cluster.run_client(&[OsStr::new("get"), key]).await.stdout, b"\xfe\n\xc0\n");
}

#[tokio::test]
async fn a_batch_prints_one_result_per_line_in_order() {
    let cluster = Cluster::start(4).await;
    let mut input = String::new();
    let mut expected = String::new();
    for number in 0..300 {
        input += &format!("set k{} value {number}\nget k{}\n", number % 50, number % 50);
        expected += &format!("OK\n\"value {number}\"\n");
    }
    input += "nonsense\nget none\ndelete k0\nget k0";
    expected += "error: at column 1: expected set, get, delete, cas, incr, list, or if\n";
    expected += "Key not found\n\"value 250\"\nKey not found\n";
    let mut command = Command::new(PROGRAM);
    command.arg("client").arg("--committee").arg(&cluster.testnet.committee);
    command.arg("--key").arg(&cluster.testnet.client_key).arg("batch");
    let ended = output(command, input.as_bytes()).await;
    assert_eq!(said(&ended), (Some(2), expected.as_str(), ""));
    assert_eq!(said(&cluster.run_client(&["batch"]).await), (Some(0), "", ""), "no lines, no results");
}

#[tokio::test]
async fn replicas_that_are_down_are_done_without_as_long_as_a_quorum_is_up() {
    let mut cluster = Cluster::start(4).await;
    let committee = cluster.testnet.committee.to_str().unwrap().to_owned();
    cluster.kill_replica(ReplicaId(3));
    let set = cluster.run_client(&["--timeout", "60", "set", "k", "v"]).await;
    assert_eq!(said(&set), (Some(0), "OK\n", ""));
    let status = hotstuff(&["status", "--committee", &committee]).await;
    let (code, table, _) = said(&status);
    assert_eq!(code, Some(0), "{table}");
    assert!(table.contains("3 of 4 replicas are reachable, a quorum.") && table.contains("not reachable"));

    cluster.kill_replica(ReplicaId(2));
    let given_up = cluster.run_client(&["--timeout", "2", "get", "k"]).await;
    let (code, stdout, stderr) = said(&given_up);
    assert_eq!((code, stdout), (Some(3), ""), "{stderr}");
    assert!(stderr.contains("no agreement among the replicas within 2 s"), "{stderr}");
    assert!(stderr.contains("r0 did not reply") && stderr.contains("r3 is not reachable"), "{stderr}");
    let status = hotstuff(&["status", "--committee", &committee]).await;
    assert_eq!(said(&status).0, Some(1));
}

#[tokio::test]
async fn a_status_in_json_names_every_replica() {
    let mut cluster = Cluster::start(4).await;
    cluster.run_client(&["set", "k", "v"]).await;
    cluster.agreed(&cluster.ids(), 1).await;
    cluster.kill_replica(ReplicaId(1));
    let committee = cluster.testnet.committee.to_str().unwrap();
    let status = hotstuff(&["status", "--committee", committee, "--json"]).await;
    assert_eq!(status.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    let replicas = json["replicas"].as_array().unwrap();
    assert_eq!(replicas.len(), 4);
    for (number, replica) in replicas.iter().enumerate() {
        let http = &cluster.file.addresses[&ReplicaId(number as u16)].http;
        assert_eq!(replica["id"], number);
        assert_eq!(replica["http"], format!("http://{http}"));
        assert_eq!(replica["reachable"], number != 1);
        if number == 1 {
            for field in ["view", "committed_head", "state_root", "leader"] {
                assert!(replica[field].is_null(), "{field}: {replica}");
            }
        } else {
            assert!(replica["view"].as_u64().unwrap() > 0, "{replica}");
            assert!(replica["committed_head"]["height"].as_u64().unwrap() > 0, "{replica}");
            assert_eq!(replica["committed_head"]["id"].as_str().unwrap().len(), 64, "{replica}");
            assert_eq!(replica["state_root"].as_str().unwrap().len(), 64, "{replica}");
            assert!(replica["leader"].as_u64().unwrap() < 4, "{replica}");
        }
    }
}

#[tokio::test]
async fn a_status_says_why_replicas_lag() {
    let mut cluster = Cluster::start(4).await;
    let committee = cluster.testnet.committee.to_str().unwrap().to_owned();
    let why = async |id: usize| -> Vec<serde_json::Value> {
        let status = hotstuff(&["status", "--committee", &committee, "--json"]).await;
        let json: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
        json["replicas"][id]["why"].as_array().unwrap().clone()
    };
    until("nothing is to be said of r0", async || why(0).await.is_empty().then_some(())).await;
    cluster.kill_replica(ReplicaId(3));
    assert_eq!(why(3).await[0]["reason"], "unreachable");
    // The views that r3 leads come again and again.
    let waits = until("r0 waits for r3", async || {
        why(0).await.into_iter().find(|why| why["reason"] == "waits_for_leader")
    })
    .await;
    assert_eq!(waits["leader"], 3);
    assert!(waits["text"].as_str().unwrap().starts_with("waits for r3, which leads view "), "{waits}");

    cluster.kill_replica(ReplicaId(2));
    let alone =
        until("r0 has no quorum", async || why(0).await.into_iter().find(|why| why["reason"] == "no_quorum"))
            .await;
    assert_eq!(alone["unlinked"], serde_json::json!([2, 3]));
    let status = hotstuff(&["status", "--committee", &committee]).await;
    let (code, text, _) = said(&status);
    assert_eq!(code, Some(1), "{text}");
    for line in ["r0: no links to a quorum: not to and from r2, r3\n", "r3: not reachable: "] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test]
async fn health_is_an_exit_code() {
    let mut cluster = Cluster::start(4).await;
    let url = format!("http://{}/healthz", cluster.file.addresses[&ReplicaId(0)].http);
    assert_eq!(said(&hotstuff(&["health", "--url", &url]).await), (Some(0), "", ""));
    cluster.kill_replica(ReplicaId(0));
    let down = hotstuff(&["health", "--url", &url]).await;
    assert_eq!(down.status.code(), Some(1));
    assert!(said(&down).2.starts_with("hotstuff: "), "{down:?}");
    let wrong = hotstuff(&["health", "--url", "https://127.0.0.1/"]).await;
    assert_eq!(said(&wrong), (Some(1), "", "hotstuff: https://127.0.0.1/ is no http:// address\n"));
}

#[tokio::test]
async fn without_a_cluster_or_usable_files_there_is_a_typed_error() {
    let cluster = Cluster::prepare(4);
    let nobody = cluster.run_client(&["--timeout", "1", "get", "k"]).await;
    let (code, stdout, stderr) = said(&nobody);
    assert_eq!((code, stdout), (Some(3), ""), "{stderr}");
    assert_eq!(stderr.matches("is not reachable").count(), 4, "{stderr}");

    let [committee, key] = [&cluster.testnet.committee, &cluster.testnet.client_key];
    let [committee, key] = [committee, key].map(|path| path.to_str().unwrap());
    let get = ["get", "k"];
    let with = |committee: &str, key: &str| {
        let arguments = [&["client", "--committee", committee, "--key", key][..], &get].concat();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        async move { hotstuff(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    for (committee, key, named) in [
        (committee, committee, "committee.toml"),
        (committee, "/none/key", "/none/key"),
        ("/none", key, "/none"),
    ] {
        let ended = with(committee, key).await;
        let (code, stdout, stderr) = said(&ended);
        assert_eq!((code, stdout), (Some(2), ""), "{stderr}");
        assert!(stderr.starts_with("hotstuff: ") && stderr.contains(named), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }

    let usage: [&[&str]; 3] = [&["put", "k", "v"], &["set", "k"], &["--timeout", "0", "get", "k"]];
    for wrong in usage {
        assert_eq!(cluster.run_client(wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    let help = cluster.run_client(&["--help"]).await;
    assert!(said(&help).1.contains("3  no agreement"), "the exit codes are documented: {help:?}");
}
