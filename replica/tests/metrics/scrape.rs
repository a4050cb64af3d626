//! What running replicas show, and what of it is wanted.

use crate::support::{BOUND, Cluster, until};
use hotstuff_core::ReplicaId;
use hotstuff_replica::client::http;
use hotstuff_replica::client::transport::Transport;
use std::collections::BTreeMap;

/// One scrape.
pub struct Scrape {
    pub text: String,
    /// Each metric's type, by its name.
    pub types: BTreeMap<String, String>,
}

impl Scrape {
    /// Asks one replica.
    pub async fn of(cluster: &Cluster, id: ReplicaId) -> Self {
        let url = format!("http://{}/metrics", cluster.file.addresses[&id].http);
        let answer = http::get(&Transport::default(), &url, BOUND).await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.status);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        let types = types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
        Self { text, types }
    }

    /// The value of the series that is written so, with its labels.
    pub fn value(&self, series: &str) -> f64 {
        let line = self.text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series} in\n{}", self.text)).parse().unwrap()
    }

    /// Whether an expression may name this: a metric, or a part of a histogram.
    pub fn has(&self, name: &str) -> bool {
        let part = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        self.types.contains_key(name)
            || part.is_some_and(|part| self.types.get(part).is_some_and(|kind| kind == "histogram"))
    }
}

/// Four replicas that have executed a command, r3 of which was killed then; the others have noticed.
pub async fn cluster() -> Cluster {
    let mut cluster = Cluster::start(4).await;
    assert!(cluster.run_client(&["set", "k", "v"]).await.status.success());
    cluster.agreed(&cluster.ids(), 1).await;
    cluster.kill_replica(ReplicaId(3));
    until("r0 has noticed that r3 is gone and given a view up", async || {
        let status = cluster.status(ReplicaId(0)).await?;
        let gone = status.peers.iter().any(|peer| peer.id == 3 && !peer.connected);
        (gone && status.timeouts > 0).then_some(())
    })
    .await;
    cluster
}
