//! Ways in which a cluster's rules can be too weak. They live here, and no replica can name them.

use crate::tags;
use core::fmt;
use hotstuff_core::block::Block;
use hotstuff_core::crypto::{Batch, Verifier};
use hotstuff_core::rules::{HotStuff, Rules};
use hotstuff_core::{BlockRef, CommitRule, Power, Refusal, ReplicaId, TimeoutCertificate, View};
use serde::{Deserialize, Serialize};

/// One rule that all replicas of a cluster do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weakness {
    /// Any block of a later view is safe to vote for, whatever is locked.
    NoLock,
    /// A certificate takes one vote less than a quorum.
    QuorumMinusOne,
    /// A block commits a generation of certified descendants too early.
    CommitEarly,
    /// A chain commits though views are missing between its blocks.
    IgnoreConsecutiveViews,
    /// Messages leave before the records they depend on are durable.
    PersistAfterSend,
    /// A signer who stands in a certificate twice counts twice.
    CountDuplicateSigners,
    /// A replica votes and proposes in views that it gave up.
    VoteAfterTimeout,
    /// Certificates are believed without a look at their signatures.
    AcceptUnverified,
    /// A command that comes again executes again.
    ExecuteTwice,
}

impl Weakness {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NoLock,
        Self::QuorumMinusOne,
        Self::CommitEarly,
        Self::IgnoreConsecutiveViews,
        Self::PersistAfterSend,
        Self::CountDuplicateSigners,
        Self::VoteAfterTimeout,
        Self::AcceptUnverified,
        Self::ExecuteTwice,
    ];

    /// Its name, as commands and links have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoLock => "no-lock",
            Self::QuorumMinusOne => "quorum-minus-one",
            Self::CommitEarly => "commit-early",
            Self::IgnoreConsecutiveViews => "ignore-consecutive-views",
            Self::PersistAfterSend => "persist-after-send",
            Self::CountDuplicateSigners => "count-duplicate-signers",
            Self::VoteAfterTimeout => "vote-after-timeout",
            Self::AcceptUnverified => "accept-unverified",
            Self::ExecuteTwice => "execute-twice",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|weakness| weakness.name() == name)
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The rules of a simulated cluster: the protocol's, but for one, and how signatures are judged.
#[derive(Debug)]
struct SimRules {
    weakness: Option<Weakness>,
    has_tags: bool,
}

impl SimRules {
    const fn new(weakness: Option<Weakness>, has_tags: bool) -> Self {
        Self { weakness, has_tags }
    }

    fn lacks(&self, weakness: Weakness) -> bool {
        self.weakness == Some(weakness)
    }
}

impl Rules for SimRules {
    fn quorum(&self, total: Power, faulty: Power) -> Power {
        let quorum = HotStuff.quorum(total, faulty);
        if self.lacks(Weakness::QuorumMinusOne) { Power(quorum.0.saturating_sub(1).max(1)) } else { quorum }
    }

    fn may_follow(&self, last: Option<ReplicaId>, signer: ReplicaId) -> bool {
        self.lacks(Weakness::CountDuplicateSigners) || HotStuff.may_follow(last, signer)
    }

    fn certifies(&self, signatures: &Batch) -> bool {
        self.lacks(Weakness::AcceptUnverified) || HotStuff.certifies(signatures)
    }

    fn safe_to_vote(
        &self,
        rule: CommitRule,
        block: &Block,
        tc: Option<&TimeoutCertificate>,
        lock: (BlockRef, bool),
    ) -> Result<(), Refusal> {
        if self.lacks(Weakness::NoLock) { Ok(()) } else { HotStuff.safe_to_vote(rule, block, tc, lock) }
    }

    fn is_open(&self, view: View, timed_out: View) -> bool {
        self.lacks(Weakness::VoteAfterTimeout) || HotStuff.is_open(view, timed_out)
    }

    fn commit_depth(&self, rule: CommitRule) -> usize {
        HotStuff.commit_depth(rule) - usize::from(self.lacks(Weakness::CommitEarly))
    }

    fn is_link(&self, view: View, parent: View) -> bool {
        self.lacks(Weakness::IgnoreConsecutiveViews) || HotStuff.is_link(view, parent)
    }

    fn executes_once(&self) -> bool {
        !self.lacks(Weakness::ExecuteTwice) && HotStuff.executes_once()
    }

    fn verifier(&self) -> Option<&'static dyn Verifier> {
        self.has_tags.then_some(&tags::Tags)
    }
}

/// For each weakness, and none at the end: without and with tags.
static RULES: [[SimRules; 2]; Weakness::ALL.len() + 1] = {
    const fn both(weakness: Option<Weakness>) -> [SimRules; 2] {
        [SimRules::new(weakness, false), SimRules::new(weakness, true)]
    }
    let mut rules = [const { both(None) }; Weakness::ALL.len() + 1];
    let mut at = 0;
    while at < Weakness::ALL.len() {
        rules[at] = both(Some(Weakness::ALL[at]));
        at += 1;
    }
    rules
};

/// The rules of a cluster with this weakness, whose signatures are tags or Ed25519's.
pub(crate) fn rules(weakness: Option<Weakness>, has_tags: bool) -> &'static dyn Rules {
    let at = Weakness::ALL.iter().position(|one| Some(*one) == weakness).unwrap_or(Weakness::ALL.len());
    &RULES[at][usize::from(has_tags)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_encoding_and_lead_back() {
        for weakness in Weakness::ALL {
            assert_eq!(Weakness::named(weakness.name()), Some(weakness));
        }
        assert_eq!(Weakness::named("none"), None);
    }

    #[test]
    fn each_weakness_changes_one_rule_and_none_changes_none() {
        let told = |rules: &dyn Rules| {
            (
                rules.quorum(Power(4), Power(1)),
                rules.may_follow(Some(ReplicaId(1)), ReplicaId(1)),
                rules.is_open(View(3), View(3)),
                rules.commit_depth(CommitRule::ThreeChain),
                rules.is_link(View(5), View(3)),
                rules.executes_once(),
            )
        };
        let sound = (Power(3), false, false, 2, false, true);
        assert_eq!(told(&HotStuff), sound);
        for has_tags in [false, true] {
            let of = |weakness| told(rules(weakness, has_tags));
            assert_eq!(of(None), sound);
            assert_eq!(of(Some(Weakness::QuorumMinusOne)), (Power(2), false, false, 2, false, true));
            assert_eq!(of(Some(Weakness::CountDuplicateSigners)), (Power(3), true, false, 2, false, true));
            assert_eq!(of(Some(Weakness::VoteAfterTimeout)), (Power(3), false, true, 2, false, true));
            assert_eq!(of(Some(Weakness::CommitEarly)), (Power(3), false, false, 1, false, true));
            assert_eq!(of(Some(Weakness::IgnoreConsecutiveViews)), (Power(3), false, false, 2, true, true));
            assert_eq!(of(Some(Weakness::ExecuteTwice)), (Power(3), false, false, 2, false, false));
            for other in [Weakness::NoLock, Weakness::PersistAfterSend, Weakness::AcceptUnverified] {
                assert_eq!(of(Some(other)), sound);
            }
        }
    }
}
