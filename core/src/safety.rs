//! The only place that decides or records a vote, a timeout or a proposal.
//!
//! Each decision comes as a [`Binding`]: the signed thing can be had only by queueing the safety
//! record before it, so nothing leaves that a restart could contradict (pitfall 7).

use crate::block::{Block, Header};
use crate::certificate::{BlockRef, QuorumCertificate, Timeout, TimeoutCertificate, Vote};
use crate::command::Payload;
use crate::crypto::{ClusterId, SecretKey};
use crate::ids::{Epoch, ReplicaId, View};
use crate::io::{Output, Record};
use crate::refusal::Refusal;
use crate::rules::Governed;
use alloc::collections::VecDeque;
use serde::{Deserialize, Serialize};

/// What a replica must never forget. All its parts only rise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyRecord {
    /// The last vote; its view is the last voted view.
    pub last_vote: Option<Vote>,
    /// The last view given up.
    pub last_timeout: View,
    /// The last view proposed in.
    pub last_proposed: View,
    /// The lock. Three-chain: the highest block known to have a certified child; two-chain: the
    /// highest known to be certified.
    pub lock: BlockRef,
}

/// A signed decision that must not leave before its record is durable.
#[must_use]
pub struct Binding<T> {
    record: SafetyRecord,
    decision: T,
}

impl<T> Binding<T> {
    /// Queues the record, after which the decision may be queued.
    pub(crate) fn persist(self, outputs: &mut VecDeque<Output>) -> T {
        outputs.push_back(Output::Persist(Record::Safety(self.record)));
        self.decision
    }
}

/// The voting rules and their memory.
#[derive(Clone)]
pub struct Safety {
    id: ReplicaId,
    key: SecretKey,
    cluster: ClusterId,
    governed: Governed,
    record: SafetyRecord,
}

impl Safety {
    /// Goes on from `record`, or from nothing with the lock on `genesis`.
    pub(crate) fn new(
        id: ReplicaId,
        key: SecretKey,
        (cluster, governed): (ClusterId, Governed),
        genesis: BlockRef,
        record: Option<SafetyRecord>,
    ) -> Self {
        let fresh = SafetyRecord {
            last_vote: None,
            last_timeout: View::GENESIS,
            last_proposed: View::GENESIS,
            lock: genesis,
        };
        Self { id, key, cluster, governed, record: record.unwrap_or(fresh) }
    }

    /// Votes for `block` if the rules allow: its view is above the last voted view and above any
    /// view given up, and the commit rule finds it safe ([`crate::CommitRule::check`]). `extends_lock`
    /// says whether the block's branch contains the lock.
    ///
    /// # Errors
    /// The rule that refuses.
    pub(crate) fn vote(
        &mut self,
        block: &Block,
        tc: Option<&TimeoutCertificate>,
        extends_lock: bool,
    ) -> Result<Binding<Vote>, Refusal> {
        let view = block.view();
        if view <= self.last_voted() {
            return Err(Refusal::AlreadyVoted { view, last_voted: self.last_voted() });
        }
        self.check_open(view)?;
        let Governed { rule, rules } = self.governed;
        rules.safe_to_vote(rule, block, tc, (self.record.lock, extends_lock))?;
        let vote = Vote::signed(&self.key, &self.cluster, self.id, block.reference());
        self.record.last_vote = Some(vote.clone());
        Ok(self.bind(vote))
    }

    /// Gives up on `view`: never again a vote in it or below (pitfall 8). A view may be given up
    /// again, with a high QC that has risen since, and so may one below a view given up before:
    /// that promises nothing new.
    ///
    /// # Errors
    /// When the QC is below the lock: it would hide from the next leader what this replica knows.
    pub(crate) fn timeout(
        &mut self,
        epoch: Epoch,
        view: View,
        high_qc: QuorumCertificate,
    ) -> Result<Binding<Timeout>, Refusal> {
        let lock = self.record.lock;
        if high_qc.view() < lock.view {
            return Err(Refusal::QcBelowLock { high_qc: high_qc.view(), lock });
        }
        self.record.last_timeout = view.max(self.record.last_timeout);
        let last_vote = self.record.last_vote.clone();
        let timeout = Timeout::signed(&self.key, &self.cluster, self.id, (epoch, view), high_qc, last_vote);
        Ok(self.bind(timeout))
    }

