//! `hotstuff load` against real replicas, closed, open and as a sweep, and `hotstuff report` of what it wrote. How
//! fast a cluster is decides nothing here: every command that is offered is done, failed, or not sent.

use crate::support::{BOUND, Cluster, PROGRAM, output, said};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Runs `hotstuff load` with `arguments`: exit code, standard output, standard error.
async fn load(cluster: &Cluster, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(PROGRAM);
    command.arg("load").arg("--committee").arg(&cluster.testnet.committee);
    command.args(["--timeout", &BOUND.as_secs().to_string(), "--seed", "7"]).args(arguments);
    let ended = output(command, b"").await;
    let (code, stdout, stderr) = said(&ended);
    (code, stdout.to_owned(), stderr.to_owned())
}

async fn report(files: &[&Path], out: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    command.arg("report").args(files).arg("--out").arg(out);
    let ended = output(command, b"").await;
    let (code, _, stderr) = said(&ended);
    (code, stderr.to_owned())
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// That a run's counts agree with each other, and with its histograms and its timeline: how many were done.
fn check(run: &Value, read_share: f64) -> u64 {
    let count =
        |path: &str| run.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{path} in {run}"));
    let of =
        |side: &str| ["offered", "done", "failed", "not_sent"].map(|name| count(&format!("/{side}/{name}")));
    let [offered, done, failed, not_sent] = of("counts");
    assert_eq!(done + failed + not_sent, offered, "{run}");
    assert_eq!(failed, 0, "{run}");
    let [warm_offered, warm_done, warm_failed, warm_not_sent] = of("warm_up");
    assert_eq!(warm_done + warm_failed + warm_not_sent, warm_offered, "{run}");
    let [reads, writes] = ["reads", "writes"].map(|kind| count(&format!("/latency/{kind}/count")));
    assert_eq!((reads + writes, count("/latency/all/count")), (done, done), "{run}");
    assert_eq!(count("/latency/from_sending/count"), done);
    assert!((reads > 0) == (read_share > 0.0) && (writes > 0) == (read_share < 1.0), "{run}");
    let seconds = run["timeline"].as_array().unwrap();
    let told: u64 = seconds.iter().map(|second| second["done"].as_u64().unwrap()).sum();
    assert_eq!(told, done + warm_done, "{run}");
    for side in ["cluster_at_start", "cluster_at_end"] {
        let replicas = run[side]["replicas"].as_array().unwrap();
        assert_eq!(replicas.len(), 4);
        for replica in replicas {
            assert_eq!((&replica["error"], &replica["durability"]), (&Value::Null, &json!("sync")), "{run}");
        }
    }
    let height = |side: &str| run[side]["replicas"][0]["height"].as_u64();
    assert!(height("cluster_at_start") < height("cluster_at_end"), "{run}");
    done
}

#[tokio::test]
async fn loads_are_measured_kept_and_made_a_page_of() {
    let cluster = Cluster::start(4).await;
    let folder = cluster.folder.path();
    let (closed, open) = (folder.join("closed.json"), folder.join("open.json"));

    let arguments =
        ["--clients", "3", "--in-flight", "2", "--read-share", "0.5", "--payload", "0", "--keys", "5"];
    let short = ["--warm-up", "0.5", "--duration", "1"];
    let out = ["--out", closed.to_str().unwrap(), "--label", "three <clients>"];
    let (code, stdout, stderr) = load(&cluster, &[&arguments[..], &short, &out].concat()).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "no progress where there is no terminal");
    assert!(stdout.starts_with("LOAD") && stdout.contains("3 × 2 in flight"), "{stdout}");
    let document = read(&std::fs::read_to_string(&closed).unwrap());
    assert_eq!((&document["format"], &document["version"]), (&json!("hotstuff-load"), &json!(1)));
    let command = document["command"].as_str().unwrap();
    assert!(
        command.starts_with("hotstuff load --committee ") && command.ends_with("'three <clients>'"),
        "{command}"
    );
    let [run] = &document["runs"].as_array().unwrap()[..] else { panic!("{document}") };
    assert!(check(run, 0.5) > 0, "{run}");
    assert_eq!(run["settings"]["loop"], json!({ "kind": "closed", "clients": 3, "in_flight": 2 }));
    assert_eq!((&run["counts"]["not_sent"], &run["settings"]["connections"]), (&json!(0), &json!(3)));

    // A sweep with keys from files: none of them may be found twice.
    let key = cluster.testnet.client_key.to_str().unwrap();
    let arguments =
        ["--rates", "20,60", "--arrivals", "constant", "--in-flight", "100", "--key", key, "--json"];
    let out = ["--out", open.to_str().unwrap(), "--progress"];
    let (code, stdout, stderr) = load(&cluster, &[&arguments[..], &short, &out].concat()).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("1 of 2, 20/s, constant: ") && stderr.contains("2 of 2, "), "{stderr}");
    assert_eq!(stdout, std::fs::read_to_string(&open).unwrap());
    let document = read(&stdout);
    let runs = document["runs"].as_array().unwrap();
    // What is due is the schedule's, however fast the cluster is.
    for (run, offered) in runs.iter().zip([20, 60]) {
        check(run, 0.0);
        assert_eq!(run["counts"]["offered"], json!(offered), "{run}");
        assert_eq!(run["settings"]["connections"], json!(1));
    }
    assert_eq!(runs.len(), 2);

    let page = folder.join("report.html");
    assert_eq!(report(&[&closed, &open], &page).await, (Some(0), String::new()));
    let html = std::fs::read_to_string(&page).unwrap();
    for part in
        ["three &lt;clients&gt;: 3 × 2 in flight", "open: 20/s, constant", "p99 by throughput", "<svg"]
    {
        assert!(html.contains(part), "{part}");
    }
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    roxmltree::Document::parse_with_options(&html, options).unwrap();

    let (code, _, stderr) = load(&cluster, &["--clients", "1", "--out", open.to_str().unwrap()]).await;
    assert!(code == Some(2) && stderr.contains("is there already"), "{stderr}");
    let (code, _, stderr) = load(&cluster, &["--clients", "1", "--key", key, key]).await;
    assert!(code == Some(2) && stderr.contains("is that of another file"), "{stderr}");
    let newer = stdout.replace("\"version\":1,", "\"version\":99,");
    std::fs::write(&open, newer).unwrap();
    let (code, stderr) = report(&[&closed, &open], &page).await;
    assert!(code == Some(2) && stderr.contains("open.json: format version 99"), "{stderr}");
}

