//! Changes of the committee while the cluster runs.

use crate::support::{Cluster, PROGRAM, output, said};
use hotstuff_core::ReplicaId;
use hotstuff_core::crypto::SecretKey;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `hotstuff change` with the key at `key`.
async fn change(cluster: &Cluster, key: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("change").arg("--committee").arg(&cluster.testnet.committee);
    command.args(["--timeout", "60"]).arg("--key").arg(key).args(arguments);
    output(command, b"").await
}

#[tokio::test]
async fn what_may_not_be_is_refused_by_the_replicas_and_told() {
    let mut cluster = Cluster::start(4).await;
    let operator = &cluster.testnet.operator_key.clone();
    let key = cluster.file.key(ReplicaId(1)).unwrap();
    for (key, arguments, why) in [
        (
            &cluster.testnet.client_key,
            &["remove", "--id", "0"][..],
            "only the operator may change the committee",
        ),
        (operator, &["remove", "--id", "7"], "r7 is not a member"),
        (operator, &["power", "--id", "7", "--power", "2"], "r7 is not a member"),
        (operator, &["add", "--id", "1"], "r1 is a member already"),
        (operator, &["add", "--id", "7", "--key", &format!("{key:#}")], "there can be no such committee"),
        (operator, &["power", "--id", "0", "--power", "0"], "there can be no such committee"),
        (
            operator,
            &["power", "--id", "0", "--power", "9"],
            "too much at once: make the change in smaller steps",
        ),
    ] {
        let ended = change(&cluster, key, arguments).await;
        let expected = format!("hotstuff: no change: {why}\n");
        assert_eq!(said(&ended), (Some(5), "", expected.as_str()), "{arguments:?}");
    }
    let unknown = change(&cluster, operator, &["add", "--id", "7"]).await;
    let expected = "hotstuff: r7 is not in the committee file: give its --key\n";
    assert_eq!(said(&unknown), (Some(2), "", expected));
    let another = change(&cluster, operator, &["add", "--id", "2", "--key", &format!("{key:#}")]).await;
    let expected = "hotstuff: the committee file has another key for r2\n";
    assert_eq!(said(&another), (Some(2), "", expected));
    for wrong in [&["add"][..], &["remove", "--id", "r0"], &["add", "--id", "7", "--key", "12"], &["swap"]] {
        assert_eq!(change(&cluster, operator, wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    let made = change(&cluster, operator, &["power", "--id", "0", "--power", "2"]).await;
    let expected = "# e1: give r0 power 2\n[[changes]]\nset-power = { id = 0, power = 2 }\n";
    assert_eq!(said(&made), (Some(0), expected, ""));
    // A number that the file knows from a change of before is not given to another.
    let former = SecretKey::from_seed([9; 32]).public();
    let rows = "\n[[changes]]\nadd = { id = 7, key = \"KEY\", power = 1 }\n[[changes]]\nremove = 7\n";
    cluster.append_to_committee(&rows.replace("KEY", &format!("{former:#}")));
    let reused = change(&cluster, operator, &["add", "--id", "7", "--key", &format!("{key:#}")]).await;
    assert_eq!(said(&reused), (Some(2), "", "hotstuff: the committee file has another key for r7\n"));
    assert_eq!(said(&cluster.run_client(&["set", "k", "v"]).await), (Some(0), "OK\n", ""));
}
