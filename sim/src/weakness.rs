//! Ways in which a cluster's rules can be too weak. They live here, and no replica can name them.

use crate::tags;
use core::fmt;
use hotstuff_core::block::Block;
use hotstuff_core::crypto::{Batch, Verifier};
use hotstuff_core::rules::{HotStuff, Rules};
use hotstuff_core::{BlockRef, CommitRule, Power, Refusal, ReplicaId, TimeoutCertificate, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Mutex;

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

    /// What all replicas do, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NoLock => "vote against the lock",
            Self::QuorumMinusOne => "take one vote less for a quorum",
            Self::CommitEarly => "commit one certificate too early",
            Self::IgnoreConsecutiveViews => "commit chains with gaps",
            Self::PersistAfterSend => "send before they write it down",
            Self::CountDuplicateSigners => "count a signer twice",
            Self::VoteAfterTimeout => "vote in views they gave up",
            Self::AcceptUnverified => "believe certificates unread",
            Self::ExecuteTwice => "execute a repeated command again",
        }
    }

    /// What the rule is for that is missing.
    #[must_use]
    pub const fn lesson(self) -> &'static str {
        match self {
            Self::NoLock => {
                "A lock keeps a quorum from certifying anything that contradicts a block which may be committed \
                 already. Without it, a later leader can have another block certified in its place."
            }
            Self::QuorumMinusOne => {
                "Two quorums of 2f+1 share f+1 replicas, one of them honest, who votes once. With one vote less \
                 two certificates of one view may share nobody honest: both can be formed."
            }
            Self::CommitEarly => {
                "A block is safe only once a quorum is locked on it. One certificate earlier too few replicas \
                 know of it, and a leader who has not heard may build beside it."
            }
            Self::IgnoreConsecutiveViews => {
                "In a view that is missing in between, others may have certified another block. Only views \
                 in a row leave no room for that."
            }
            Self::PersistAfterSend => {
                "Who crashes after sending a vote and before writing it down has forgotten it, and may vote \
                 again in the same view, for something else."
            }
            Self::CountDuplicateSigners => {
                "A certificate is worth as much as its distinct signers. If one of them may stand in it \
                 twice, a few faulty replicas make a quorum."
            }
            Self::VoteAfterTimeout => {
                "Who gives up on a view tells the highest certificate it knows. If it votes in that view \
                 after all, a certificate may arise that the next leader was not told of."
            }
            Self::AcceptUnverified => {
                "A certificate is a claim until its signatures are checked. Believed unread, one liar can make \
                 up any history."
            }
            Self::ExecuteTwice => {
                "A client sends again when no answer comes, so a command may be in two blocks. Replicas \
                 must know what they have done."
            }
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

/// The rules of a simulated cluster: the protocol's, but for one; who leads its first views, and how
/// signatures are judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SimRules {
    weakness: Option<Weakness>,
    has_tags: bool,
    /// From view 1 on.
    leaders: Vec<ReplicaId>,
}

impl SimRules {
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

    fn leader(&self, view: View) -> Option<ReplicaId> {
        let at = usize::try_from(view.0.checked_sub(1)?).ok()?;
        self.leaders.get(at).copied()
    }

    fn verifier(&self) -> Option<&'static dyn Verifier> {
        self.has_tags.then_some(&tags::Tags)
    }
}

/// The rules of a cluster with this weakness, whose signatures are tags or Ed25519's, and whose first views
/// have these leaders.
///
/// A committee holds its rules for as long as the program runs; so each that was ever asked for is kept, once.
pub(crate) fn rules(
    weakness: Option<Weakness>,
    has_tags: bool,
    leaders: Vec<ReplicaId>,
) -> &'static dyn Rules {
    static KEPT: Mutex<BTreeSet<&'static SimRules>> = Mutex::new(BTreeSet::new());
    let wanted = SimRules { weakness, has_tags, leaders };
    let mut kept = KEPT.lock().expect("nothing panics that holds it");
    if let Some(rules) = kept.get(&wanted) {
        return *rules;
    }
    let rules: &'static SimRules = Box::leak(Box::new(wanted));
    kept.insert(rules);
    rules
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
            let of = |weakness| told(rules(weakness, has_tags, Vec::new()));
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

    #[test]
    fn the_first_views_have_the_leaders_that_are_given() {
        let leaders = vec![ReplicaId(2), ReplicaId(0)];
        let given = |view| rules(None, false, leaders.clone()).leader(View(view));
        assert_eq!([0, 1, 2, 3].map(given), [None, Some(ReplicaId(2)), Some(ReplicaId(0)), None]);
        assert_eq!(rules(None, false, Vec::new()).leader(View(1)), None);
        assert_eq!(HotStuff.leader(View(1)), None);
    }
}