/// As a service manager ends it: with what was measured by then.
#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_a_load_with_a_report() {
    use rustix::process::{Pid, Signal, kill_process};
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
    let cluster = Cluster::start(4).await;
    let mut command = tokio::process::Command::new(PROGRAM);
    command.arg("load").arg("--committee").arg(&cluster.testnet.committee);
    command.args(["--clients", "2,4", "--duration", "3600", "--warm-up", "0", "--json", "--progress"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let all = async {
        // The first line comes as the load begins.
        let first = lines.next_line().await.unwrap().unwrap();
        assert!(first.contains("1 of 2, 2 clients"), "{first}");
        cluster.agreed(&cluster.ids(), 10).await;
        kill_process(Pid::from_raw(child.id().unwrap() as i32).unwrap(), Signal::TERM).unwrap();
        let mut stdout = String::new();
        child.stdout.as_mut().unwrap().read_to_string(&mut stdout).await.unwrap();
        (child.wait().await.unwrap().code(), stdout)
    };
    let (code, stdout) = tokio::time::timeout(BOUND, all).await.unwrap();
    let document = read(&stdout);
    let [run] = &document["runs"].as_array().unwrap()[..] else { panic!("the sweep went on: {stdout}") };
    assert_eq!((code, &run["stopped"]), (Some(0), &json!(true)), "{stdout}");
    assert!(check(run, 0.0) > 0 && run["measured_ms"].as_u64() < Some(3_600_000), "{stdout}");
}

#[tokio::test]
async fn a_cluster_that_cannot_answer_is_told_before_any_load() {
    let mut cluster = Cluster::start(4).await;
    cluster.kill_replica(hotstuff_core::ReplicaId(3));
    let arguments = ["--clients", "1", "--warm-up", "0", "--duration", "0.2", "--json"];
    let (code, stdout, _) = load(&cluster, &arguments).await;
    let run = &read(&stdout)["runs"][0];
    assert!(code == Some(0) && run["cluster_at_start"]["replicas"][3]["error"].is_string(), "{run}");

    cluster.kill_replica(hotstuff_core::ReplicaId(1));
    let (code, stdout, stderr) = load(&cluster, &arguments).await;
    assert_eq!((code, stdout.as_str()), (Some(3), ""), "{stderr}");
    assert!(stderr.contains("2 of 4 replicas can be reached, which is no quorum"), "{stderr}");
    assert!(stderr.contains("r1: ") && stderr.contains("r3: "), "{stderr}");
}
