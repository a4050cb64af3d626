//! Gathers votes into QCs and timeouts into timeout certificates.
//!
//! Holds one vote and two timeouts per replica, the latest, so no flood of views or digests makes
//! it grow (pitfall 26), and no bad signature is in it: what enters is verified (pitfall 13).

use crate::certificate::{QuorumCertificate, Timeout, TimeoutCertificate, TimeoutSignature, Vote};
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
    Equivocation(Vote),
    /// It counts.
    Counted,
    /// It counts and completes a certificate.
    Complete(QuorumCertificate),
}

/// The latest vote of each replica.
#[derive(Clone, Default)]
pub(crate) struct VoteCollector {
    latest: BTreeMap<ReplicaId, Vote>,
}

impl VoteCollector {
    /// Takes a vote in; `committee` is that of the block's epoch.
    pub(crate) fn add(&mut self, committee: &Committee, vote: Vote) -> Collected {
        let block = vote.block;
        if let Some(before) = self.latest.get(&vote.voter) {
            if before.block.view == block.view && before.block != block {
                return Collected::Equivocation(before.clone());
            }
            if before.block.view >= block.view {
                return Collected::Known;
            }
        }
        self.latest.insert(vote.voter, vote);
        let same = || self.latest.values().filter(|held| held.block == block);
        if !committee.is_quorum(same().map(|held| held.voter)) {
            return Collected::Counted;
        }
        let signatures = same().map(|held| (held.voter, held.signature)).collect();
        Collected::Complete(QuorumCertificate { block, signatures })
    }

    /// The votes that are held, by voter.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Vote> {
        self.latest.values()
    }

    /// Forgets who is no member of any committee that counts.
    pub(crate) fn retain(&mut self, counts: impl Fn(ReplicaId) -> bool) {
        self.latest.retain(|id, _| counts(*id));
    }

    pub(crate) fn len(&self) -> usize {
        self.latest.len()
    }
}

/// The latest timeouts of each replica, of two views: one that went beyond a view without a
/// certificate still gives up on it with those who are there.
#[derive(Clone, Default)]
pub(crate) struct TimeoutCollector {
    latest: BTreeMap<ReplicaId, BTreeMap<View, Timeout>>,
}

/// How many views' timeouts of one replica are held.
const VIEWS_HELD: usize = 2;

impl TimeoutCollector {
    /// Takes a timeout in; true where it is the replica's first for that view. A repeated one
    /// replaces the one held, as its high QC may have risen; it is never replaced by one of an
    /// earlier epoch. One below both views that are held is ignored.
    pub(crate) fn add(&mut self, timeout: Timeout) -> bool {
        let held = self.latest.entry(timeout.replica).or_default();
        let (view, order) = (timeout.view, |held: &Timeout| (held.epoch, held.high_qc.view()));
        if held.get(&view).is_some_and(|before| order(before) > order(&timeout)) {
            return false;
        }
        let is_new = held.insert(view, timeout).is_none();
        if held.len() > VIEWS_HELD {
            let (lowest, _) = held.pop_first().expect("more than two are held");
            return is_new && lowest != view;
        }
        is_new
    }

