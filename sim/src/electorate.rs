//! A committee as it is shown: who has which power, and what makes a quorum. It holds no keys, so that a simulated
//! one, whose keys are none, can be told of like a real one.

use hotstuff_core::{CommitRule, Committee, Event, Power, ReplicaId};
use serde::{Deserialize, Serialize};

/// Who votes with which power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Electorate {
    /// The members and their power, by ascending id.
    pub members: Vec<(ReplicaId, Power)>,
    /// The power that makes a quorum.
    pub quorum: Power,
    /// The most power that may be faulty.
    pub faulty_max: Power,
    /// When a block is committed.
    pub rule: CommitRule,
}

impl From<&Committee> for Electorate {
    fn from(committee: &Committee) -> Self {
        let members = committee.spec().members.iter().map(|member| (member.id, member.power)).collect();
        let (quorum, faulty_max) = (committee.quorum(), committee.faulty_max());
        Self { members, quorum, faulty_max, rule: committee.rule() }
    }
}

impl Electorate {
    /// The power of all members together.
    #[must_use]
    pub fn total(&self) -> Power {
        Power(self.members.iter().map(|(_, power)| power.0).sum())
    }

    /// A member's power; 0 for who is none.
    #[must_use]
    pub fn power(&self, id: ReplicaId) -> Power {
        self.members.iter().find(|(member, _)| *member == id).map_or(Power(0), |(_, power)| *power)
    }

    /// Takes in that a new committee is in force. The power of who is new is told by no event: it counts as 1
    /// until something else is known.
    pub fn event(&mut self, event: &Event) {
        if let Event::EpochBegan { members, quorum, .. } = event {
            let known = self.clone();
            let power = |id: ReplicaId| if known.power(id).0 == 0 { Power(1) } else { known.power(id) };
            self.members = members.iter().map(|id| (*id, power(*id))).collect();
            self.quorum = *quorum;
            self.faulty_max = Power(self.total().0.saturating_sub(quorum.0));
        }
    }
}
