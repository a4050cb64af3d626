//! Which replica leads which view.

use crate::committee::Committee;
use crate::ids::{ReplicaId, View};
use crate::reputation::Reputation;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// How leaders follow each other. The same at all replicas of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaderRule {
    /// Each member in turn, by ascending id: view v is led by member v mod n. Where members have
    /// different power, each leads as many views in a row as a commit takes.
    RoundRobin,
    /// Always the same member; should it be none of the committee, the first. Its failure stops
    /// the cluster: for experiments.
    Fixed(ReplicaId),
    /// Round robin, but members that were silent as leaders, as the committed chain tells, are
    /// passed over for a while (`reputation.rs`).
    #[default]
    Reputation,
}

impl LeaderRule {
    /// The leader of `view`.
    pub(crate) fn leader(self, view: View, committee: &Committee, reputation: &Reputation) -> ReplicaId {
        let members = committee.members();
        let at = |position: u64, count: usize| {
            usize::try_from(position % count as u64).expect("it is below a committee's size")
        };
        let turn = view.0 / committee.views_in_a_row();
        let in_turn = members[at(turn, members.len())].id;
        match self {
            Self::RoundRobin => in_turn,
            Self::Fixed(id) => {
                if committee.contains(id) {
                    id
                } else {
                    members[0].id
                }
            }
            Self::Reputation => {
                let suspended = reputation.suspended(committee, view);
                if !suspended.contains(&in_turn) {
                    return in_turn;
                }
                // Its turns go to the others in turn, so nobody leads much more than the rest.
                let others: Vec<ReplicaId> = committee.ids().filter(|id| !suspended.contains(id)).collect();
                others[at(turn / members.len() as u64, others.len())]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::committee::testing::committee_of;

    fn leaders(rule: LeaderRule, reputation: &Reputation, views: core::ops::Range<u64>) -> Vec<u16> {
        let committee = committee_of(4);
        views.map(|view| rule.leader(View(view), &committee, reputation).0).collect()
    }

    #[test]
    fn leaders_take_turns_unless_one_is_fixed() {
        let none = Reputation::default();
        assert_eq!(leaders(LeaderRule::RoundRobin, &none, 1..6), [1, 2, 3, 0, 1]);
        assert_eq!(leaders(LeaderRule::Reputation, &none, 1..6), [1, 2, 3, 0, 1]);
        assert_eq!(leaders(LeaderRule::Fixed(ReplicaId(2)), &none, 1..4), [2, 2, 2]);
        assert_eq!(leaders(LeaderRule::Fixed(ReplicaId(9)), &none, 1..4), [0, 0, 0], "no member");
    }

    #[test]
    fn the_turns_of_a_silent_leader_go_to_the_others_in_turn() {
        let mut silent = Reputation::default();
        silent.note_silent(ReplicaId(1), View(1));
        assert_eq!(leaders(LeaderRule::RoundRobin, &silent, 4..6), [0, 1]);
        let passed_over = leaders(LeaderRule::Reputation, &silent, 4..17);
        assert_eq!(passed_over, [0, 2, 2, 3, 0, 3, 2, 3, 0, 0, 2, 3, 0]);
    }
}