    /// The timeouts that are held, by replica and view.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Timeout> {
        self.latest.values().flat_map(BTreeMap::values)
    }

    /// The timeout of `view` by `replica`, if it is held.
    pub(crate) fn of(&self, replica: ReplicaId, view: View) -> Option<&Timeout> {
        self.latest.get(&replica)?.get(&view)
    }

    /// The certificate for `view`, once a quorum of the committee of `epoch` gave up on exactly
    /// that view in that epoch (pitfall 14).
    pub(crate) fn certificate(&self, committee: &Committee, view: View) -> Option<TimeoutCertificate> {
        let epoch = committee.epoch();
        let of_view = self.latest.values().filter_map(|held| held.get(&view));
        let same: Vec<&Timeout> = of_view.filter(|held| held.epoch == epoch).collect();
        if !committee.is_quorum(same.iter().map(|held| held.replica)) {
            return None;
        }
        let high_qc = same.iter().map(|held| &held.high_qc).max_by_key(|qc| qc.view())?.clone();
        let part = |held: &&Timeout| TimeoutSignature {
            replica: held.replica,
            high_qc_view: held.high_qc.view(),
            signature: held.signature,
        };
        let members = same.iter().filter(|held| committee.contains(held.replica));
        Some(TimeoutCertificate { epoch, view, high_qc, signatures: members.map(part).collect() })
    }

    /// The highest view that f+1 replicas have given up on or gone beyond: an honest one did.
    pub(crate) fn weak_view(&self, committee: &Committee) -> Option<View> {
        let highest = |(replica, held): (&ReplicaId, &BTreeMap<View, Timeout>)| {
            held.last_key_value().map(|(view, _)| (*view, *replica))
        };
        let mut views: Vec<(View, ReplicaId)> = self.latest.iter().filter_map(highest).collect();
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

    /// Forgets who is no member of any committee that counts.
    pub(crate) fn retain(&mut self, counts: impl Fn(ReplicaId) -> bool) {
        self.latest.retain(|id, _| counts(*id));
    }

    pub(crate) fn len(&self) -> usize {
        self.latest.values().map(BTreeMap::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::BlockRef;
    use crate::commit_rule::CommitRule;
    use crate::committee::testing::{CLUSTER, committee_of, key, spec_of};
    use crate::crypto::Digest;
    use crate::ids::{Epoch, Height};

    fn block(view: u64, variant: u8) -> BlockRef {
        let id = Digest([variant; 32]);
        BlockRef { epoch: Epoch(0), view: View(view), height: Height(view), id }
    }

    fn vote(voter: u16, view: u64, variant: u8) -> Vote {
        Vote::signed(&key(voter), &CLUSTER, ReplicaId(voter), block(view, variant))
    }

    fn timeout(id: u16, epoch: u64, view: u64, high_qc: u64) -> Timeout {
        let high_qc = QuorumCertificate { block: block(high_qc, 0), signatures: Vec::new() };
        Timeout::signed(&key(id), &CLUSTER, ReplicaId(id), (Epoch(epoch), View(view)), high_qc, None)
    }

    fn collected(timeouts: &[Timeout]) -> TimeoutCollector {
        let mut collector = TimeoutCollector::default();
        for one in timeouts {
            collector.add(one.clone());
        }
        collector
    }

    #[test]
    fn power_makes_a_quorum_not_heads() {
        let committee = Committee::new(spec_of(&[4, 1, 1, 1], CommitRule::ThreeChain)).unwrap();
        let mut collector = VoteCollector::default();
        for voter in 1..4 {
            assert_eq!(collector.add(&committee, vote(voter, 5, 0)), Collected::Counted, "3 of 7");
        }
        let complete = collector.add(&committee, vote(0, 5, 0));
        assert!(matches!(complete, Collected::Complete(qc) if qc.signatures.len() == 4));
    }

    #[test]
    fn pitfall_13_repeated_and_conflicting_votes_do_not_keep_a_qc_from_forming() {
        let committee = committee_of(4);
        let mut collector = VoteCollector::default();
        assert_eq!(collector.add(&committee, vote(0, 5, 0)), Collected::Counted);
        assert_eq!(collector.add(&committee, vote(0, 5, 0)), Collected::Known);
        assert_eq!(collector.add(&committee, vote(0, 4, 0)), Collected::Known);
        assert_eq!(collector.add(&committee, vote(0, 5, 1)), Collected::Equivocation(vote(0, 5, 0)));
        assert_eq!(collector.add(&committee, vote(1, 5, 1)), Collected::Counted);
        assert_eq!(collector.add(&committee, vote(2, 5, 0)), Collected::Counted);
        let Collected::Complete(qc) = collector.add(&committee, vote(3, 5, 0)) else { panic!("a quorum") };
        assert_eq!(qc.signers().collect::<Vec<_>>(), [ReplicaId(0), ReplicaId(2), ReplicaId(3)]);
    }

    #[test]
    fn pitfall_14_a_tc_is_of_one_view_and_one_epoch() {
        let committee = committee_of(4);
        let apart = collected(&[timeout(0, 0, 5, 2), timeout(1, 0, 5, 2), timeout(2, 0, 6, 2)]);
        assert_eq!(apart.certificate(&committee, View(5)), None);
        assert_eq!(apart.weak_view(&committee), Some(View(5)), "f+1 are at 5 or beyond");
        let other_epoch = collected(&[timeout(0, 0, 5, 2), timeout(1, 0, 5, 2), timeout(2, 1, 5, 2)]);
        assert_eq!(other_epoch.certificate(&committee, View(5)), None);
    }

    #[test]
    fn a_tc_carries_the_highest_qc_and_each_signers_view_of_it() {
        let committee = committee_of(4);
        let all = collected(&[timeout(0, 0, 5, 2), timeout(1, 0, 5, 4), timeout(2, 0, 5, 3)]);
        let tc = all.certificate(&committee, View(5)).unwrap();
        assert_eq!(tc.high_qc.view(), View(4));
        let views: Vec<u64> = tc.signatures.iter().map(|part| part.high_qc_view.0).collect();
        assert_eq!(views, [2, 4, 3]);
    }

    #[test]
    fn a_replica_that_gave_up_on_the_next_view_too_still_counts_for_this_one() {
        let committee = committee_of(4);
        let mut collector = collected(&[timeout(0, 0, 6, 2), timeout(0, 0, 5, 2), timeout(1, 0, 5, 2)]);
        assert!(collector.add(timeout(2, 0, 5, 2)));
        assert!(collector.certificate(&committee, View(5)).is_some());
        assert!(!collector.add(timeout(0, 0, 4, 2)), "below both");
        assert!(collector.of(ReplicaId(0), View(4)).is_none());
        assert!(!collector.add(timeout(0, 0, 6, 1)), "an older one, replayed");
        assert_eq!(collector.of(ReplicaId(0), View(6)).unwrap().high_qc.view(), View(2));
        assert!(!collector.add(timeout(0, 0, 6, 3)), "the same view");
        assert_eq!(collector.of(ReplicaId(0), View(6)).unwrap().high_qc.view(), View(3), "a newer QC");
    }

    #[test]
    fn of_two_timeouts_with_qcs_of_one_view_the_later_is_held() {
        let first = timeout(0, 0, 5, 2);
        let later = Timeout { last_vote: Some(vote(0, 5, 0)), ..first.clone() };
        let collector = collected(&[first, later.clone()]);
        assert_eq!(collector.of(ReplicaId(0), View(5)), Some(&later), "it may tell of a vote as well");
    }

    #[test]
    fn pitfall_26_no_flood_of_views_makes_the_collectors_grow() {
        let committee = committee_of(4);
        let (mut votes, mut timeouts) = (VoteCollector::default(), TimeoutCollector::default());
        for view in 1..200 {
            votes.add(&committee, vote(1, view, 0));
            timeouts.add(timeout(1, 0, view, 0));
        }
        assert_eq!((votes.len(), timeouts.len()), (1, VIEWS_HELD));
        votes.retain(|id| id != ReplicaId(1));
        timeouts.retain(|id| id != ReplicaId(1));
        assert_eq!((votes.len(), timeouts.len()), (0, 0));
    }
}
