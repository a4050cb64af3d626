//! `hotstuff client`: every command one by one, in JSON, from a pipe at the prompt, and at random.

use crate::support::{Cluster, PROGRAM, output, said};
use serde_json::{Value, json};
use std::process::Command;

/// Runs `hotstuff client` with `arguments` and `input`: exit code, standard output, standard error.
async fn client(cluster: &Cluster, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(PROGRAM);
    command.arg("client").arg("--committee").arg(&cluster.testnet.committee);
    command.arg("--key").arg(&cluster.testnet.client_key).args(arguments);
    let ended = output(command, input.as_bytes()).await;
    let (code, stdout, stderr) = said(&ended);
    (code, stdout.to_owned(), stderr.to_owned())
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

#[tokio::test]
async fn every_operation_has_its_result_and_exit_code() {
    let cluster = Cluster::start(4).await;
    for (arguments, code, stdout, stderr) in [
        (&["set", "user/1", "Ada"][..], 0, "OK\n", ""),
        (&["cas", "user/1", "Ada", "Eve"], 0, "OK\n", ""),
        (&["cas", "user/1", "Ada", "Bob"], 6, "not as expected: the value is Eve\n", ""),
        (&["cas", "--absent", "user/1", "Bob"], 6, "not as expected: the value is Eve\n", ""),
        (&["cas", "--absent", "user/2", "B b"], 0, "OK\n", ""),
        (&["cas", "user/3", "x", "y"], 6, "not as expected: there is no value\n", ""),
        (&["incr", "n"], 0, "1\n", ""),
        (&["incr", "n", "-5"], 0, "-4\n", ""),
        (&["incr", "user/1"], 2, "", "hotstuff: the value is not a number\n"),
        (&["list"], 0, "n = -4\nuser/1 = Eve\nuser/2 = \"B b\"\n", ""),
        (&["list", "user/", "--after", "user/1"], 0, "user/2 = \"B b\"\n", ""),
        (&["list", "--limit", "1"], 0, "n = -4\n", "hotstuff: there are more: go on after n\n"),
        (&["list", "none"], 0, "no keys\n", ""),
        (&["transaction", "if n = -4", "set n 0", "incr n", "get user/1"], 0, "OK\n1\nEve\n", ""),
        (
            &["transaction", "if n absent", "delete n"],
            6,
            "nothing done: condition 1 does not hold: the value is 1\n",
            "",
        ),
        (
            &["transaction", "delete n", "incr user/1"],
            2,
            "",
            "hotstuff: operation 2: the value is not a number\n",
        ),
        (&["get", "n"], 0, "1\n", ""),
        (&["transaction", "set a", "set b c"], 2, "", "hotstuff: part 1: at column 6: expected a value\n"),
        (&["cas", "k", "v"], 2, "", "hotstuff: cas takes a key, the value expected, and a value\n"),
        (&["set", "", "v"], 2, "", "hotstuff: the key is empty\n"),
    ] {
        let expected = (Some(code), stdout.to_owned(), stderr.to_owned());
        assert_eq!(client(&cluster, arguments, "").await, expected, "{arguments:?}");
    }
    let piped = client(&cluster, &["transaction"], "if n = 1\n\ndelete n\n").await;
    assert_eq!(piped, (Some(0), "1\n".into(), String::new()));
    let told = client(&cluster, &["-v", "get", "n"], "").await;
    assert!(told.2.contains(" agreed after ") && told.2.contains(", the first reply after "), "{}", told.2);
}

#[tokio::test]
async fn results_in_json_are_an_object_a_line() {
    let cluster = Cluster::start(4).await;
    let (code, stdout, stderr) = client(&cluster, &["--json", "set", "k", "two words"], "").await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let [told] = &lines(&stdout)[..] else { panic!("{stdout}") };
    assert_eq!(told["request"], "set k \"two words\"");
    assert_eq!((&told["outcome"], &told["response"]), (&json!("done"), &json!({ "kind": "ok" })));
    assert!(told["agreed"].as_array().unwrap().len() >= 2 && told["height"].as_u64() > Some(0), "{told}");
    assert!(told["first_reply_us"].as_u64() <= told["latency_us"].as_u64(), "{told}");

    let (code, stdout, _) = client(&cluster, &["--json", "get", "none"], "").await;
    assert_eq!((code, &lines(&stdout)[0]["outcome"]), (Some(1), &json!("not-found")));

    let input = "get k\nset k\nset b 0xff\ncas b 0xff 0xfe\nget b\nif k absent; delete k\n";
    let (code, stdout, _) = client(&cluster, &["--json", "batch"], input).await;
    let told = lines(&stdout);
    assert_eq!((code, told.len()), (Some(2), 6), "{stdout}");
    assert_eq!(told[0]["response"], json!({ "kind": "value", "value": "two words" }));
    let error = json!({ "line": 2, "outcome": "error", "error": "at column 6: expected a value" });
    assert_eq!(told[1], error);
    assert_eq!(told[4]["response"], json!({ "kind": "value", "value": { "hex": "fe" } }));
    let failed = json!({ "kind": "condition-failed", "condition": 1, "found": "two words" });
    assert_eq!((&told[5]["response"], &told[5]["outcome"]), (&failed, &json!("mismatch")));

    cluster.agreed(&cluster.ids(), 1).await;
    let (code, stdout, _) = client(&cluster, &["--json", "get", "k", "--verified"], "").await;
    let told = lines(&stdout);
    assert_eq!((code, &told[0]["value"]), (Some(0), &json!("two words")), "{stdout}");
}

#[tokio::test]
async fn a_prompt_takes_lines_from_a_pipe_and_transactions_over_several() {
    let cluster = Cluster::start(4).await;
    let input = "set k 1\nbegin\nif k = 1\nincr k 2\nget k\nnonsense\ncommit\nbegin\nset k 9\nabort\nget k\n\ncommit\nquit\nget k\n";
    let (code, stdout, stderr) = client(&cluster, &["repl", "--no-history"], input).await;
    let nonsense = "error: at column 1: expected set, get, delete, cas, incr, list, or if";
    let expected = format!("OK\n{nonsense}\ndone: 3; 3\n3\nerror: no transaction is begun\n");
    assert_eq!((code, stdout, stderr), (Some(2), expected, String::new()));
    let (code, stdout, _) = client(&cluster, &["repl"], "get k\nget none\nhelp\n").await;
    assert!(stdout.starts_with("3\nKey not found\nCommands:\n"), "{stdout}");
    assert_eq!(code, Some(0));
    let (code, stdout, _) = client(&cluster, &["repl"], "begin\nset k 9\n").await;
    assert_eq!(
        (code, stdout.as_str()),
        (Some(2), "error: the transaction has no commit: nothing was done\n")
    );
    assert_eq!(client(&cluster, &["get", "k"], "").await.1, "3\n");
}

#[tokio::test]
async fn random_commands_are_sent_at_their_rate_and_summed_up() {
    let cluster = Cluster::start(4).await;
    let arguments = ["--json", "random", "--rate", "200", "--keys", "5", "--duration", "2", "--seed", "9"];
    let (code, stdout, _) = client(&cluster, &arguments, "").await;
    let [told] = &lines(&stdout)[..] else { panic!("{stdout}") };
    assert_eq!((code, &told["seed"], &told["stopped"]), (Some(0), &json!(9), &json!(false)), "{told}");
    // How many are due is the seed's; on a slow machine the last of them are not sent in time.
    let done = told["outcomes"]["done"].as_u64().unwrap();
    assert!(done > 0 && done <= 450 && (done >= 350 || told["late"] == true), "{told}");
    assert!(told["latency_us"]["p50"].as_u64() <= told["latency_us"]["max"].as_u64(), "{told}");
    let (_, stdout, _) = client(&cluster, &["list"], "").await;
    assert!(stdout.lines().all(|line| line.starts_with('k')) && stdout.lines().count() <= 5, "{stdout}");

    let (code, stdout, _) = client(&cluster, &["random", "--rate", "50", "--duration", "0.5"], "").await;
    assert!(code == Some(0) && stdout.contains(" commands done in ") && stdout.contains("p99 "), "{stdout}");
    for wrong in [&["--rate", "0"][..], &["--reads", "2"], &["--duration", "0"], &["--keys", "0"]] {
        let (code, _, stderr) = client(&cluster, &[&["random"], wrong].concat(), "").await;
        assert_eq!(code, Some(2), "{wrong:?}");
        assert!(stderr.contains(wrong[0]), "{stderr}");
    }
}

/// As a service manager ends it: with a summary of what was done by then.
#[cfg(unix)]
#[tokio::test]
async fn random_commands_without_an_end_go_on_until_a_signal() {
    use rustix::process::{Pid, Signal, kill_process};
    use tokio::io::AsyncReadExt;
    let cluster = Cluster::start(4).await;
    let mut command = tokio::process::Command::new(PROGRAM);
    command.arg("client").arg("--committee").arg(&cluster.testnet.committee);
    command.arg("--key").arg(&cluster.testnet.client_key).args(["--json", "random", "--rate", "100"]);
    command.stdout(std::process::Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    cluster.agreed(&cluster.ids(), 10).await;
    kill_process(Pid::from_raw(child.id().unwrap() as i32).unwrap(), Signal::TERM).unwrap();
    let mut stdout = String::new();
    let read = child.stdout.as_mut().unwrap().read_to_string(&mut stdout);
    tokio::time::timeout(crate::support::BOUND, read).await.unwrap().unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    let told = lines(&stdout);
    assert!(told[0]["stopped"] == true && told[0]["outcomes"]["done"].as_u64() > Some(0), "{stdout}");
}

#[tokio::test]
async fn a_replica_may_be_elsewhere_than_its_file_says() {
    let cluster = Cluster::start(4).await;
    let text = std::fs::read_to_string(&cluster.testnet.committee).unwrap();
    let moved = cluster.folder.path().join("moved.toml");
    let http = |id: u16| cluster.file.addresses[&hotstuff_core::ReplicaId(id)].http.to_string();
    let mut changed = text;
    for id in 0..4 {
        changed = changed.replace(&http(id), &format!("127.0.0.1:{}", id + 1));
    }
    std::fs::write(&moved, changed).unwrap();
    let run = async |addresses: &[String]| {
        let mut command = Command::new(PROGRAM);
        command.arg("client").arg("--committee").arg(&moved).arg("--key").arg(&cluster.testnet.client_key);
        command.args(["--timeout", "30"]);
        for address in addresses {
            command.arg("--address").arg(address);
        }
        command.args(["set", "k", "v"]);
        output(command, b"").await
    };
    let all: Vec<String> = (0..4).map(|id| format!("{id}={}", http(id))).collect();
    assert_eq!(said(&run(&all).await), (Some(0), "OK\n", ""));
    let (code, _, stderr) = {
        let ended = run(&["7=localhost:1".to_owned()]).await;
        let (code, stdout, stderr) = said(&ended);
        (code, stdout.to_owned(), stderr.to_owned())
    };
    assert!(code == Some(2) && stderr.contains("there is no r7, for which an address is given"), "{stderr}");
    for wrong in ["0", "x=localhost:1", "0=localhost"] {
        assert_eq!(run(&[wrong.to_owned()]).await.status.code(), Some(2), "{wrong}");
    }
}
