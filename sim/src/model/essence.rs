//! What of a replica's state still counts.

use super::stage::Place;
use hotstuff_core::certificate::BlockId;
use hotstuff_core::event::EntryCause;
use hotstuff_core::message::Proposal;
use hotstuff_core::replica::Essence;
use hotstuff_core::{QuorumCertificate, View};

/// The essence without what can have no effect any more. Views and high QCs only rise, so that is for good:
///
/// - a vote for a view that is certified is dropped when it comes and never compared with a later one;
/// - a timeout of a view that was left makes no certificate, and is the first to go where room is needed;
/// - a timeout certificate no later than the high QC justifies nothing that the QC does not;
/// - that a view was given up or proposed in matters as long as the replica can still act in it;
/// - how a view was entered matters to a leader that may yet propose in it;
/// - a proposal that is sent again says nothing new, and after a view is given up no vote is sent again.
pub(super) fn reduced(mut essence: Essence, is_leader: bool) -> Essence {
    let (view, high_qc) = (essence.view, essence.high_qc.view());
    essence.votes.retain(|vote| vote.block.view > high_qc);
    essence.timeouts.retain(|timeout| timeout.view >= view);
    essence.tc = essence.tc.filter(|tc| tc.view > high_qc);
    let safety = &mut essence.safety;
    let left = View(view.0 - 1);
    safety.last_timeout = safety.last_timeout.max(left);
    safety.last_proposed = safety.last_proposed.max(left);
    if !is_leader || safety.last_timeout >= view || safety.last_proposed >= view {
        essence.entry_cause = EntryCause::Start;
    }
    essence.own_proposal = None;
    if essence.standing.gave_up {
        essence.standing.was_sent_again = false;
        essence.standing.is_half_spent = false;
    }
    essence
}

/// What of a timeout certificate decides anything: not who signed it.
type Reason<'a> = (View, &'a QuorumCertificate);

/// What of a proposal decides anything.
pub(super) fn gist(proposal: &Proposal) -> (BlockId, Option<Reason<'_>>) {
    (proposal.block.id(), proposal.tc.as_ref().map(|tc| (tc.view, &tc.high_qc)))
}

/// What stands for the essence in comparisons.
pub(super) fn told(essence: &Essence) -> impl serde::Serialize + '_ {
    let Essence { view, entry_cause, standing, safety, high_qc, tc, votes, timeouts, .. } = essence;
    let Essence { head, blocks, first_of_view, own_proposal: _, waiting, commands, is_halted, .. } = essence;
    let tc = tc.as_ref().map(|tc| (tc.view, &tc.high_qc));
    let waiting: Vec<_> = waiting.iter().map(gist).collect();
    (
        (view, entry_cause, standing, safety, high_qc, tc),
        (votes, timeouts, head, blocks, first_of_view),
        (waiting, commands, is_halted),
    )
}

/// How far a replica has come.
pub(super) fn place(essence: &Essence) -> Place {
    let view = essence.view;
    let waits = essence.waiting.iter().any(|proposal| proposal.block.view() == view);
    let is_proposed_to = waits || essence.first_of_view.iter().any(|(of, _)| *of == view);
    Place { view, is_proposed_to, gave_up: essence.standing.gave_up }
}

/// The certified blocks that it misses: its high QC's, and the parents of proposals that wait.
pub(super) fn missing(essence: &Essence) -> Vec<BlockId> {
    let parents = essence.waiting.iter().map(|proposal| proposal.block.parent());
    let wanted = parents.chain([essence.high_qc.block.id]);
    wanted.filter(|id| essence.blocks.iter().all(|block| block.id != *id)).collect()
}
