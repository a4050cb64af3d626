//! The cluster: replicas, blocks and what happened, folded from records and statuses.

use crate::model::record::{Happening, Record};
use crate::model::replica::{Reach, Replica};
use crate::model::tree::{Stage, Tree};
use hotstuff_core::event::BlockSummary;
use hotstuff_core::{BlockRef, Height, ReplicaId, Status, Time, View};
use hotstuff_sim::why::Why;
use hotstuff_sim::{Electorate, HostId};
use serde::{Deserialize, Serialize};

/// All that is known of a cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Cluster {
    /// Who takes part; `None` until a source says.
    pub committee: Option<Electorate>,
    /// The replicas, by ascending id.
    pub replicas: Vec<Replica>,
    /// The blocks.
    pub tree: Tree,
    /// Why things are as they are.
    pub why: Why,
}

impl Cluster {
    /// A cluster of which nothing but its committee is known.
    #[must_use]
    pub fn new(committee: Electorate, genesis: BlockRef, reach: Reach) -> Self {
        let replicas = committee.members.iter().map(|(id, _)| Replica::new((*id).into(), reach)).collect();
        let why = Why::new(committee.clone());
        Self { committee: Some(committee), replicas, tree: Tree::new(genesis), why }
    }

    /// A replica by its id.
    #[must_use]
    pub fn replica(&self, id: HostId) -> Option<&Replica> {
        self.replicas.iter().find(|replica| replica.id == id)
    }

    /// The same, to be changed.
    pub fn replica_mut(&mut self, id: HostId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|replica| replica.id == id)
    }

    /// Takes a record in.
    pub fn fold(&mut self, record: &Record) {
        let Some(id) = record.host else { return };
        if let Happening::Fault(_, Some(outage)) = record.what {
            self.why.outage(record.at, id.replica, outage);
        }
        if let Happening::Event(event) = &record.what {
            self.why.event(record.at, id.replica, event);
            self.tree.fold(event);
            if let Some(committee) = &mut self.committee {
                committee.event(event);
            }
            if let Some(replica) = self.replica_mut(id) {
                replica.fold(record.time, event);
            }
        }
    }

    /// A replica that was not there before.
    pub fn meet(&mut self, id: HostId, reach: Reach) {
        if self.replica(id).is_none() {
            let at = self.replicas.partition_point(|replica| replica.id < id);
            self.replicas.insert(at, Replica::new(id, reach));
        }
    }

    /// Takes a replica's status in.
    pub fn adopt(&mut self, id: HostId, status: &Status, now: Time) {
        if let Some(replica) = self.replica_mut(id) {
            replica.adopt(status, now);
            self.tree.raise(status.committed_head, Stage::Committed);
            self.tree.raise(status.lock, Stage::Locked);
            self.tree.raise(status.high_qc, Stage::Certified);
        }
    }

    /// Takes blocks in that a replica already had, parents first, and how far it had come.
    pub fn learn(&mut self, blocks: &[BlockSummary], committed: BlockRef) {
        for block in blocks {
            self.tree.add(block);
            if block.block.height <= committed.height && !self.is_off(block, committed) {
                self.tree.raise(block.block, Stage::Committed);
            }
        }
    }

    // The list holds committed blocks and then what is above the committed head.
    fn is_off(&self, block: &BlockSummary, committed: BlockRef) -> bool {
        block.block.height == committed.height && block.block.id != committed.id
    }

    /// The highest view any replica in sight is in.
    #[must_use]
    pub fn view(&self) -> View {
        self.statuses().map(|status| status.view).max().unwrap_or_default()
    }

    /// The highest height any replica is known to have committed.
    #[must_use]
    pub fn committed_height(&self) -> Height {
        self.replicas
            .iter()
            .filter_map(|replica| replica.status.as_ref())
            .map(|status| status.committed_head.height)
            .max()
            .unwrap_or_default()
    }

    /// The leader of the highest view, and of the one after it.
    #[must_use]
    pub fn leaders(&self) -> Option<(ReplicaId, ReplicaId)> {
        let view = self.view();
        let statuses = self.replicas.iter().filter_map(|replica| replica.status.as_ref());
        let status = statuses.into_iter().find(|status| status.view == view)?;
        Some((status.leader, status.next_leader))
    }

    /// The statuses of the replicas in sight; of all, when none is.
    pub fn statuses(&self) -> impl Iterator<Item = &Status> + '_ {
        let any_up = self.replicas.iter().any(Replica::is_up);
        self.replicas
            .iter()
            .filter(move |replica| replica.is_up() || !any_up)
            .filter_map(|replica| replica.status.as_ref())
    }
}
