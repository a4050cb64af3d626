//! Leading: when to propose, and what.

use super::Replica;
use crate::app::App;
use crate::block::Header;
use crate::command::Payload;
use crate::event::{BlockSummary, EntryCause, Event};
use crate::ids::Time;
use crate::io::Output;
use crate::message::{Message, NewView, Proposal};

impl<A: App> Replica<A> {
    /// Proposes if this replica leads the view, may, and has reason to: commands, older commands
    /// to flush through, a view change to end, or a heartbeat that is due.
    pub(super) fn try_propose(&mut self) -> bool {
        if !self.may_propose() {
            return false;
        }
        let tip = self.high_qc.block;
        let payload = if self.tree.is_crowded() {
            Payload::default() // room is made by committing what is there
        } else {
            let in_branch = self.tree.uncommitted_commands(&tip.id);
            self.mempool.batch(self.committee.limits(), &in_branch)
        };
        let has_reason = self.tree.is_crowded()
            || !payload.commands.is_empty()
            || self.tree.needs_flush(&tip.id)
            || self.entry_cause == EntryCause::Tc
            || self.heartbeat_due().is_some_and(|due| due <= self.now);
        let Some((_, state_root)) = self.tree.state_for_child_of(&tip.id).filter(|_| has_reason) else {
            return false;
        };
        let header = Header {
            epoch: self.epoch(),
            view: self.view(),
            height: tip.height.next(),
            proposer: self.id,
            justify: self.high_qc.clone(),
            payload_digest: payload.digest(),
            state_root,
        };
        let block = match self.safety.propose(header, payload) {
            Ok(binding) => binding.persist(&mut self.outputs),
            Err(_) => return false,
        };
        self.event(Event::Proposed(BlockSummary::from(&block)));
        let follows_qc = self.view().follows(tip.view);
        let tc = if follows_qc { None } else { self.tc.clone() };
        let proposal = Proposal { block, tc };
        self.own_proposal = Some(proposal.clone());
        self.outputs.push_back(Output::Broadcast(Message::Proposal(proposal.clone())));
        self.on_proposal(proposal);
        true
    }

    /// A leader that made a QC and has no reason to propose on it sends it to all: at rest everyone
    /// has committed the same blocks.
    pub(super) fn share_own_qc(&mut self) {
        if !core::mem::take(&mut self.has_own_qc) {
            return;
        }
        let view = self.view();
        let leads = self.schedule().leader(view) == self.id && view.follows(self.high_qc.view());
        if leads && view > self.safety.last_proposed() {
            let new_view = NewView { high_qc: self.high_qc.clone(), tc: None };
            self.outputs.push_back(Output::Broadcast(Message::NewView(new_view)));
        }
    }

    /// Whether this replica leads the view, can show that it may begin, holds the block to extend,
    /// and has neither proposed in it nor given it up.
    fn may_propose(&self) -> bool {
        let view = self.view();
        if view <= self.safety.last_proposed() || view <= self.safety.last_timeout() {
            return false;
        }
        let Some(schedule) = self.schedule_above(&self.high_qc.block.id) else { return false };
        let by_qc = view.follows(self.high_qc.view());
        let by_tc = self.tc.as_ref().is_some_and(|tc| view.follows(tc.view) && tc.epoch == schedule.epoch());
        (by_qc || by_tc) && schedule.leader(view) == self.id
    }

    /// When an idle leader is to propose an empty block; `None` where it may not propose at all.
    pub(super) fn heartbeat_due(&self) -> Option<Time> {
        self.may_propose().then(|| self.pacemaker.entered() + self.config.heartbeat_us)
    }
}
