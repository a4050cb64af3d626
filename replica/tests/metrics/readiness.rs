//! What a cluster shows of itself while one replica is down, and then another.

use crate::scrape::{Scrape, cluster};
use crate::support::{BOUND, Cluster, until};
use hotstuff_core::ReplicaId;
use hotstuff_replica::client::http;
use hotstuff_replica::client::transport::Transport;
use hyper::StatusCode;

async fn ready(cluster: &Cluster, id: ReplicaId) -> (StatusCode, String) {
    let url = format!("http://{}/readyz", cluster.file.addresses[&id].http);
    let answer = http::get(&Transport::default(), &url, BOUND).await.unwrap();
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

#[tokio::test]
async fn counts_are_of_what_happened() {
    let cluster = cluster().await;
    let scrape = Scrape::of(&cluster, ReplicaId(0)).await;
    let status = cluster.status(ReplicaId(0)).await.unwrap();
    assert!(scrape.value("hotstuff_committed_commands_total") >= 1.0);
    assert!(scrape.value("hotstuff_committed_blocks_total") >= 1.0);
    assert!(scrape.value("hotstuff_commit_latency_seconds_count") >= 1.0);
    assert!(scrape.value("hotstuff_store_sync_seconds_count") >= 1.0);
    assert!(scrape.value("hotstuff_votes_total") >= 1.0);
    assert!(scrape.value("hotstuff_views_ended_total{end=\"qc\"}") >= 1.0);
    assert!(
        scrape.value("hotstuff_timeouts_total{cause=\"patience\"}")
            + scrape.value("hotstuff_timeouts_total{cause=\"others\"}")
            >= 1.0
    );
    assert!(scrape.value("hotstuff_view") <= status.view as f64);
    assert!(scrape.value("hotstuff_peer_received_bytes_total{peer=\"r1\"}") > 100.0);
    assert!(scrape.value("hotstuff_peer_sent_frames_total{peer=\"r1\"}") >= 1.0);
    let linked =
        ["r1", "r2", "r3"].map(|peer| scrape.value(&format!("hotstuff_peer_sending{{peer=\"{peer}\"}}")));
    assert_eq!(linked, [1.0, 1.0, 0.0]);
    assert_eq!((scrape.value("hotstuff_linked_power"), scrape.value("hotstuff_quorum_power")), (3.0, 3.0));
    assert_eq!(scrape.value("hotstuff_ready"), 1.0);
    let build = format!("replica=\"r0\",durability=\"{}\"}}", status.durability);
    assert!(scrape.text.contains(&build), "{build} in {}", scrape.text);
}

#[tokio::test]
async fn a_replica_is_ready_while_it_has_links_to_a_quorum_and_alive_without() {
    let mut cluster = cluster().await;
    assert_eq!(ready(&cluster, ReplicaId(0)).await, (StatusCode::OK, "ready\n".to_owned()));
    cluster.kill_replica(ReplicaId(2));
    let told = until("r0 is not ready", async || {
        let (status, text) = ready(&cluster, ReplicaId(0)).await;
        (status == StatusCode::SERVICE_UNAVAILABLE).then_some(text)
    })
    .await;
    assert_eq!(told, "no links to a quorum: power 2 of 3, without r2, r3\n");
    assert_eq!(Scrape::of(&cluster, ReplicaId(0)).await.value("hotstuff_ready"), 0.0);
    cluster.well(ReplicaId(0)).await;
}