    /// Signs a proposal, once per view.
    ///
    /// # Errors
    /// When this replica proposed in the view or a later one, or gave up on it.
    pub(crate) fn propose(&mut self, header: Header, payload: Payload) -> Result<Binding<Block>, Refusal> {
        let view = header.view;
        if view <= self.record.last_proposed {
            return Err(Refusal::AlreadyProposed { view, last_proposed: self.record.last_proposed });
        }
        self.check_open(view)?;
        self.record.last_proposed = view;
        let block = Block::signed(&self.key, &self.cluster, header, payload);
        Ok(self.bind(block))
    }

    /// Raises the lock to `block`, whose certified descendants are as many as the commit rule
    /// asks for a lock. A lower one changes nothing
    /// (pitfall 9). Returns the record to persist when the lock rose.
    pub(crate) fn raise_lock(&mut self, block: BlockRef) -> Option<Binding<BlockRef>> {
        if block.view <= self.record.lock.view {
            return None;
        }
        self.record.lock = block;
        Some(self.bind(block))
    }

    /// All that it remembers.
    pub(crate) fn record(&self) -> &SafetyRecord {
        &self.record
    }

    /// The last vote.
    pub(crate) fn last_vote(&self) -> Option<&Vote> {
        self.record.last_vote.as_ref()
    }

    /// The last view voted in.
    pub(crate) fn last_voted(&self) -> View {
        self.record.last_vote.as_ref().map_or(View::GENESIS, |vote| vote.block.view)
    }

    /// The last view given up.
    pub(crate) fn last_timeout(&self) -> View {
        self.record.last_timeout
    }

    /// The last view proposed in.
    pub(crate) fn last_proposed(&self) -> View {
        self.record.last_proposed
    }

    /// The locked block.
    pub(crate) fn lock(&self) -> BlockRef {
        self.record.lock
    }

    fn check_open(&self, view: View) -> Result<(), Refusal> {
        let timed_out = self.record.last_timeout;
        if self.governed.rules.is_open(view, timed_out) {
            Ok(())
        } else {
            Err(Refusal::TimedOut { view, timed_out })
        }
    }

