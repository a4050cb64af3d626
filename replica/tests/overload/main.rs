//! Ten times what a cluster can commit, for as long as `HOTSTUFF_SECONDS` says: whoever sends too much is told so, memory
//! stays as it was, and afterwards commands take as long as before. Figures are printed; none of them but memory's decides.
#![cfg(target_os = "linux")]

mod flood;
#[path = "../support/mod.rs"]
mod support;

use flood::{Flood, Told};
use hotstuff_core::ReplicaId;
use hotstuff_core::crypto::SecretKey;
use hotstuff_kv::Operation;
use hotstuff_replica::client::ClientDriver;
use std::time::{Duration, Instant};
use support::{BOUND, Cluster, until};

/// Commands of a block: so few that one machine can offer ten times what is committed.
const BLOCK_COMMANDS: u32 = 2;
/// Commands by which the latency before and after is measured.
const PROBES: usize = 200;
/// Beyond what they had in the first half, replicas may have so much more memory in the second: what an allocator keeps.
const SLACK_KIB: u64 = 16 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_what_can_be_committed_leaves_memory_flat_and_latency_recovers() {
    let seconds =
        std::env::var("HOTSTUFF_SECONDS").map_or(5, |text| text.parse().expect("a number is expected"));
    let mut cluster = Cluster::prepare(4);
    let text = std::fs::read_to_string(&cluster.testnet.committee).unwrap();
    let (usual, few) = ("block_commands = 512", format!("block_commands = {BLOCK_COMMANDS}"));
    assert!(text.contains(usual));
    std::fs::write(&cluster.testnet.committee, text.replace(usual, &few)).unwrap();
    cluster.append_to_committee("");
    cluster.start_all().await;

    let probe = cluster.client();
    let before = median(&probe).await;
    let capacity = capacity(&cluster).await;
    let rate = 10.0 * capacity;
    let memory_before = memory(&cluster);
    println!("commits {capacity:.0} commands/s; latency {before:.1?}; memory {memory_before:?} KiB");

    let flood = Flood::start(&cluster, rate).await;
    // Only from here on is it too much: how long that takes is a matter of the machine's speed.
    until("somebody is told to slow down", async || (flood.refused() > 0).then_some(())).await;
    let mut samples = Vec::new();
    let already = flood.offered();
    let (mut longest, mut offered_before) = (Duration::ZERO, already);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(seconds) {
        let asked = Instant::now();
        // A client that keeps to the rules gets through meanwhile, late as it may be.
        set(&probe, 0).await;
        longest = longest.max(asked.elapsed());
        // Enough was offered between two samples for memory to have grown if it did.
        let more = offered_before + rate as u64 / 10;
        until("more is offered", async || (flood.offered() >= more).then_some(())).await;
        offered_before = flood.offered();
        samples.push(memory(&cluster).into_iter().max().unwrap());
    }
    let took = started.elapsed();
    let Told { offered, executed, busy, in_flight, closed } = flood.end().await;
    let halves = samples.split_at(samples.len().div_ceil(2));
    let [first, second] = [halves.0, halves.1].map(|half| half.iter().copied().max().unwrap_or_default());
    println!(
        "offered {offered} commands, {:.0}/s in the last {took:.1?}; each replica said on average: {executed} executed, {busy} \
         busy, {in_flight} too many in flight; {closed} connections closed",
        (offered - already) as f64 / took.as_secs_f64(),
    );
    println!("a client beside them waited {longest:.1?} at most");
    println!("most memory of a replica: {first} KiB in the first half, {second} KiB in the second");
    assert!(second <= first + SLACK_KIB, "memory grows: {samples:?}");

    until("the queues are empty", async || {
        for id in cluster.ids() {
            let status = cluster.status(id).await?;
            if status.mempool + u32::try_from(status.waiting.commands).ok()? > 0 {
                return None;
            }
        }
        Some(())
    })
    .await;
    let after = median(&probe).await;
    println!("latency after: {after:.1?}, {:.2} of before", after.as_secs_f64() / before.as_secs_f64());
    probe.close().await;
    cluster.agreed(&cluster.ids(), 1).await;
}

/// Resident KiB of each replica's process.
fn memory(cluster: &Cluster) -> Vec<u64> {
    let of = |id: ReplicaId| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", cluster.process(id))).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    cluster.ids().into_iter().map(of).collect()
}

async fn set(client: &ClientDriver, number: usize) {
    let operation = Operation::Set { key: b"probe".to_vec(), value: number.to_string().into_bytes() };
    let done = tokio::time::timeout(BOUND, client.submit(operation.encode())).await;
    done.expect("it is answered in time").expect("no command fails");
}

/// The median latency of commands one after the other.
async fn median(client: &ClientDriver) -> Duration {
    let mut latencies = Vec::new();
    for number in 0..PROBES {
        let asked = Instant::now();
        set(client, number).await;
        latencies.push(asked.elapsed());
    }
    latencies.sort();
    latencies[PROBES / 2]
}

/// Commands a second when as many are in flight as a block takes several times over.
async fn capacity(cluster: &Cluster) -> f64 {
    const COMMANDS: usize = 2_000;
    let client = cluster.client_by(SecretKey::from_seed([50; 32]));
    let mut commands = tokio::task::JoinSet::new();
    let started = Instant::now();
    for number in 0..COMMANDS {
        let client = client.clone();
        commands.spawn(async move { set(&client, number).await });
    }
    commands.join_all().await;
    let rate = COMMANDS as f64 / started.elapsed().as_secs_f64();
    client.close().await;
    rate
}
