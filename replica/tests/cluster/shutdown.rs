//! SIGTERM under load: the replica ends in order, its store is whole, and no client's command fails.

use crate::load::Load;
use crate::support::Cluster;
use hotstuff_core::ReplicaId;
use hotstuff_replica::config::Durability;
use hotstuff_replica::store::Store;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_replica_that_is_told_to_end_under_load_closes_in_order() {
    let mut cluster = Cluster::prepare(4);
    for id in cluster.ids() {
        // Everything there is to log: no secret may be in it.
        cluster.start_logging(id, "trace");
    }
    let client = cluster.client();
    let load = Load::start(&client);
    load.more(20).await;
    for victim in [ReplicaId(1), ReplicaId(2)] {
        let ended = cluster.terminate_replica(victim).await;
        assert_eq!(ended.code(), Some(0));
        let log = cluster.logged(victim);
        assert!(log.contains("SIGTERM: shutting down") && log.contains("closed in order"));
        assert!(!log.contains("cut off") && !log.contains("panicked"));

        // Nobody else holds the store, and it opens as it is.
        let folder = cluster.testnet.replicas[&victim].with_file_name("data");
        let committee = &cluster.file.committee;
        let (store, recovered) = Store::open(&folder, committee.cluster(), victim, Durability::Sync).unwrap();
        drop((store, recovered));
        load.more(20).await;
        cluster.start_logging(victim, "trace");
        cluster.well(victim).await;
        load.more(20).await;
    }
    load.end().await;
    cluster.agreed(&cluster.ids(), 1).await;
    client.close().await;
    for id in cluster.ids() {
        let file =
            std::fs::read_to_string(cluster.testnet.replicas[&id].with_file_name("replica.key")).unwrap();
        let seed = file.lines().find(|line| !line.starts_with('#')).unwrap();
        let log = cluster.logged(id).to_lowercase();
        assert!(log.len() > 10_000 && !log.contains(&seed[..16]) && !log.contains(&seed[48..]));
    }
}

/// Neither peers that never come nor clients that never finish what they say hold it up.
#[tokio::test]
async fn a_replica_alone_ends_too() {
    let mut cluster = Cluster::prepare(4);
    cluster.start_replica(ReplicaId(3));
    cluster.well(ReplicaId(3)).await;
    let http = cluster.file.addresses[&ReplicaId(3)].http.to_string();
    let mut half = tokio::net::TcpStream::connect(http).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nhost: ").await.unwrap();
    assert_eq!(cluster.terminate_replica(ReplicaId(3)).await.code(), Some(0));
    assert!(cluster.logged(ReplicaId(3)).contains("closed in order"));
}
