//! `kill -9` at random points under load.

use crate::support::{Chance, Cluster, PROGRAM, said};
use crate::votes;
use futures_util::{StreamExt, stream};
use hotstuff_core::audit::Audit;
use hotstuff_core::command::Outcome;
use hotstuff_core::{Config, ReplicaId, Span};
use hotstuff_kv::{Answer, Operation, Response};
use hotstuff_replica::client::ClientDriver;
use hotstuff_replica::offline;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Kills in the test suite, and in the long run where the environment does not say how many.
const KILLS: u64 = 24;
const KILLS_LONG: u64 = 240;
/// Clients that each wait for their last command.
const WRITERS: u64 = 8;
/// Every so many kills it is all replicas at once.
const ALL_AT_ONCE: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_are_killed_under_load_lose_nothing() {
    run(KILLS, 1).await;
}

/// `HOTSTUFF_KILLS` and `HOTSTUFF_SEED` set how many kills and which.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn replicas_that_are_killed_hundreds_of_times_lose_nothing() {
    let number = |name, otherwise| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number is expected"))
    };
    run(number("HOTSTUFF_KILLS", KILLS_LONG), number("HOTSTUFF_SEED", 2)).await;
}

async fn run(kills: u64, seed: u64) {
    println!("{kills} kills, seed {seed}");
    let mut chance = Chance(seed);
    // Short patience, and snapshots so often that who was away long needs one.
    let config = Config {
        timeout_min_us: Span::millis(300),
        snapshot_blocks: 64,
        retained_blocks: 32,
        ..Config::default()
    };
    let mut cluster = Cluster::prepare_with(4, config);
    cluster.log_filter = votes::FILTER.to_owned();
    // A kill takes no power away: those that do not synchronise must lose nothing either.
    for id in [ReplicaId(2), ReplicaId(3)] {
        let file = &cluster.testnet.replicas[&id];
        let text = std::fs::read_to_string(file).unwrap();
        let changed = text.replace("durability = \"sync\"", "durability = \"os\"");
        assert_ne!(text, changed);
        std::fs::write(file, changed).unwrap();
    }
    cluster.start_all().await;
    let all = cluster.ids();
    let load = Load::start(cluster.client());
    let (mut done, mut rounds, mut audits) = (0, 0, 0);
    while done < kills {
        load.more(chance.below(60)).await;
        // Within a view, too, and not only where a client has just heard.
        tokio::time::sleep(Duration::from_micros(chance.below(8_000))).await;
        rounds += 1;
        let victims = if rounds % ALL_AT_ONCE == 0 { all.clone() } else { vec![all[done as usize % 4]] };
        for victim in &victims {
            cluster.kill_replica(*victim);
        }
        for victim in &victims {
            audit(&cluster, *victim).await;
            audits += 1;
        }
        for victim in &victims {
            cluster.start_replica(*victim);
        }
        for victim in &victims {
            cluster.rejoined(*victim).await;
        }
        done += victims.len() as u64;
    }
    let acknowledged = load.stop().await;

    let client = cluster.client();
    let written: u64 = acknowledged.iter().sum();
    assert!(written > kills, "{written} writes");
    let keys = acknowledged.iter().enumerate();
    let keys = keys.flat_map(|(writer, count)| (0..*count).map(move |number| (writer as u64, number)));
    let lost: Vec<String> = stream::iter(keys)
        .map(|(writer, number)| {
            let client = client.clone();
            async move {
                let operation = Operation::Get { key: key(writer, number) };
                let answer = answer(&client, operation).await;
                (answer != Answer::Value(value(writer, number)).into())
                    .then(|| format!("{writer}-{number}: {answer:?}"))
            }
        })
        .buffer_unordered(64)
        .filter_map(|lost| async { lost })
        .collect()
        .await;
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    client.close().await;

    let (head, root) = cluster.agreed(&all, 1).await;
    for id in &all {
        cluster.kill_replica(*id);
    }
    for id in &all {
        let audit = audit(&cluster, *id).await;
        assert!(audit.head.height.0 >= head.height, "{id}: {audit:?}");
        if audit.head.height.0 == head.height {
            assert_eq!(format!("{:#}", audit.state_root), root, "{id}");
        }
        says_that_nothing_is_wrong(&cluster, *id);
    }
    let votes: usize = all.iter().map(|id| votes::votes(&cluster.log(*id)).len()).sum();
    assert!(votes as u64 > kills, "{votes} votes");
    for id in &all {
        let log = std::fs::read_to_string(cluster.log(*id)).unwrap();
        let evidence = log.lines().find(|line| line.contains(" saw: "));
        assert_eq!(evidence, None, "{id} has evidence of equivocation");
    }
    println!(
        "{done} kills in {rounds} rounds, {audits} audits, {written} writes, {votes} votes, height {}",
        head.height
    );
}

