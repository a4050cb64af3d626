//! Gathers votes into QCs and timeouts into timeout certificates.
//!
//! Holds one vote and one timeout per replica, the latest, so no flood of views or digests makes
//! it grow (pitfall 26), and no bad signature is in it: what enters is verified (pitfall 13).

use crate::certificate::{BlockRef, QuorumCertificate, Timeout, TimeoutCertificate, TimeoutSignature, Vote};
use crate::committee::Committee;
use crate::ids::{Power, ReplicaId, View};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// What a collected vote led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Collected {
    /// Nothing: it is no later than one that this voter sent before.
    Known,
    /// The voter signed another block in the same view, which counts instead.
    Equivocation(BlockRef),
    /// It counts.
    Counted,
    /// It counts and completes a certificate.
    Complete(QuorumCertificate),
}

/// The latest vote of each replica.
#[derive(Default)]
pub(crate) struct VoteCollector {
    latest: BTreeMap<ReplicaId, Vote>,
}

impl VoteCollector {
    pub(crate) fn add(&mut self, committee: &Committee, vote: Vote) -> Collected {
        let block = vote.block;
        if let Some(before) = self.latest.get(&vote.voter) {
            if before.block.view == block.view && before.block != block {
                return Collected::Equivocation(before.block);
            }
            if before.block.view >= block.view {
                return Collected::Known;
            }
        }
        self.latest.insert(vote.voter, vote);
        let same = || self.latest.values().filter(|held| held.block == block);
        if committee.power_of(same().map(|held| held.voter)) < committee.quorum() {
            return Collected::Counted;
        }
        let signatures = same().map(|held| (held.voter, held.signature)).collect();
        Collected::Complete(QuorumCertificate { block, signatures })
    }
}

/// The latest timeout of each replica.
#[derive(Default)]
pub(crate) struct TimeoutCollector {
    latest: BTreeMap<ReplicaId, Timeout>,
}

impl TimeoutCollector {
    /// Takes a timeout in; true where it is the replica's first for that view or a later one. A
    /// repeated one replaces the one held, as its high QC may have risen.
    pub(crate) fn add(&mut self, timeout: Timeout) -> bool {
        let before = self.latest.get(&timeout.replica).map(|held| held.view);
        if before > Some(timeout.view) {
            return false;
        }
        let is_new = before < Some(timeout.view);
        self.latest.insert(timeout.replica, timeout);
        is_new
    }

    /// The certificate for `view`, once a quorum gave up on exactly that view (pitfall 14).
    pub(crate) fn certificate(&self, committee: &Committee, view: View) -> Option<TimeoutCertificate> {
        let same: Vec<&Timeout> = self.latest.values().filter(|held| held.view == view).collect();
        if committee.power_of(same.iter().map(|held| held.replica)) < committee.quorum() {
            return None;
        }
        let high_qc = same.iter().map(|held| &held.high_qc).max_by_key(|qc| qc.view())?.clone();
        let part = |held: &&Timeout| TimeoutSignature {
            replica: held.replica,
            high_qc_view: held.high_qc.view(),
            signature: held.signature,
        };
        Some(TimeoutCertificate { view, high_qc, signatures: same.iter().map(part).collect() })
    }

    /// The highest view that f+1 replicas have given up on or gone beyond: an honest one did.
    pub(crate) fn weak_view(&self, committee: &Committee) -> Option<View> {
        let mut views: Vec<(View, ReplicaId)> =
            self.latest.values().map(|held| (held.view, held.replica)).collect();
        views.sort_unstable_by(|one, other| other.cmp(one));
        let mut power = Power(0);
        for (view, replica) in views {
            power = power + committee.power(replica);
            if power >= committee.weak_quorum() {
                return Some(view);
            }
        }
        None
    }
}
