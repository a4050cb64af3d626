//! Who was silent as a leader, by the committed chain: the memory of [`LeaderRule::Reputation`].
//!
//! A view is skipped where a block's parent is of an earlier view than the one before; its leader
//! was silent then. Such a leader is passed over until it shows in a committed certificate that it
//! is alive. One that votes but keeps silent as a leader is passed over for longer each time. All
//! of this is a function of the committed chain, so the replicas agree on it; and no more than f
//! are ever passed over, so that faulty leaders cannot lock honest ones out by blaming them.
//!
//! [`LeaderRule::Reputation`]: crate::leader::LeaderRule::Reputation

use crate::committee::Committee;
use crate::ids::{Power, ReplicaId, View};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;
use serde::{Deserialize, Serialize};

/// For how many turns of all leaders one is passed over that relapsed, the first time.
const RELAPSE_TURNS: u64 = 8;
/// For how many turns one is passed over at most; then it is tried again.
const TURNS_MAX: u64 = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Silence {
    /// The last view it was silent in.
    last: View,
    /// How often it was silent again after it had voted.
    relapses: u32,
    /// Whether it has voted since.
    is_back: bool,
}

impl Silence {
    fn turns(self) -> u64 {
        match (self.is_back, self.relapses) {
            (false, _) => TURNS_MAX,
            (true, 0) => 0,
            (true, relapses) => {
                let doubled = 1u64.checked_shl(relapses - 1).unwrap_or(u64::MAX);
                RELAPSE_TURNS.saturating_mul(doubled).min(TURNS_MAX)
            }
        }
    }
}

/// The leaders that were silent and have not led a committed block since.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reputation {
    silences: BTreeMap<ReplicaId, Silence>,
}

impl Reputation {
    /// Notes that `leader` left `view` without a block.
    pub(crate) fn note_silent(&mut self, leader: ReplicaId, view: View) {
        let fresh = Silence { last: view, relapses: 0, is_back: false };
        let silence = self.silences.entry(leader).or_insert(fresh);
        silence.relapses = silence.relapses.saturating_add(u32::from(silence.is_back));
        silence.is_back = false;
        silence.last = silence.last.max(view);
    }

    /// Notes that `voter` signed a certificate of `view`.
    pub(crate) fn note_voted(&mut self, voter: ReplicaId, view: View) {
        if let Some(silence) = self.silences.get_mut(&voter).filter(|silence| silence.last < view) {
            silence.is_back = true;
        }
    }

    /// Notes that `proposer` led a block that is committed.
    pub(crate) fn note_led(&mut self, proposer: ReplicaId) {
        self.silences.remove(&proposer);
    }

    /// Forgets who is no member any more.
    pub(crate) fn retain_members(&mut self, committee: &Committee) {
        self.silences.retain(|id, _| committee.contains(*id));
    }

    /// Who is passed over in `view`: the worst, of no more power than f together.
    pub(crate) fn suspended(&self, committee: &Committee, view: View) -> BTreeSet<ReplicaId> {
        let turn = committee.size() as u64;
        let is_out = |silence: &Silence| view.0.saturating_sub(silence.last.0) <= silence.turns() * turn;
        let out = self.silences.iter().filter(|(_, silence)| is_out(silence) && silence.turns() > 0);
        let mut worst: Vec<_> =
            out.map(|(id, silence)| (Reverse((silence.relapses, silence.last)), *id)).collect();
        worst.sort_unstable();
        let mut suspended = BTreeSet::new();
        let mut power = Power(0);
        for (_, id) in worst {
            let together = power + committee.power(id);
            if together <= committee.faulty_max() {
                power = together;
                suspended.insert(id);
            }
        }
        suspended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit_rule::CommitRule;
    use crate::committee::testing::{committee_of, spec_of};

    const R1: ReplicaId = ReplicaId(1);
    const R2: ReplicaId = ReplicaId(2);

    fn is_out(reputation: &Reputation, id: ReplicaId, view: u64) -> bool {
        reputation.suspended(&committee_of(4), View(view)).contains(&id)
    }

    #[test]
    fn a_silent_leader_is_passed_over_until_it_votes_or_long_enough() {
        let mut reputation = Reputation::default();
        assert!(!is_out(&reputation, R1, 5));
        reputation.note_silent(R1, View(5));
        reputation.note_voted(R1, View(5));
        assert!(is_out(&reputation, R1, 6), "that vote came before it fell silent");
        assert!(is_out(&reputation, R1, 5 + 4 * TURNS_MAX) && !is_out(&reputation, R1, 6 + 4 * TURNS_MAX));
        reputation.note_voted(R1, View(6));
        assert!(!is_out(&reputation, R1, 7));
    }

    #[test]
    fn one_that_votes_but_does_not_lead_is_passed_over_for_longer_each_time_until_it_leads() {
        let mut reputation = Reputation::default();
        let mut view = 1;
        for turns in [0, 8, 16, 32, 64, 128, 256, 256] {
            reputation.note_silent(R1, View(view));
            reputation.note_voted(R1, View(view + 1));
            assert!(turns == 0 || is_out(&reputation, R1, view + 4 * turns));
            assert!(!is_out(&reputation, R1, view + 4 * turns + 1), "{turns} turns");
            view += 4 * turns + 4;
        }
        reputation.note_led(R1);
        assert_eq!(reputation, Reputation::default());
    }

    #[test]
    fn no_more_than_f_are_passed_over() {
        let mut reputation = Reputation::default();
        reputation.note_silent(R1, View(5));
        reputation.note_silent(R2, View(6));
        assert!(is_out(&reputation, R2, 7) && !is_out(&reputation, R1, 7), "the latest counts");
        reputation.note_voted(R1, View(6));
        reputation.note_silent(R1, View(9));
        assert!(is_out(&reputation, R1, 10) && !is_out(&reputation, R2, 10), "a relapse counts more");
        let weighted = Committee::new(spec_of(&[4, 1, 1, 4], CommitRule::ThreeChain)).unwrap();
        let out = |reputation: &Reputation| reputation.suspended(&weighted, View(10));
        reputation.note_silent(ReplicaId(0), View(9));
        assert_eq!(out(&reputation), [R1, R2].into(), "one with more power than f is never passed over");
        reputation.retain_members(&committee_of(1));
        reputation.note_led(ReplicaId(0));
        assert_eq!(reputation, Reputation::default());
    }
}
