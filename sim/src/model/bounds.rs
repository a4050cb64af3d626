//! Which space is searched.

use crate::weakness::Weakness;
use core::fmt;
use hotstuff_core::CommitRule;

/// The cluster, and how far it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The last view in which anything happens: 1 or more. Beyond it, certificates count that were made in
    /// it, and nothing else.
    pub views: u64,
    /// When a block is committed.
    pub rule: CommitRule,
    /// Whether the first view's leader runs on two hosts, each with a command of its own to propose.
    pub is_twinned: bool,
    /// Whether that replica leads all views; otherwise they lead in turn.
    pub has_fixed_leader: bool,
    /// A rule that all replicas do without.
    pub weakness: Option<Weakness>,
}

impl Default for Bounds {
    /// Two views, three-chain, a twin, leaders by turns, no weakness.
    fn default() -> Self {
        let rule = CommitRule::default();
        Self { views: 2, rule, is_twinned: true, has_fixed_leader: false, weakness: None }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { views, rule, is_twinned, has_fixed_leader, weakness } = self;
        let rule = match rule {
            CommitRule::ThreeChain => "three-chain",
            CommitRule::TwoChain => "two-chain",
        };
        let twins = if *is_twinned { "one of them twice" } else { "each once" };
        let leaders = if *has_fixed_leader { "one leader" } else { "leaders by turns" };
        write!(f, "{rule}, 4 replicas, {twins}, {leaders}, views up to {views}")?;
        weakness.map_or(Ok(()), |weakness| write!(f, ", without {weakness}"))
    }
}

/// Whether a rule is missed in the model at all: not where it is for crashes, forgers or clients that repeat
/// themselves.
#[must_use]
pub fn misses(weakness: Weakness) -> bool {
    use Weakness::{CommitEarly, IgnoreConsecutiveViews, NoLock, QuorumMinusOne, VoteAfterTimeout};
    matches!(weakness, NoLock | QuorumMinusOne | CommitEarly | IgnoreConsecutiveViews | VoteAfterTimeout)
}
