//! Voting powers that differ, and committees that change, as they are drawn.

use super::draw::Draw;
use crate::config::SimConfig;
use crate::ids::HostId;
use crate::request::Reconfiguration;
use hotstuff_core::{Power, ReplicaId};

/// The first committee, and whether and how it will change.
pub(super) struct Drawn {
    powers: Vec<Power>,
    joiners: u16,
    /// Whether the operator asks for changes at all.
    changes: bool,
}

impl Drawn {
    /// Powers and changes for a run. Names powers and joiners in `config`.
    pub(super) fn of(draw: &mut Draw, config: &mut SimConfig) -> Self {
        let is_weighted = draw.once_in(3);
        let powers: Vec<Power> =
            (0..config.replicas).map(|_| Power(if is_weighted { draw.within(1, 4) } else { 1 })).collect();
        let changes = draw.once_in(3);
        let joiners = if changes { draw.one_of(&[0, 1, 1, 2]) } else { 0 };
        if is_weighted {
            config.powers.clone_from(&powers);
        }
        config.joiners = joiners;
        Self { powers, joiners, changes }
    }

    /// A member's power.
    pub(super) fn power(&self, id: ReplicaId) -> u64 {
        self.powers[usize::from(id.0)].0
    }

    /// How much power may be corrupt, whatever changes are made: the most powerful may leave.
    pub(super) fn corruptible_max(&self) -> u64 {
        let total: u64 = self.powers.iter().map(|power| power.0).sum();
        let leaving =
            if self.changes { self.powers.iter().map(|power| power.0).max().unwrap_or(0) } else { 0 };
        (total - leaving).saturating_sub(1) / 3
    }

    /// Who may join.
    pub(super) fn joiners(&self) -> impl Iterator<Item = ReplicaId> {
        let members = self.members();
        (0..self.joiners).map(move |number| ReplicaId(members + number))
    }

    /// What the operator asks for. One member leaves at most, and powers only grow: what is corrupt
    /// must stay at most f.
    pub(super) fn changes(&self, draw: &mut Draw, honest: &[HostId]) -> Vec<Reconfiguration> {
        if !self.changes {
            return Vec::new();
        }
        let members: Vec<ReplicaId> = (0..self.members()).map(ReplicaId).collect();
        let honest: Vec<ReplicaId> =
            honest.iter().map(|host| host.replica).filter(|id| members.contains(id)).collect();
        let add =
            |replica, draw: &mut Draw| Reconfiguration::Add { replica, power: Power(draw.within(1, 3)) };
        let mut changes: Vec<Reconfiguration> = self.joiners().map(|replica| add(replica, draw)).collect();
        if draw.once_in(2) {
            changes.push(Reconfiguration::Remove(draw.one_of(&members)));
        }
        for _ in 0..draw.within(0, 2) {
            let replica = draw.one_of(&honest);
            let power = Power(self.power(replica) + draw.within(1, 2));
            changes.push(Reconfiguration::SetPower { replica, power });
        }
        changes
    }

    fn members(&self) -> u16 {
        u16::try_from(self.powers.len()).expect("as many as the config says")
    }
}
