//! Who certifies and who leads, above which block.

use super::Replica;
use crate::app::App;
use crate::block::Block;
use crate::certificate::{BlockId, BlockRef};
use crate::committees::Committees;
use crate::event::Event;
use crate::ids::{Epoch, ReplicaId};
use crate::io::Output;
use crate::refusal::Refusal;
use crate::schedule::Schedule;
use alloc::sync::Arc;
use alloc::vec::Vec;

impl<A: App> Replica<A> {
    /// The schedule that rules the children of a block: the one in the state that its header names.
    /// `None` where the block is not held.
    pub(super) fn schedule_above(&self, parent: &BlockId) -> Option<Arc<Schedule>> {
        let height = self.tree.commits_of(parent)?;
        self.ledger.schedules().at(height).cloned()
    }

    /// The schedule above the high QC; above the committed head while the high QC's block is
    /// missing.
    pub(super) fn schedule(&self) -> Arc<Schedule> {
        self.schedule_above(&self.high_qc.block.id).unwrap_or_else(|| {
            let schedules = self.ledger.schedules();
            schedules.at(schedules.for_children()).expect("kept as long as the head has children").clone()
        })
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.schedule().epoch()
    }

    pub(super) fn is_member(&self) -> bool {
        self.schedule().committee().contains(self.id)
    }

    /// Who collects the votes for a block that is held: the leader of the next view.
    pub(super) fn collector_of(&self, block: &BlockRef) -> ReplicaId {
        let schedule = self.schedule_above(&block.id).unwrap_or_else(|| self.schedule());
        schedule.leader(block.view.next())
    }

    /// Checks a block whose parent is held: that it is of the epoch in force and by the view's
    /// leader (pitfall 11).
    pub(super) fn check_schedule(&self, block: &Block) -> Result<(), Refusal> {
        let off_branch = Refusal::OffCommittedBranch(self.tree.head());
        self.schedule_above(&block.parent()).ok_or(off_branch)?.check(block)
    }

    /// After commits: whose certificates count from now on.
    pub(super) fn refresh_committees(&mut self) {
        let committees = self.ledger.schedules().committees();
        let epochs = |committee: &Arc<crate::committee::Committee>| committee.epoch();
        if committees.iter().map(epochs).eq(self.committees.iter().map(epochs)) {
            return;
        }
        let before = core::mem::replace(&mut self.committees, Arc::new(Committees::new(committees)));
        let known = self.committees.clone();
        let counts = |id: ReplicaId| known.iter().any(|committee| committee.contains(id));
        self.votes.retain(counts);
        self.timeouts.retain(counts);
        self.waiting.retain(|id, _| counts(*id));
        self.equivocators.retain(|id, _| counts(*id));
        self.fetch.forget_hints(counts);
        let is_gone = |id: ReplicaId| before.iter().any(|committee| committee.contains(id)) && !counts(id);
        self.snapshots.downloads.retain(self.now, |id| !is_gone(id));
        self.outputs.push_back(Output::Committees(self.committees.clone()));
    }

    /// Tells of an epoch that has begun above the high QC.
    pub(super) fn note_epoch(&mut self) {
        let schedule = self.schedule();
        if schedule.epoch() <= self.told_epoch {
            return;
        }
        let committee = schedule.committee();
        self.told_epoch = schedule.epoch();
        let members: Vec<ReplicaId> = committee.ids().collect();
        let (epoch, quorum, after) = (schedule.epoch(), committee.quorum(), self.high_qc.block);
        self.event(Event::EpochBegan { epoch, members, quorum, after });
    }
}
