//! Who may be at the other end of a link, by which key, and where it is found.

use crate::config::{CommitteeFile, MemberAddresses};
use hotstuff_core::crypto::{PublicKey, VerifyingKey};
use hotstuff_core::{Committees, ReplicaId};
use std::collections::{BTreeMap, BTreeSet};

/// All replicas that count for links, this one too: members of the committees that count, those of which the
/// last one was a member a short while ago, and those that the committee file lists as joiners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster(BTreeMap<ReplicaId, Entry>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    keys: BTreeSet<PublicKey>,
    addresses: Option<MemberAddresses>,
}

impl Roster {
    /// The members of `committees`, those who are `leaving`, and the joiners of `file`. Whose key a committee
    /// names, the file has no say in: it tells keys only of those whom no committee knows.
    #[must_use]
    pub fn new(
        committees: &Committees,
        leaving: &BTreeSet<(ReplicaId, PublicKey)>,
        file: &CommitteeFile,
    ) -> Self {
        let mut entries: BTreeMap<ReplicaId, Entry> = BTreeMap::new();
        for (id, key) in members(committees) {
            entries.entry(id).or_default().keys.insert(key);
        }
        for (id, key) in &file.joiners {
            entries.entry(*id).or_insert_with(|| Entry { keys: BTreeSet::from([*key]), addresses: None });
        }
        // Whose number is somebody else's by now is not heard out.
        for (id, key) in leaving {
            entries.entry(*id).or_insert_with(|| Entry { keys: BTreeSet::from([*key]), addresses: None });
        }
        for (id, entry) in &mut entries {
            entry.addresses = file.addresses.get(id).cloned();
        }
        Self(entries)
    }

    /// Whether a replica may be linked under a key.
    #[must_use]
    pub fn allows(&self, id: ReplicaId, key: &PublicKey) -> bool {
        self.0.get(&id).is_some_and(|entry| entry.keys.contains(key))
    }

    /// Whether any replica may be linked under a key.
    #[must_use]
    pub fn knows(&self, key: &PublicKey) -> bool {
        self.0.values().any(|entry| entry.keys.contains(key))
    }

    /// The keys under which a replica may be linked; none for a stranger.
    pub fn keys(&self, id: ReplicaId) -> impl Iterator<Item = &PublicKey> + '_ {
        self.0.get(&id).into_iter().flat_map(|entry| &entry.keys)
    }

    /// Where a replica is found, as far as the committee file tells.
    #[must_use]
    pub fn addresses(&self, id: ReplicaId) -> Option<&MemberAddresses> {
        self.0.get(&id).and_then(|entry| entry.addresses.as_ref())
    }

    /// All replicas' ids, ascending.
    pub fn ids(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        self.0.keys().copied()
    }
}

/// Who is in any of the committees, by which key.
pub(super) fn members(committees: &Committees) -> BTreeSet<(ReplicaId, PublicKey)> {
    let of = |id, key: Option<&VerifyingKey>| key.map(|key| (id, key.public()));
    committees.iter().flat_map(|one| one.ids().filter_map(|id| of(id, one.key(id)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
    use hotstuff_core::crypto::{ClusterId, SecretKey};
    use hotstuff_core::leader::LeaderRule;
    use hotstuff_core::{CommitRule, Committee, Power};
    use std::sync::Arc;

    fn key(seed: u8) -> PublicKey {
        SecretKey::from_seed([seed; 32]).public()
    }

    fn committees() -> Committees {
        let member = |id: u8| Member { id: ReplicaId(id.into()), key: key(id), power: Power(1) };
        let spec = CommitteeSpec {
            cluster: ClusterId([7; 32]),
            members: (0..4).map(member).collect(),
            leaders: LeaderRule::default(),
            rule: CommitRule::default(),
            operator: None,
            limits: Limits::default(),
        };
        Committees::of(Arc::new(Committee::new(spec).unwrap()))
    }

    #[test]
    fn what_a_committee_says_of_a_replica_the_file_does_not_change() {
        let committees = committees();
        let mut file = CommitteeFile::new(Arc::clone(committees.newest()), BTreeMap::new());
        let addresses = MemberAddresses { peer: "a:1".parse().unwrap(), http: "a:2".parse().unwrap() };
        // A committee has come to name r3 by now, under another key than the file.
        file.joiners.extend([(ReplicaId(3), key(30)), (ReplicaId(4), key(4))]);
        file.addresses.insert(ReplicaId(3), addresses.clone());
        file.addresses.insert(ReplicaId(9), addresses.clone());
        let leaving =
            BTreeSet::from([(ReplicaId(8), key(8)), (ReplicaId(3), key(33)), (ReplicaId(4), key(44))]);
        let roster = Roster::new(&committees, &leaving, &file);
        assert_eq!(roster.ids().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 8].map(ReplicaId));
        assert!(roster.allows(ReplicaId(3), &key(3)) && !roster.allows(ReplicaId(3), &key(30)));
        assert!(!roster.knows(&key(30)), "a key that is listed for a member's number counts for nobody");
        assert!(roster.allows(ReplicaId(4), &key(4)) && !roster.allows(ReplicaId(0), &key(4)));
        assert!(roster.allows(ReplicaId(8), &key(8)), "who has just left");
        assert!(!roster.knows(&key(33)) && !roster.knows(&key(44)), "their numbers are others' by now");
        assert_eq!(roster.addresses(ReplicaId(3)), Some(&addresses));
        assert_eq!(roster.addresses(ReplicaId(4)), None);
        assert_eq!(roster.addresses(ReplicaId(9)), None, "an address alone makes nobody a peer");
    }
}
