//! A disk that takes no more: its replica stops and says so, and the others go on.

use crate::support::{BOUND, Cluster, PROGRAM};
use crate::votes;
use futures_util::{StreamExt, stream};
use hotstuff_core::command::Outcome;
use hotstuff_core::{Config, ReplicaId, Span};
use hotstuff_kv::{Answer, Operation, Response};
use hotstuff_replica::client::ClientDriver;
use hotstuff_replica::offline;
use std::process::Command;

/// The program, with a limit on the size of every file it writes, in blocks of 512 bytes. What does not
/// fit is an error to it, and not its end.
fn limited(blocks: u32) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh"]);
    command.arg(blocks.to_string()).arg(PROGRAM);
    command
}

/// Sets keys of this number to 16 kB each.
async fn set(client: &ClientDriver, numbers: std::ops::Range<u32>) {
    let submit = |number: u32| async move {
        let operation = Operation::Set { key: number.to_string().into_bytes(), value: vec![7; 16 << 10] };
        let done = client.submit(operation.encode()).await.expect("the command executes");
        let Outcome::Executed { result, .. } = done.outcome else { panic!("{:?}", done.outcome) };
        assert_eq!(Response::decode(&result), Ok(Answer::Ok.into()));
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
    // Without room for a new store it does not start, and what it leaves behind is in nobody's way.
    cluster.start_replica_by(victim, limited(8));
    ended_for_lack_of_room(&mut cluster, victim, "hotstuff: /").await;
    cluster.start_replica_by(victim, limited(4_096));
    for id in &all {
        cluster.well(*id).await;
    }
    let client = cluster.client();
    let filling = tokio::spawn({
        let client = client.clone();
        async move { set(&client, 0..200).await }
    });
    ended_for_lack_of_room(&mut cluster, victim, "hotstuff: the store failed: ").await;
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

async fn ended_for_lack_of_room(cluster: &mut Cluster, id: ReplicaId, start: &str) {
    let ended = cluster.ended(id).await;
    let log = std::fs::read_to_string(cluster.log(id)).unwrap();
    let last = log.lines().last().unwrap();
    assert_eq!(ended.code(), Some(1), "{ended}: {last}");
    assert!(last.starts_with(start) && last.contains("no room on the disk"), "{last}");
}

fn verified(cluster: &Cluster, id: ReplicaId) {
    let checked = offline::check(&cluster.data(id), Some(&cluster.file.committee)).unwrap();
    assert_eq!(checked.findings, [] as [String; 0], "{id}");
}
