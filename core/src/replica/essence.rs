//! What of a replica decides what it does next.

use super::Replica;
use crate::app::App;
use crate::certificate::{BlockId, BlockRef, QuorumCertificate, Timeout, TimeoutCertificate, Vote};
use crate::command::Command;
use crate::event::EntryCause;
use crate::ids::View;
use crate::message::Proposal;
use crate::pacemaker::Standing;
use crate::safety::SafetyRecord;
use alloc::vec::Vec;
use serde::Serialize;

/// All that decides how a replica answers proposals, votes, timeouts, new-views and its view's timer:
/// two replicas with the same id, config and committee whose essence is equal answer alike from then
/// on. For those who explore what can happen next, and must know when they have been somewhere before.
///
/// Left out is what follows from the rest (the application and the schedules are what the committed chain
/// makes of them), what only says *when* something is due, who was told of as an equivocator, and what only
/// concerns the fetching of blocks and snapshots, here and for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Essence {
    /// Its view.
    pub view: View,
    /// How it came there.
    pub entry_cause: EntryCause,
    /// How far its patience with the view is used up.
    pub standing: Standing,
    /// What `safety` remembers.
    pub safety: SafetyRecord,
    /// The high QC.
    pub high_qc: QuorumCertificate,
    /// The highest timeout certificate.
    pub tc: Option<TimeoutCertificate>,
    /// The votes that are collected.
    pub votes: Vec<Vote>,
    /// The timeouts that are collected.
    pub timeouts: Vec<Timeout>,
    /// The committed head.
    pub head: BlockRef,
    /// The blocks that are held, by id.
    pub blocks: Vec<BlockRef>,
    /// Which block was the first of its view, for each view above the head's.
    pub first_of_view: Vec<(View, BlockId)>,
    /// What it proposed in its view.
    pub own_proposal: Option<Proposal>,
    /// Proposals whose parent is missing.
    pub waiting: Vec<Proposal>,
    /// The commands that wait, by arrival.
    pub commands: Vec<Command>,
    /// Whether it has stopped for good.
    pub is_halted: bool,
}

impl<A: App> Replica<A> {
    /// What of it decides what it does next. To be asked for when all outputs have been taken.
    #[must_use]
    pub fn essence(&self) -> Essence {
        // Field by field, so that a new one is either told or left out knowingly.
        let Self {
            id: _,
            key: _,
            committee: _,
            committees: _,
            told_epoch: _,
            config: _,
            now: _,
            safety,
            tree,
            ledger: _,
            pacemaker,
            entry_cause,
            votes,
            timeouts,
            equivocators: _,
            own_proposal,
            has_own_qc: _, // shared or not, it is told at the end of every input
            mempool,
            fetch: _,
            high_qc,
            tc,
            waiting,
            snapshots: _,
            serving: _,
            is_halted,
            outputs: _,
        } = self;
        Essence {
            view: pacemaker.view(),
            entry_cause: *entry_cause,
            standing: pacemaker.standing(),
            safety: safety.record().clone(),
            high_qc: high_qc.clone(),
            tc: tc.clone(),
            votes: votes.all().cloned().collect(),
            timeouts: timeouts.all().cloned().collect(),
            head: tree.head(),
            blocks: tree.held().collect(),
            first_of_view: tree.first_seen().collect(),
            own_proposal: own_proposal.clone(),
            waiting: waiting.values().cloned().collect(),
            commands: mempool.all().cloned().collect(),
            is_halted: *is_halted,
        }
    }
}
