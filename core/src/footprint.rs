//! How much a replica holds in memory.

/// How much a replica holds of everything that grows with what it is sent. Each part has a bound
/// that [`crate::Config`] or [`crate::committee::Limits`] names, or that the committee's size gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Blocks above the committed head: at most `tree_blocks`.
    pub uncommitted_blocks: usize,
    /// Bytes of operations in them: at most `tree_bytes`.
    pub uncommitted_bytes: u64,
    /// Committed blocks in memory: one more than `retained_blocks`, or as many as the head's
    /// justify is ahead of the last block it commits.
    pub committed_blocks: usize,
    /// Commands that wait: at most `mempool_commands`.
    pub commands: u32,
    /// Bytes of their operations: at most `mempool_bytes`.
    pub command_bytes: u64,
    /// Clients remembered: at most `sessions`, each with at most `session_replies`.
    pub clients: usize,
    /// Votes held: one per replica.
    pub votes: usize,
    /// Timeouts held: two per replica.
    pub timeouts: usize,
    /// Proposals whose parent is missing: one per replica.
    pub waiting_proposals: usize,
    /// Replicas whose equivocation was reported.
    pub equivocators: usize,
    /// Committees whose certificates count: three, or as many as changes are under way.
    pub committees: usize,
    /// Bytes of snapshots on their way here: at most `snapshot_bytes` of each peer that may be faulty, and of
    /// one more.
    pub snapshot_bytes: usize,
    /// Proofs of changes of the committee: one per change that the operator has made.
    pub handovers: usize,
    /// Peers that were asked because they seemed to be ahead: one for each that there is a link to.
    pub hinted: usize,
    /// Peers that were served of late or are about to be: one for each that there is a link to.
    pub served: usize,
}

impl Footprint {
    /// The larger of each part.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            uncommitted_blocks: self.uncommitted_blocks.max(other.uncommitted_blocks),
            uncommitted_bytes: self.uncommitted_bytes.max(other.uncommitted_bytes),
            committed_blocks: self.committed_blocks.max(other.committed_blocks),
            commands: self.commands.max(other.commands),
            command_bytes: self.command_bytes.max(other.command_bytes),
            clients: self.clients.max(other.clients),
            votes: self.votes.max(other.votes),
            timeouts: self.timeouts.max(other.timeouts),
            waiting_proposals: self.waiting_proposals.max(other.waiting_proposals),
            equivocators: self.equivocators.max(other.equivocators),
            committees: self.committees.max(other.committees),
            snapshot_bytes: self.snapshot_bytes.max(other.snapshot_bytes),
            handovers: self.handovers.max(other.handovers),
            hinted: self.hinted.max(other.hinted),
            served: self.served.max(other.served),
        }
    }
}