    fn bind<T>(&self, decision: T) -> Binding<T> {
        Binding { record: self.record.clone(), decision }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::BlockId;
    use crate::commit_rule::CommitRule;
    use crate::crypto::Digest;
    use crate::ids::Height;
    use alloc::vec::Vec;

    const GENESIS: BlockRef = reference(0, 0);

    const fn reference(view: u64, height: u64) -> BlockRef {
        let id = Digest([view as u8; 32]);
        BlockRef { epoch: Epoch::GENESIS, view: View(view), height: Height(height), id }
    }

    fn restarted(rule: CommitRule, record: Option<SafetyRecord>) -> Safety {
        let key = SecretKey::from_seed([1; 32]);
        Safety::new(ReplicaId(0), key, (ClusterId([0; 32]), rule.into()), GENESIS, record)
    }

    fn safety() -> Safety {
        restarted(CommitRule::ThreeChain, None)
    }

    fn qc(view: u64) -> QuorumCertificate {
        QuorumCertificate { block: reference(view, view), signatures: Vec::new() }
    }

    fn header(view: u64, justify: u64) -> Header {
        Header {
            epoch: Epoch::GENESIS,
            view: View(view),
            height: Height(justify + 1),
            proposer: ReplicaId(0),
            justify: qc(justify),
            payload_digest: Payload::default().digest(),
            state_root: BlockId::default(),
        }
    }

    fn block(view: u64, justify: u64) -> Block {
        let key = SecretKey::from_seed([1; 32]);
        Block::signed(&key, &ClusterId([0; 32]), header(view, justify), Payload::default())
    }

    fn refusal<T>(result: Result<Binding<T>, Refusal>) -> Option<Refusal> {
        result.err()
    }

    #[test]
    fn pitfall_06_a_view_gets_one_vote() {
        let mut safety = safety();
        assert!(safety.vote(&block(5, 4), None, true).is_ok());
        let again = Refusal::AlreadyVoted { view: View(5), last_voted: View(5) };
        assert_eq!(refusal(safety.vote(&block(5, 3), None, true)), Some(again));
        let lower = Refusal::AlreadyVoted { view: View(4), last_voted: View(5) };
        assert_eq!(refusal(safety.vote(&block(4, 3), None, true)), Some(lower));
        assert!(safety.vote(&block(6, 4), None, true).is_ok());
    }

    #[test]
    fn pitfall_07_a_decision_comes_after_its_record() {
        let mut safety = safety();
        let mut outputs = VecDeque::new();
        let vote = safety.vote(&block(5, 4), None, true).ok().unwrap().persist(&mut outputs);
        let Some(Output::Persist(Record::Safety(record))) = outputs.pop_front() else { panic!("a record") };
        assert_eq!(record.last_vote, Some(vote));
        assert_eq!(restarted(CommitRule::ThreeChain, Some(record)).last_voted(), View(5));
    }

    #[test]
    fn pitfall_08_no_vote_and_no_proposal_after_a_timeout() {
        let mut safety = safety();
        assert!(safety.timeout(Epoch::GENESIS, View(5), qc(4)).is_ok());
        let why = Refusal::TimedOut { view: View(5), timed_out: View(5) };
        assert_eq!(refusal(safety.vote(&block(5, 4), None, true)), Some(why.clone()));
        assert_eq!(refusal(safety.propose(header(5, 4), Payload::default())), Some(why));
        assert!(safety.timeout(Epoch::GENESIS, View(5), qc(4)).is_ok(), "it may say so again");
        assert!(safety.timeout(Epoch::GENESIS, View(4), qc(3)).is_ok(), "that promises nothing new");
        assert_eq!(safety.last_timeout(), View(5));
        assert!(safety.vote(&block(6, 4), None, true).is_ok());
    }

    #[test]
    fn pitfall_09_the_lock_only_rises() {
        let mut safety = safety();
        assert!(safety.raise_lock(reference(4, 4)).is_some());
        assert!(safety.raise_lock(reference(4, 4)).is_none());
        assert!(safety.raise_lock(reference(3, 3)).is_none());
        assert_eq!(safety.lock(), reference(4, 4));
    }

    #[test]
    fn pitfall_24_either_clause_of_the_voting_rule_allows_a_vote_and_neither_does_not() {
        let locked_at = |view| {
            let mut safety = safety();
            let _ = safety.raise_lock(reference(view, view));
            safety
        };
        assert!(locked_at(4).vote(&block(9, 3), None, true).is_ok(), "extends the lock");
        assert!(locked_at(4).vote(&block(9, 5), None, false).is_ok(), "newer justify");
        for justify in [3, 4] {
            let why = Refusal::BelowLock { justify: View(justify), lock: reference(4, 4) };
            assert_eq!(refusal(locked_at(4).vote(&block(9, justify), None, false)), Some(why));
        }
    }

    #[test]
    fn a_view_gets_one_proposal() {
        let mut safety = safety();
        assert!(safety.propose(header(5, 4), Payload::default()).is_ok());
        let why = Refusal::AlreadyProposed { view: View(5), last_proposed: View(5) };
        assert_eq!(refusal(safety.propose(header(5, 3), Payload::default())), Some(why));
    }

    fn tc(view: u64, high_qc: u64) -> TimeoutCertificate {
        let (epoch, signatures) = (Epoch::GENESIS, Vec::new());
        TimeoutCertificate { epoch, view: View(view), high_qc: qc(high_qc), signatures }
    }

    #[test]
    fn pitfall_10_two_chain_votes_on_the_view_before_or_on_the_highest_qc_of_its_tc() {
        let vote = |view, justify, tc: Option<TimeoutCertificate>| {
            let mut safety = restarted(CommitRule::TwoChain, None);
            let _ = safety.raise_lock(reference(6, 6));
            refusal(safety.vote(&block(view, justify), tc.as_ref(), false))
        };
        assert_eq!(vote(9, 8, None), None, "the view before");
        assert_eq!(vote(9, 5, Some(tc(8, 5))), None, "the highest QC of the TC, whatever the lock");
        assert_eq!(vote(9, 6, Some(tc(8, 5))), None, "a newer one");
        let below = Refusal::BelowTimeouts { justify: View(4), high_qc: View(5) };
        assert_eq!(vote(9, 4, Some(tc(8, 5))), Some(below));
        let unjustified = Refusal::ViewNotJustified { view: View(9), justify: View(7) };
        assert_eq!(vote(9, 7, None), Some(unjustified.clone()));
        assert_eq!(vote(9, 7, Some(tc(7, 5))), Some(unjustified), "a TC of another view");
    }

    #[test]
    fn pitfall_10_a_timeouts_qc_is_at_least_the_lock() {
        for rule in [CommitRule::ThreeChain, CommitRule::TwoChain] {
            let mut safety = restarted(rule, None);
            let _ = safety.raise_lock(reference(4, 4));
            let why = Refusal::QcBelowLock { high_qc: View(3), lock: reference(4, 4) };
            assert_eq!(refusal(safety.timeout(Epoch::GENESIS, View(9), qc(3))), Some(why));
            assert_eq!(safety.last_timeout(), View::GENESIS);
            assert!(safety.timeout(Epoch::GENESIS, View(9), qc(4)).is_ok());
        }
    }
}
