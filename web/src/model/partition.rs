//! Who does not hear whom: cuts, told as groups where they are groups, and one by one where they are not.

use hotstuff_sim::HostId;
use std::collections::{BTreeMap, BTreeSet};

/// The cuts of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    /// Groups that hear each other within, and nobody beyond; none where cuts are of another kind.
    pub groups: Vec<Vec<HostId>>,
    /// Pairs of which neither hears the other, the lower first.
    pub both: Vec<(HostId, HostId)>,
    /// From whom nothing reaches whom, who is heard in turn.
    pub one_way: Vec<(HostId, HostId)>,
}

impl Partition {
    /// What cuts between `hosts` come to.
    #[must_use]
    pub fn of(hosts: &[HostId], cuts: &[(HostId, HostId)]) -> Self {
        let cut: BTreeSet<(HostId, HostId)> = cuts.iter().copied().collect();
        let (mut both, mut one_way) = (Vec::new(), Vec::new());
        for (from, to) in &cut {
            match cut.contains(&(*to, *from)) {
                true if from < to => both.push((*from, *to)),
                true => {}
                false => one_way.push((*from, *to)),
            }
        }
        let groups = if one_way.is_empty() { groups(hosts, &cut) } else { Vec::new() };
        Self { groups, both, one_way }
    }
}

/// Groups of those who hear each other, if that is all there is to say: more than one, and nobody is heard beyond.
fn groups(hosts: &[HostId], cut: &BTreeSet<(HostId, HostId)>) -> Vec<Vec<HostId>> {
    let mut group_of: BTreeMap<HostId, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<HostId>> = Vec::new();
    for host in hosts {
        let hears = |group: &Vec<HostId>| !cut.contains(&(*host, group[0]));
        let at = groups.iter().position(hears).unwrap_or(groups.len());
        if at == groups.len() {
            groups.push(Vec::new());
        }
        groups[at].push(*host);
        group_of.insert(*host, at);
    }
    let is_cut_as_grouped = hosts.iter().all(|one| {
        let others = hosts.iter().filter(|other| *other != one);
        others.into_iter().all(|other| (group_of[one] != group_of[other]) == cut.contains(&(*one, *other)))
    });
    if groups.len() > 1 && is_cut_as_grouped { groups } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::ReplicaId;

    fn host(id: u16) -> HostId {
        ReplicaId(id).into()
    }

    fn hosts() -> Vec<HostId> {
        (0..4).map(host).collect()
    }

    fn pairs(pairs: &[(u16, u16)]) -> Vec<(HostId, HostId)> {
        pairs.iter().map(|(from, to)| (host(*from), host(*to))).collect()
    }

    #[test]
    fn two_sides_that_do_not_hear_each_other_are_two_groups() {
        let cuts = pairs(&[(0, 2), (2, 0), (0, 3), (3, 0), (1, 2), (2, 1), (1, 3), (3, 1)]);
        let partition = Partition::of(&hosts(), &cuts);
        assert_eq!(partition.groups, [vec![host(0), host(1)], vec![host(2), host(3)]]);
        assert_eq!((partition.both.len(), partition.one_way.len()), (4, 0));
    }

    #[test]
    fn single_cuts_are_told_one_by_one() {
        let partition = Partition::of(&hosts(), &pairs(&[(0, 1), (2, 3), (3, 2)]));
        assert_eq!(partition.groups, Vec::<Vec<HostId>>::new());
        assert_eq!((partition.both, partition.one_way), (pairs(&[(2, 3)]), pairs(&[(0, 1)])));
        let both_ways = Partition::of(&hosts(), &pairs(&[(2, 3), (3, 2)]));
        assert_eq!(both_ways.groups, Vec::<Vec<HostId>>::new(), "r0 and r1 hear both");
        assert_eq!(Partition::of(&hosts(), &[]), Partition::default());
    }
}
