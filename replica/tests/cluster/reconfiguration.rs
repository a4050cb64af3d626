//! A replica added and one removed while the cluster runs, by the commands that an operator has.

use crate::load::Load;
use crate::support::{Cluster, PROGRAM, free_ports, output, said, until};
use hotstuff_core::ReplicaId;
use std::process::Command;

/// That `ids` have refused nothing that another replica sent: they all keep to the rules, whatever epoch each is in.
async fn nothing_refused(cluster: &Cluster, ids: &[ReplicaId]) {
    for id in ids {
        let status = cluster.status(*id).await.expect("it is well");
        assert_eq!(status.refused_links["misbehaved"], 0, "{id}: {}", cluster.logged(*id));
    }
}

/// Shortens how long links to a removed replica stay.
fn part_soon(cluster: &Cluster, id: ReplicaId) {
    let path = &cluster.testnet.replicas[&id];
    let text = std::fs::read_to_string(path).unwrap();
    let (long, short) = ("farewell_us = 60000000", "farewell_us = 1000000");
    assert!(text.contains(long));
    std::fs::write(path, text.replace(long, short)).unwrap();
}

/// That `hotstuff verify` finds a stopped replica's store in order, changes of the committee and all.
async fn verified(cluster: &Cluster, id: ReplicaId) {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").arg(cluster.data(id)).arg("--committee").arg(&cluster.testnet.committee);
    let checked = output(command, b"").await;
    let (code, stdout, stderr) = said(&checked);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
}

/// Has `hotstuff joiner` write the files of `id`, and returns the row for the committee file.
async fn joiner(cluster: &mut Cluster, id: ReplicaId) -> String {
    let [peer, http] = free_ports().map(|port| format!("127.0.0.1:{port}"));
    cluster.joiner(id, &peer, &http).await
}

#[tokio::test]
async fn a_fifth_replica_is_added_and_a_first_one_removed_under_load() {
    let mut cluster = Cluster::prepare(4);
    let first = cluster.ids();
    first.iter().for_each(|id| part_soon(&cluster, *id));
    cluster.start_all().await;
    // This client knows the first committee, and no other, to the end.
    let client = cluster.client();
    let load = Load::start(&client);
    load.more(100).await;

    let joining = ReplicaId(4);
    let row = joiner(&mut cluster, joining).await;
    part_soon(&cluster, joining);
    cluster.append_to_committee(&row);
    for id in &first {
        cluster.reload_replica(*id).await;
    }
    cluster.start_replica(joining);
    cluster.well(joining).await;
    let height = cluster.status(ReplicaId(1)).await.unwrap().height;
    let before = until("the new replica has caught up", async || {
        cluster.status(joining).await.filter(|status| status.height >= height)
    })
    .await;
    assert_eq!((before.epoch, before.member, before.last_voted), (0, false, 0), "it is no member yet");
    load.more(50).await;

    cluster.change(&["add", "--id", "4"]).await;
    cluster.in_epoch(&cluster.ids(), 1, true).await;
    cluster.rejoined(joining).await;

    let leaving = ReplicaId(0);
    cluster.change(&["remove", "--id", "0"]).await;
    let staying = [1, 2, 3, 4].map(ReplicaId);
    cluster.in_epoch(&staying, 2, true).await;
    // It learns that it is out, and then the others part with it.
    cluster.in_epoch(&[leaving], 2, false).await;
    nothing_refused(&cluster, &cluster.ids()).await;
    for id in staying {
        until(&format!("{id} has no link to {leaving}"), async || {
            let status = cluster.status(id).await?;
            status.peers.iter().all(|peer| peer.id != leaving.0).then_some(())
        })
        .await;
    }
    assert_eq!(cluster.terminate_replica(leaving).await.code(), Some(0));
    verified(&cluster, leaving).await;
    load.more(50).await;

    // Three of four, of which one is new, are a quorum.
    cluster.kill_replica(ReplicaId(1));
    load.more(50).await;
    cluster.start_replica(ReplicaId(1));
    cluster.rejoined(ReplicaId(1)).await;
    cluster.kill_replica(joining);
    load.more(50).await;
    cluster.start_replica(joining);
    cluster.rejoined(joining).await;
    load.end().await;
    cluster.agreed(&staying, height).await;
    client.close().await;

    // The committee file tells clients what has changed.
    assert_eq!(cluster.file.current.ids().collect::<Vec<_>>(), staying);
    assert_eq!(said(&cluster.run_client(&["set", "k", "v"]).await), (Some(0), "OK\n", ""));
    let proven = cluster.run_client(&["get", "k", "--verified", "--replica", "4"]).await;
    assert_eq!(said(&proven), (Some(0), "v\n", ""));
    assert_eq!(cluster.terminate_replica(joining).await.code(), Some(0));
    verified(&cluster, joining).await;
}

/// The others read the committee file again when the committee changes, and find the new member by it.
#[tokio::test]
async fn a_member_that_nobody_was_told_of_before_is_linked_to_once_it_is_added() {
    let mut cluster = Cluster::start(4).await;
    let joining = ReplicaId(4);
    let row = joiner(&mut cluster, joining).await;
    cluster.append_to_committee(&row);
    cluster.change(&["add", "--id", "4"]).await;
    cluster.in_epoch(&[0, 1, 2, 3].map(ReplicaId), 1, true).await;
    // All that waits for the new member is of an epoch that it does not know.
    let client = cluster.client();
    let load = Load::start(&client);
    load.more(500).await;
    cluster.start_replica(joining);
    cluster.in_epoch(&[joining], 1, true).await;
    load.end().await;
    client.close().await;
    nothing_refused(&cluster, &cluster.ids()).await;
    // Four of five are a quorum, and so it must take part.
    cluster.kill_replica(ReplicaId(2));
    let set = cluster.run_client(&["--timeout", "100", "set", "k", "v"]).await;
    assert_eq!(said(&set), (Some(0), "OK\n", ""));
    cluster.agreed(&[0, 1, 3, 4].map(ReplicaId), 1).await;
}
