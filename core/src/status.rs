//! A replica at a glance.

use crate::certificate::BlockRef;
use crate::crypto::Digest;
use crate::ids::{Epoch, ReplicaId, View};
use serde::{Deserialize, Serialize};

/// What a replica is about, at the moment it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The replica.
    pub id: ReplicaId,
    /// Its view.
    pub view: View,
    /// The leader of that view, as far as this replica can tell.
    pub leader: ReplicaId,
    /// The leader of the next view, likewise.
    pub next_leader: ReplicaId,
    /// The epoch of the committee in force above its high QC.
    pub epoch: Epoch,
    /// Whether it is in that committee.
    pub member: bool,
    /// The last committed block.
    pub committed_head: BlockRef,
    /// The state root after it.
    pub state_root: Digest,
    /// What its high QC certifies.
    pub high_qc: BlockRef,
    /// The locked block.
    pub lock: BlockRef,
    /// The last view it voted in.
    pub last_voted: View,
    /// How often back-off has doubled its patience.
    pub timeout_exponent: u32,
    /// Commands that wait.
    pub mempool: u32,
    /// Whether it fetches missing blocks.
    pub fetching: bool,
    /// Whether it has stopped for good because more than f replicas are faulty.
    pub halted: bool,
}
