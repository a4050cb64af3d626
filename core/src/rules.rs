//! The rules that agreement rests on, each as one method, as the protocol has them.
//!
//! [`HotStuff`] is what a [`Committee`](crate::Committee) goes by that is made of its description.
//! Whoever doubts a rule can hand in others, by a type of their own, and see what becomes of a
//! cluster without it: a checker that finds nothing then is itself at fault.

use crate::block::Block;
use crate::certificate::{BlockRef, TimeoutCertificate};
use crate::commit_rule::CommitRule;
use crate::crypto::{Batch, Verifier};
use crate::ids::{Power, ReplicaId, View};
use crate::refusal::Refusal;
use core::fmt::Debug;

/// The rules, with the protocol's own as default. All replicas of a cluster must go by the same.
pub trait Rules: Debug + Send + Sync {
    /// The power that certifies, of a committee with `total` power of which `faulty` may be faulty.
    fn quorum(&self, total: Power, faulty: Power) -> Power {
        Power(total.0 - faulty.0)
    }

    /// Whether `signer` may stand in a certificate after `last`: they ascend, so each counts once
    /// (pitfall 2).
    fn may_follow(&self, last: Option<ReplicaId>, signer: ReplicaId) -> bool {
        last < Some(signer)
    }

    /// Whether a certificate's signatures are what they must be (pitfall 4).
    fn certifies(&self, signatures: &Batch) -> bool {
        signatures.verify()
    }

    /// Whether a block is safe to vote for, as far as the commit rule decides.
    ///
    /// # Errors
    /// The clause that refuses.
    fn safe_to_vote(
        &self,
        rule: CommitRule,
        block: &Block,
        tc: Option<&TimeoutCertificate>,
        (lock, extends_lock): (BlockRef, bool),
    ) -> Result<(), Refusal> {
        rule.check(block, tc, lock, extends_lock)
    }

    /// Whether `view` is one that a replica may still act in after it gave up on `timed_out`
    /// (pitfall 8).
    fn is_open(&self, view: View, timed_out: View) -> bool {
        view > timed_out
    }

    /// How many generations of certified descendants commit a block.
    fn commit_depth(&self, rule: CommitRule) -> usize {
        rule.commit_depth()
    }

    /// Whether a block of `view` on a parent of view `parent` is a link of a chain that commits
    /// (pitfall 1).
    fn is_link(&self, view: View, parent: View) -> bool {
        view.follows(parent)
    }

    /// Whether a command that executed is not to execute again (pitfall 30).
    fn executes_once(&self) -> bool {
        true
    }

    /// Who leads `view`, where that is given and not for the committee's leader rule to say. Agreement rests on
    /// it only in that all replicas get the same answer; one that is no member leads nothing.
    fn leader(&self, _view: View) -> Option<ReplicaId> {
        None
    }

    /// Who checks signatures, where they are not Ed25519's.
    fn verifier(&self) -> Option<&'static dyn Verifier> {
        None
    }
}

/// The protocol's rules.
#[derive(Clone, Copy, Debug)]
pub struct HotStuff;

impl Rules for HotStuff {}

/// A commit rule, as the rules have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Governed {
    pub(crate) rule: CommitRule,
    pub(crate) rules: &'static dyn Rules,
}

impl Governed {
    pub(crate) fn commit_depth(&self) -> usize {
        self.rules.commit_depth(self.rule)
    }
}

impl From<CommitRule> for Governed {
    fn from(rule: CommitRule) -> Self {
        Self { rule, rules: &HotStuff }
    }
}
