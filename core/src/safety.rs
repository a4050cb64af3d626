//! The only place that decides or records a vote, a timeout or a proposal.
//!
//! Each decision comes as a [`Binding`]: the signed thing can be had only by queueing the safety
//! record before it, so nothing leaves that a restart could contradict (pitfall 7).

use crate::block::{Block, Header};
use crate::certificate::{BlockRef, QuorumCertificate, Timeout, Vote};
use crate::command::Payload;
use crate::crypto::{ClusterId, SecretKey};
use crate::ids::{ReplicaId, View};
use crate::io::{Output, Record};
use crate::refusal::Refusal;
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
    /// The lock: the block with the highest certified child that this replica knows.
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
pub struct Safety {
    id: ReplicaId,
    key: SecretKey,
    cluster: ClusterId,
    record: SafetyRecord,
}

impl Safety {
    /// Goes on from `record`, or from nothing with the lock on `genesis`.
    pub(crate) fn new(
        id: ReplicaId,
        key: SecretKey,
        cluster: ClusterId,
        genesis: BlockRef,
        record: Option<SafetyRecord>,
    ) -> Self {
        let fresh = SafetyRecord {
            last_vote: None,
            last_timeout: View::GENESIS,
            last_proposed: View::GENESIS,
            lock: genesis,
        };
        Self { id, key, cluster, record: record.unwrap_or(fresh) }
    }

    /// Votes for `block` if the rules allow (HotStuff, algorithms 4 and 5): its view is above the
    /// last voted view and above any view given up, and it extends the lock or its justify is
    /// newer than the lock. `extends_lock` says whether the block's branch contains the lock.
    ///
    /// # Errors
    /// The rule that refuses.
    pub(crate) fn vote(&mut self, block: &Block, extends_lock: bool) -> Result<Binding<Vote>, Refusal> {
        let (view, justify) = (block.view(), block.justify().view());
        if view <= self.last_voted() {
            return Err(Refusal::AlreadyVoted { view, last_voted: self.last_voted() });
        }
        if view <= self.record.last_timeout {
            return Err(Refusal::TimedOut { view, timed_out: self.record.last_timeout });
        }
        if !extends_lock && justify <= self.record.lock.view {
            return Err(Refusal::BelowLock { justify, lock: self.record.lock });
        }
        let vote = Vote::signed(&self.key, &self.cluster, self.id, block.reference());
        self.record.last_vote = Some(vote.clone());
        Ok(self.bind(vote))
    }

    /// Gives up on `view`: never again a vote in it or below (pitfall 8). The same view may be
    /// given up again, with a high QC that has risen since.
    ///
    /// # Errors
    /// When a later view was given up before.
    pub(crate) fn timeout(
        &mut self,
        view: View,
        high_qc: QuorumCertificate,
    ) -> Result<Binding<Timeout>, Refusal> {
        if view < self.record.last_timeout {
            return Err(Refusal::TimedOut { view, timed_out: self.record.last_timeout });
        }
        self.record.last_timeout = view;
        let last_vote = self.record.last_vote.clone();
        let timeout = Timeout::signed(&self.key, &self.cluster, self.id, view, high_qc, last_vote);
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
        if view <= self.record.last_timeout {
            return Err(Refusal::TimedOut { view, timed_out: self.record.last_timeout });
        }
        self.record.last_proposed = view;
        let block = Block::signed(&self.key, &self.cluster, header, payload);
        Ok(self.bind(block))
    }

    /// Raises the lock to `block`, which has a certified child. A lower one changes nothing
    /// (pitfall 9). Returns the record to persist when the lock rose.
    pub(crate) fn raise_lock(&mut self, block: BlockRef) -> Option<Binding<BlockRef>> {
        if block.view <= self.record.lock.view {
            return None;
        }
        self.record.lock = block;
        Some(self.bind(block))
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

    fn bind<T>(&self, decision: T) -> Binding<T> {
        Binding { record: self.record.clone(), decision }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::BlockId;
    use crate::crypto::Digest;
    use crate::ids::Height;
    use alloc::vec::Vec;

    const GENESIS: BlockRef = reference(0, 0);

    const fn reference(view: u64, height: u64) -> BlockRef {
        BlockRef { view: View(view), height: Height(height), id: Digest([view as u8; 32]) }
    }

    fn safety() -> Safety {
        Safety::new(ReplicaId(0), SecretKey::from_seed([1; 32]), ClusterId([0; 32]), GENESIS, None)
    }

    fn qc(view: u64) -> QuorumCertificate {
        QuorumCertificate { block: reference(view, view), signatures: Vec::new() }
    }

    fn header(view: u64, justify: u64) -> Header {
        Header {
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
        assert!(safety.vote(&block(5, 4), true).is_ok());
        let again = Refusal::AlreadyVoted { view: View(5), last_voted: View(5) };
        assert_eq!(refusal(safety.vote(&block(5, 3), true)), Some(again));
        let lower = Refusal::AlreadyVoted { view: View(4), last_voted: View(5) };
        assert_eq!(refusal(safety.vote(&block(4, 3), true)), Some(lower));
        assert!(safety.vote(&block(6, 4), true).is_ok());
    }

    #[test]
    fn pitfall_07_a_decision_comes_after_its_record() {
        let mut safety = safety();
        let mut outputs = VecDeque::new();
        let vote = safety.vote(&block(5, 4), true).ok().unwrap().persist(&mut outputs);
        let Some(Output::Persist(Record::Safety(record))) = outputs.pop_front() else { panic!("a record") };
        assert_eq!(record.last_vote, Some(vote));
        let restarted = Safety::new(
            ReplicaId(0),
            SecretKey::from_seed([1; 32]),
            ClusterId([0; 32]),
            GENESIS,
            Some(record),
        );
        assert_eq!(restarted.last_voted(), View(5));
    }

    #[test]
    fn pitfall_08_no_vote_and_no_proposal_after_a_timeout() {
        let mut safety = safety();
        assert!(safety.timeout(View(5), qc(4)).is_ok());
        let why = Refusal::TimedOut { view: View(5), timed_out: View(5) };
        assert_eq!(refusal(safety.vote(&block(5, 4), true)), Some(why.clone()));
        assert_eq!(refusal(safety.propose(header(5, 4), Payload::default())), Some(why));
        assert!(safety.timeout(View(5), qc(4)).is_ok(), "it may say so again");
        let lower = Refusal::TimedOut { view: View(4), timed_out: View(5) };
        assert_eq!(refusal(safety.timeout(View(4), qc(3))), Some(lower));
        assert!(safety.vote(&block(6, 4), true).is_ok());
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
        assert!(locked_at(4).vote(&block(9, 3), true).is_ok(), "extends the lock");
        assert!(locked_at(4).vote(&block(9, 5), false).is_ok(), "newer justify");
        for justify in [3, 4] {
            let why = Refusal::BelowLock { justify: View(justify), lock: reference(4, 4) };
            assert_eq!(refusal(locked_at(4).vote(&block(9, justify), false)), Some(why));
        }
    }

    #[test]
    fn a_view_gets_one_proposal() {
        let mut safety = safety();
        assert!(safety.propose(header(5, 4), Payload::default()).is_ok());
        let why = Refusal::AlreadyProposed { view: View(5), last_proposed: View(5) };
        assert_eq!(refusal(safety.propose(header(5, 3), Payload::default())), Some(why));
    }
}
