//! Which committee is in force for a block and who leads its view: functions of the state that the
//! parent's header names, and so the same for all who hold the parent.

use crate::block::Block;
use crate::change::{ChangeRefused, ChangeResult, CommitteeChange};
use crate::command::ClientId;
use crate::committee::{Committee, Member};
use crate::crypto::{Digest, Domain};
use crate::ids::{Epoch, Height, ReplicaId, View};
use crate::refusal::Refusal;
use crate::reputation::Reputation;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A committee and its leaders, as of some state.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    committee: Arc<Committee>,
    reputation: Reputation,
    digest: Digest,
}

impl Schedule {
    fn new(committee: Arc<Committee>, reputation: Reputation) -> Self {
        let told = (committee.epoch(), committee.members(), &reputation);
        let digest = Digest::of_value(Domain::Schedule, &told);
        Self { committee, reputation, digest }
    }

    pub(crate) fn committee(&self) -> &Arc<Committee> {
        &self.committee
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.committee.epoch()
    }

    pub(crate) fn leader(&self, view: View) -> ReplicaId {
        let given = self.committee.rules().leader(view).filter(|id| self.committee.contains(*id));
        given.unwrap_or_else(|| self.committee.spec().leaders.leader(view, &self.committee, &self.reputation))
    }

    /// Checks that a block which this rules is of its epoch and by its view's leader (pitfall 11).
    pub(crate) fn check(&self, block: &Block) -> Result<(), Refusal> {
        let (header, own) = (block.epoch(), self.epoch());
        if header != own {
            return Err(Refusal::WrongEpoch { header, own });
        }
        let (view, proposer, leader) = (block.view(), block.header().proposer, self.leader(block.view()));
        if proposer == leader { Ok(()) } else { Err(Refusal::NotLeader { view, proposer, leader }) }
    }
}

/// The schedules that blocks at the committed head and above may refer to. Part of the replicated
/// state.
///
/// Invariants: heights ascend; the first is at or below `for_head`; `for_head` ≤ `for_children`.
#[derive(Clone)]
pub(crate) struct Schedules {
    /// From which height's state on each holds.
    history: VecDeque<(Height, Arc<Schedule>)>,
    /// The height whose state rules the head itself: the last that its grandparent's QC commits.
    for_head: Height,
    /// The height whose state rules the head's children.
    for_children: Height,
}

/// [`Schedules`] as a snapshot carries them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SchedulesImage {
    history: Vec<(Height, Epoch, Vec<Member>, Reputation)>,
    for_head: Height,
    for_children: Height,
}

impl Schedules {
    pub(crate) fn new(committee: Arc<Committee>) -> Self {
        let first = Arc::new(Schedule::new(committee, Reputation::default()));
        Self {
            history: VecDeque::from([(Height::GENESIS, first)]),
            for_head: Height::GENESIS,
            for_children: Height::GENESIS,
        }
    }

    /// The schedule in the state after the block at `height`; `None` where that is too long ago.
    pub(crate) fn at(&self, height: Height) -> Option<&Arc<Schedule>> {
        self.history.iter().rev().find(|(from, _)| *from <= height).map(|(_, schedule)| schedule)
    }

    /// The height whose state rules the children of the committed head.
    pub(crate) fn for_children(&self) -> Height {
        self.for_children
    }

    /// The epoch of the latest change.
    pub(crate) fn newest_epoch(&self) -> Epoch {
        self.newest().epoch()
    }

    fn newest(&self) -> &Arc<Schedule> {
        &self.history.back().expect("there is a schedule at all times").1
    }

    /// The committees of all schedules held, by epoch.
    pub(crate) fn committees(&self) -> Vec<Arc<Committee>> {
        let mut committees: Vec<_> = self.history.iter().map(|(_, held)| held.committee.clone()).collect();
        committees.dedup_by_key(|committee| committee.epoch());
        committees
    }

    /// Makes a change that the block at the head holds, or refuses it. `in_force` is the block's epoch.
    pub(crate) fn change(
        &mut self,
        client: &ClientId,
        change: &CommitteeChange,
        height: Height,
        in_force: Epoch,
    ) -> ChangeResult {
        let newest = self.newest();
        if newest.committee.spec().operator != Some(*client) {
            return Err(ChangeRefused::NotOperator);
        }
        if newest.epoch() > in_force {
            return Err(ChangeRefused::Pending);
        }
        let committee = Arc::new(newest.committee.changed(change)?);
        let mut reputation = newest.reputation.clone();
        reputation.retain_members(&committee);
        let epoch = committee.epoch();
        self.push(height, Schedule::new(committee, reputation));
        Ok(epoch)
    }

