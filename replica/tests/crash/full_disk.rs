//! A disk that takes no more: its replica stops and says so, and the others go on.

use crate::support::{BOUND, Cluster, PROGRAM};
use crate::votes;
use futures_util::{StreamExt, stream};
use hotstuff_core::command::Outcome;
use hotstuff_core::{Config, ReplicaId, Span};
use hotstuff_kv::{Answer, Operation};
use hotstuff_replica::client::ClientDriver;
use hotstuff_replica::offline;
use std::process::Command;

/// The most that the replica's files may grow to, in blocks of 512 bytes.
const BLOCKS: &str = "4096";

/// The program, with a limit on the size of every file it writes. What does not fit is an error to it,
/// and not its end.
fn limited() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", BLOCKS, PROGRAM]);
    command
}

/// Sets keys of this number to 16 kB each.
async fn set(client: &ClientDriver, numbers: std::ops::Range<u32>) {
    let submit = |number: u32| async move {
        let operation = Operation::Set { key: number.to_string().into_bytes(), value: vec![7; 16 << 10] };
        let done = client.submit(operation.encode()).await.expect("the command executes");
        let Outcome::Executed { result, .. } = done.outcome else { panic!("{:?}", done.outcome) };
        assert_eq!(Answer::decode(&result), Ok(Answer::Ok));
    };
    stream::iter(numbers).map(submit).buffer_unordered(16).collect::<Vec<()>>().await;
}

#[tokio::test]
async fn a_replica_with_a_full_disk_stops_and_the_others_go_on() {
    // Short patience with leaders that are gone.
    let config = Config { timeout_min_us: Span::millis(250), ..Config::default() };
    let mut cluster = Cluster::prepare_with(4, config);
    votes::FILTER.clone_into(&mut cluster.log_filter);
    let all = cluster.ids();
    let (others, victim) = (all[..3].to_vec(), all[3]);
    others.iter().for_each(|id| cluster.start_replica(*id));
    cluster.start_replica_by(victim, limited());
    for id in &all {
        cluster.well(*id).await;
    }
    let client = cluster.client();
    let filling = tokio::spawn({
        let client = client.clone();
        async move { set(&client, 0..200).await }
    });
    let ended = cluster.ended(victim).await;
    assert_eq!(ended.code(), Some(1), "{ended}");
    let log = std::fs::read_to_string(cluster.log(victim)).unwrap();
    let last = log.lines().last().unwrap();
    assert!(
        last.starts_with("hotstuff: the store failed: ") && last.contains("no room on the disk"),
        "{last}"
    );
    verified(&cluster, victim);

    // A quorum of three goes on.
    tokio::time::timeout(BOUND, filling).await.expect("the others commit").unwrap();
    set(&client, 200..210).await;
    let (head, _) = cluster.agreed(&others, 1).await;

    // There is room again.
    cluster.start_replica(victim);
    cluster.well(victim).await;
    cluster.agreed(&all, head.height).await;
    cluster.kill_replica(ReplicaId(0));
    set(&client, 210..215).await;
    client.close().await;
    cluster.kill_replica(victim);
    verified(&cluster, victim);
    assert!(!votes::votes(&cluster.log(victim)).is_empty());
}

fn verified(cluster: &Cluster, id: ReplicaId) {
    let checked = offline::check(&cluster.data(id), Some(&cluster.file.committee)).unwrap();
    assert_eq!(checked.findings, [] as [String; 0], "{id}");
}
