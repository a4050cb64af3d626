//! A thousand commands, a replica killed, a hundred more, and the replica back.

use crate::support::Cluster;
use futures_util::{StreamExt, stream};
use hotstuff_core::ReplicaId;
use hotstuff_core::command::Outcome;
use hotstuff_kv::{Answer, Operation, Response};
use hotstuff_replica::client::{ClientDriver, Done};

/// Sets the keys `kFROM` to `kTO` (without the last) and returns the height of the last block that
/// executed one of them.
async fn set(client: &ClientDriver, numbers: std::ops::Range<u32>) -> u64 {
    let submit = |number: u32| async move {
        let key = format!("k{number}").into_bytes();
        let operation = Operation::Set { key, value: number.to_string().into_bytes() };
        client.submit(operation.encode()).await.expect("the command executes")
    };
    let done: Vec<Done> = stream::iter(numbers.clone()).map(submit).buffered(1_000).collect().await;
    assert_eq!(done.len(), numbers.len());
    let executed = |done: Done| match done.outcome {
        Outcome::Executed { height, result } if Response::decode(&result) == Ok(Answer::Ok.into()) => {
            height.0
        }
        other => panic!("{other:?}"),
    };
    done.into_iter().map(executed).max().unwrap_or(0)
}

async fn get(client: &ClientDriver, number: u32) -> Response {
    let operation = Operation::Get { key: format!("k{number}").into_bytes() };
    match client.submit(operation.encode()).await.expect("the command executes").outcome {
        Outcome::Executed { result, .. } => Response::decode(&result).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn four_processes_agree_survive_a_kill_and_take_the_killed_one_back() {
    let mut cluster = Cluster::start(4).await;
    let all = cluster.ids();
    let client = cluster.client();

    let height = set(&client, 0..1_000).await;
    let (_, before) = cluster.agreed(&all, height).await;

    let victim = ReplicaId(2);
    cluster.kill_replica(victim);
    let height = set(&client, 1_000..1_100).await;
    let others: Vec<ReplicaId> = all.iter().copied().filter(|id| *id != victim).collect();
    let (_, without) = cluster.agreed(&others, height).await;
    assert_ne!(before, without, "a hundred new keys are another state");

    cluster.start_replica(victim);
    cluster.well(victim).await;
    cluster.agreed(&all, height).await;

    // Nothing was lost or executed twice on the way, and the one that is back takes part.
    assert_eq!(get(&client, 0).await, Answer::Value(b"0".to_vec()).into());
    assert_eq!(get(&client, 1_099).await, Answer::Value(b"1099".to_vec()).into());
    assert_eq!(get(&client, 1_100).await, Answer::NotFound.into());
    cluster.kill_replica(ReplicaId(0));
    let height = set(&client, 1_100..1_110).await;
    cluster.agreed(&[ReplicaId(1), victim, ReplicaId(3)], height).await;
    client.close().await;
}

#[tokio::test]
async fn a_whole_cluster_that_is_killed_comes_back_with_its_state() {
    let mut cluster = Cluster::start(4).await;
    let all = cluster.ids();
    let client = cluster.client();
    let height = set(&client, 0..50).await;
    let (head, _) = cluster.agreed(&all, height).await;
    for id in &all {
        cluster.kill_replica(*id);
    }
    for id in &all {
        cluster.start_replica(*id);
    }
    // The client's links come back by themselves.
    assert_eq!(get(&client, 49).await, Answer::Value(b"49".to_vec()).into());
    cluster.agreed(&all, head.height + 1).await;
    client.close().await;
}
