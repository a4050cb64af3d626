//! What a cluster is, by what its replicas say of themselves before and after a run.

use crate::client::http;
use crate::client::transport::Transport;
use crate::config::{Address, CommitteeFile, Durability};
use hotstuff_core::{CommitRule, ReplicaId};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::task::JoinSet;

/// A committee and its replicas, as they were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cluster {
    /// Which cluster, in hexadecimal.
    pub cluster: String,
    /// When a block is committed.
    pub rule: String,
    /// The voting power that is a quorum, and that of all replicas.
    pub quorum: u64,
    pub power: u64,
    /// The members, by ascending number.
    pub replicas: Vec<Replica>,
}

/// One member, as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replica {
    pub id: u16,
    pub power: u64,
    /// Why it gave no answer, where it gave none.
    pub error: Option<String>,
    /// Its view and the height of its committed head.
    pub view: Option<u64>,
    pub height: Option<u64>,
    /// What its records wait for.
    pub durability: Option<Durability>,
    /// The version of the program.
    pub version: Option<String>,
}

/// What is read of a replica's `/status`.
#[derive(Debug, Deserialize)]
struct Status {
    id: u16,
    view: u64,
    height: u64,
    durability: Option<Durability>,
    version: Option<String>,
}

impl Cluster {
    /// Asks all members at once, and waits for each no longer than `limit`.
    pub(super) async fn look(file: &CommitteeFile, transport: &Transport, limit: Duration) -> Self {
        let committee = &file.current;
        let mut asked = JoinSet::new();
        for id in committee.ids() {
            let (transport, power) = (transport.clone(), committee.power_of([id]).0);
            let http = file.addresses.get(&id).map(|addresses| addresses.http.clone());
            asked.spawn(async move { Replica::of(id, power, ask(&transport, id, http, limit).await) });
        }
        let mut replicas = asked.join_all().await;
        replicas.sort_by_key(|replica| replica.id);
        let rule = match committee.spec().rule {
            CommitRule::ThreeChain => "three-chain",
            CommitRule::TwoChain => "two-chain",
        };
        Self {
            cluster: crate::config::hex::encode(&committee.cluster().0),
            rule: rule.to_owned(),
            quorum: committee.quorum().0,
            power: committee.power_of(committee.ids()).0,
            replicas,
        }
    }

    /// How many members answered.
    pub(super) fn answered(&self) -> usize {
        self.replicas.iter().filter(|replica| replica.error.is_none()).count()
    }

    /// What the records of those that answered wait for: each way there is.
    pub(super) fn durability(&self) -> String {
        let mut ways: Vec<String> =
            self.replicas.iter().filter_map(|replica| Some(replica.durability?.to_string())).collect();
        ways.sort();
        ways.dedup();
        if ways.is_empty() { "not told".to_owned() } else { ways.join(" and ") }
    }

    /// Why nothing can be committed, where those that answered are no quorum.
    pub(super) fn why_unreachable(&self) -> Option<String> {
        let up = self.replicas.iter().filter(|replica| replica.error.is_none());
        if up.map(|replica| replica.power).sum::<u64>() >= self.quorum {
            return None;
        }
        let why = |replica: &Replica| Some(format!("r{}: {}", replica.id, replica.error.as_ref()?));
        let each: Vec<String> = self.replicas.iter().filter_map(why).collect();
        let (answered, all) = (self.answered(), self.replicas.len());
        Some(format!(
            "{answered} of {all} replicas can be reached, which is no quorum: nothing can be committed; {}",
            each.join("; ")
        ))
    }
}

impl Replica {
    fn of(id: ReplicaId, power: u64, asked: Result<Status, String>) -> Self {
        let (error, status) = match asked {
            Ok(status) => (None, Some(status)),
            Err(error) => (Some(error), None),
        };
        let (view, height) = status.as_ref().map(|status| (status.view, status.height)).unzip();
        let durability = status.as_ref().and_then(|status| status.durability);
        Self {
            id: id.0,
            power,
            error,
            view,
            height,
            durability,
            version: status.and_then(|told| told.version),
        }
    }
}

async fn ask(
    transport: &Transport,
    id: ReplicaId,
    address: Option<Address>,
    limit: Duration,
) -> Result<Status, String> {
    let address = address.ok_or("the committee file has no address of it")?;
    let url = format!("{}://{address}/status", transport.http());
    let answer = http::get(transport, &url, limit).await.map_err(|error| error.to_string())?;
    if !answer.status.is_success() {
        return Err(format!("it answered {}", answer.status));
    }
    let status: Status =
        serde_json::from_slice(&answer.body).map_err(|error| format!("its answer is no status: {error}"))?;
    if status.id == id.0 { Ok(status) } else { Err(format!("r{} is there instead", status.id)) }
}
