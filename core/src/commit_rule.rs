//! The two commit rules, and all that differs between them.

use crate::block::Block;
use crate::certificate::{BlockRef, TimeoutCertificate};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// When a block is committed. The same at all replicas of a cluster.
///
/// Everything else of the protocol is one code path; these methods are the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommitRule {
    /// HotStuff (algorithm 5): a block is locked by a certified child, and committed by a
    /// certified child and grandchild in consecutive views. A leader may propose on any QC that
    /// is newer than the voters' locks, so a view change needs no more than one new-view.
    #[default]
    ThreeChain,
    /// Jolteon (figure 1), DiemBFT v4: a certified block is locked, and committed by a certified
    /// child in the next view. One round trip less; in exchange, a leader that follows a failed
    /// view must show by a timeout certificate that its justify is the newest among a quorum's.
    TwoChain,
}

impl CommitRule {
    /// How far above a block its lock comes: by how many generations of certified descendants.
    #[must_use]
    pub const fn lock_depth(self) -> usize {
        match self {
            Self::ThreeChain => 1,
            Self::TwoChain => 0,
        }
    }

    /// How many generations of certified descendants, in consecutive views, commit a block.
    #[must_use]
    pub const fn commit_depth(self) -> usize {
        self.lock_depth() + 1
    }

    /// Whether a block is safe to vote for, as far as this rule decides. `extends_lock` says
    /// whether its branch contains `lock`; `tc` is the proof that its view may begin, where its
    /// justify is not of the view before.
    ///
    /// # Errors
    /// The clause that refuses (HotStuff, algorithm 4, `safeNode`; Jolteon, figure 2, `safe to vote`).
    pub(crate) fn check(
        self,
        block: &Block,
        tc: Option<&TimeoutCertificate>,
        lock: BlockRef,
        extends_lock: bool,
    ) -> Result<(), Refusal> {
        let (view, justify) = (block.view(), block.justify().view());
        match self {
            Self::ThreeChain if extends_lock || justify > lock.view => Ok(()),
            Self::ThreeChain => Err(Refusal::BelowLock { justify, lock }),
            Self::TwoChain if view.follows(justify) => Ok(()),
            Self::TwoChain => match tc.filter(|tc| view.follows(tc.view)) {
                Some(tc) if justify >= tc.high_qc.view() => Ok(()),
                Some(tc) => Err(Refusal::BelowTimeouts { justify, high_qc: tc.high_qc.view() }),
                None => Err(Refusal::ViewNotJustified { view, justify }),
            },
        }
    }
}