/// What is wrong with the store of a replica that does not run: nothing.
async fn audit(cluster: &Cluster, id: ReplicaId) -> Audit {
    let (folder, committee) = (cluster.data(id), cluster.file.committee.clone());
    let checking = tokio::task::spawn_blocking(move || offline::check(&folder, Some(&committee)).unwrap());
    let checked = checking.await.unwrap();
    assert_eq!(checked.findings, [] as [String; 0], "{id}");
    checked.audit.unwrap()
}

fn says_that_nothing_is_wrong(cluster: &Cluster, id: ReplicaId) {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").arg(cluster.data(id)).arg("--committee").arg(&cluster.testnet.committee);
    let output = command.output().unwrap();
    let (code, stdout, stderr) = said(&output);
    assert!(code == Some(0) && stdout.ends_with("nothing is wrong\n"), "{id}: {stdout}{stderr}");
}

fn key(writer: u64, number: u64) -> Vec<u8> {
    format!("{writer}-{number}").into_bytes()
}

fn value(writer: u64, number: u64) -> Vec<u8> {
    format!("value {number} of {writer}").into_bytes().repeat(4)
}

async fn answer(client: &ClientDriver, operation: Operation) -> Response {
    match client.submit(operation.encode()).await.expect("the command executes").outcome {
        Outcome::Executed { result, .. } => Response::decode(&result).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Writers at work, each at its next key as soon as the one before is acknowledged.
struct Load {
    writers: JoinSet<(u64, u64)>,
    is_over: Arc<AtomicBool>,
    acknowledged: watch::Receiver<u64>,
    client: ClientDriver,
}

impl Load {
    fn start(client: ClientDriver) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (sender, acknowledged) = watch::channel(0);
        let (sender, total) = (Arc::new(sender), Arc::new(AtomicU64::new(0)));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (client, is_over, sender, total) =
                (client.clone(), is_over.clone(), sender.clone(), total.clone());
            writers.spawn(async move {
                let mut number = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let operation = Operation::Set { key: key(writer, number), value: value(writer, number) };
                    assert_eq!(answer(&client, operation).await, Answer::Ok.into());
                    number += 1;
                    sender.send_replace(total.fetch_add(1, Ordering::Relaxed) + 1);
                }
                (writer, number)
            });
        }
        Self { writers, is_over, acknowledged, client }
    }

    /// Returns when so many more writes are acknowledged.
    async fn more(&self, writes: u64) {
        let mut acknowledged = self.acknowledged.clone();
        let target = *acknowledged.borrow() + writes;
        let reached = acknowledged.wait_for(|total| *total >= target);
        tokio::time::timeout(crate::support::BOUND, reached)
            .await
            .unwrap_or_else(|_| panic!("no {writes} more writes are acknowledged"))
            .expect("the writers are at work");
    }

    /// Ends the load: of each writer, how many writes were acknowledged.
    async fn stop(self) -> Vec<u64> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut written = self.writers.join_all().await;
        written.sort_unstable();
        self.client.close().await;
        written.into_iter().map(|(_, count)| count).collect()
    }
}