    /// Takes a committed block in, after its commands: what it tells of leaders. `parent_view` is
    /// its parent's view, and `commits` the height of the last block that its justify commits.
    pub(crate) fn note_committed(&mut self, block: &Block, parent_view: View, commits: Height) {
        let ruling = self.at(self.for_children).expect("kept as long as the head has children").clone();
        let newest = self.newest();
        let mut reputation = newest.reputation.clone();
        // A gap of more than one turn says no more of anyone than its last turn does.
        let turn = ruling.committee.size() as u64 * ruling.committee.views_in_a_row();
        let first = (parent_view.0 + 1).max(block.view().0.saturating_sub(turn));
        for view in (first..block.view().0).map(View) {
            reputation.note_silent(ruling.leader(view), view);
        }
        for voter in block.justify().signers() {
            reputation.note_voted(voter, block.justify().view());
        }
        reputation.note_led(block.header().proposer);
        reputation.retain_members(&newest.committee);
        if reputation != newest.reputation {
            let schedule = Schedule::new(newest.committee.clone(), reputation);
            self.push(block.height(), schedule);
        }
        self.for_head = self.for_children;
        self.for_children = self.for_children.max(commits);
        while self.history.get(1).is_some_and(|(from, _)| *from <= self.for_head) {
            self.history.pop_front();
        }
    }

    fn push(&mut self, height: Height, schedule: Schedule) {
        if self.history.back().is_some_and(|(from, _)| *from == height) {
            self.history.pop_back();
        }
        self.history.push_back((height, Arc::new(schedule)));
    }

    pub(crate) fn digest(&self) -> Digest {
        let history: Vec<_> = self.history.iter().map(|(from, schedule)| (*from, schedule.digest)).collect();
        Digest::of_value(Domain::Schedule, &(history, self.for_head, self.for_children))
    }

    pub(crate) fn image(&self) -> SchedulesImage {
        let told = |(from, held): &(Height, Arc<Schedule>)| {
            (*from, held.epoch(), held.committee.members().to_vec(), held.reputation.clone())
        };
        SchedulesImage {
            history: self.history.iter().map(told).collect(),
            for_head: self.for_head,
            for_children: self.for_children,
        }
    }

    /// The schedules of an image, for the cluster of `committee`; `None` where it is no image of any.
    pub(crate) fn restored(committee: &Committee, image: &SchedulesImage) -> Option<Self> {
        let mut history: VecDeque<(Height, Arc<Schedule>)> = VecDeque::new();
        for (from, epoch, members, reputation) in &image.history {
            if let Some((before, last)) = history.back()
                && (before >= from || *epoch < last.epoch() || *epoch > last.epoch().next())
            {
                return None;
            }
            let committee = Arc::new(committee.of_epoch(*epoch, members.clone()).ok()?);
            history.push_back((*from, Arc::new(Schedule::new(committee, reputation.clone()))));
        }
        let is_whole = history.front().is_some_and(|(from, _)| *from <= image.for_head)
            && image.for_head <= image.for_children;
        let (for_head, for_children) = (image.for_head, image.for_children);
        is_whole.then_some(Self { history, for_head, for_children })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::committee::testing::committee_of;
    use crate::rules::Rules;

    #[derive(Debug)]
    struct Given;

    impl Rules for Given {
        fn leader(&self, view: View) -> Option<ReplicaId> {
            [None, Some(ReplicaId(3)), Some(ReplicaId(0)), Some(ReplicaId(9))]
                .get(view.0 as usize)
                .copied()?
        }
    }

    #[test]
    fn rules_may_give_leaders_and_a_stranger_leads_nothing() {
        let spec = committee_of(4).spec().clone();
        let schedule = |committee| Schedule::new(Arc::new(committee), Reputation::default());
        let usual = schedule(Committee::new(spec.clone()).unwrap());
        let given = schedule(Committee::under(&Given, spec).unwrap());
        let leaders = |schedule: &Schedule| [1, 2, 3, 4, 5].map(|view| schedule.leader(View(view)).0);
        assert_eq!(leaders(&usual), [1, 2, 3, 0, 1]);
        assert_eq!(leaders(&given), [3, 0, 3, 0, 1]);
    }
}
