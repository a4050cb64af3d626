//! Views whose leader and partition are given, as Twins has them (Bano et al., 2021, section 5).

use crate::config::{SimConfig, SimError};
use crate::ids::HostId;
use crate::network::view_of;
use hotstuff_core::{Message, ReplicaId, View};
use serde::{Deserialize, Serialize};

/// The most views that a script may have.
pub const SCRIPT_VIEWS_MAX: usize = 64;

/// One view of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptedView {
    /// Who leads it.
    pub leader: ReplicaId,
    /// Only hosts of the same part hear each other; one in no part is alone.
    pub parts: Vec<Vec<HostId>>,
}

/// The first views of a cluster, from view 1 on; by default, none.
///
/// The leaders hold for the whole run, the partitions until the network is stable
/// ([`Intervention::Stabilize`](crate::Intervention::Stabilize)). In views beyond the script the config's
/// leader rule holds, and everyone hears everyone.
///
/// A proposal, vote or timeout goes by the partition of the view that it is of, and a new-view by that of the
/// highest view that it has a certificate of: whoever still is in that view, and hears the sender in it, is
/// told how it ended. Blocks and snapshots that are asked for are of many views; question and answer go by
/// the view that their sender is in. So who was left behind gets what is missing from those it hears later.
///
/// So long as the partitions hold, a replica's first host hears of clients those with even numbers, and its
/// twin the others: else the two would propose the same block, and that is no equivocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ViewScript(pub Vec<ScriptedView>);

impl ViewScript {
    /// Who leads the scripted views, in their order.
    pub fn leaders(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        self.0.iter().map(|scripted| scripted.leader)
    }

    /// Checks that all that it names is part of the cluster.
    ///
    /// # Errors
    /// [`SimError::ScriptLength`] or [`SimError::UnknownHost`].
    pub(crate) fn check(&self, config: &SimConfig) -> Result<(), SimError> {
        if self.0.len() > SCRIPT_VIEWS_MAX {
            return Err(SimError::ScriptLength(self.0.len()));
        }
        let leaders = self.leaders().map(HostId::from);
        let hosts = self.0.iter().flat_map(|scripted| scripted.parts.iter().flatten().copied());
        let is_there = |host: &HostId| {
            host.replica.0 < config.replicas && (!host.twin || config.twins.contains(&host.replica))
        };
        let stranger = leaders.chain(hosts).find(|host| !is_there(host));
        stranger.map_or(Ok(()), |host| Err(SimError::UnknownHost(host)))
    }

    /// Whether what one host sends in a view does not reach another.
    pub(crate) fn separates(&self, view: View, from: HostId, to: HostId) -> bool {
        let at = view.0.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let Some(scripted) = at.and_then(|at| self.0.get(at)) else { return false };
        let part = |host: HostId| scripted.parts.iter().position(|part| part.contains(&host));
        part(from).is_none() || part(from) != part(to)
    }
}

/// The view that a message is of; `None` where it goes by the view that its sender is in.
pub(crate) fn own_view(message: &Message) -> Option<View> {
    match message {
        Message::Proposal(_) | Message::Vote(_) | Message::Timeout(_) | Message::NewView(_) => {
            view_of(message)
        }
        Message::FetchRequest(_)
        | Message::FetchResponse(_)
        | Message::SnapshotRequest(_)
        | Message::SnapshotChunk(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const R0: ReplicaId = ReplicaId(0);

    fn host(id: u16) -> HostId {
        ReplicaId(id).into()
    }

    fn script() -> ViewScript {
        let parts = vec![vec![host(0), host(1)], vec![host(2), HostId::twin_of(R0)]];
        ViewScript(vec![ScriptedView { leader: R0, parts: Vec::new() }, ScriptedView { leader: R0, parts }])
    }

    #[test]
    fn hosts_of_one_part_hear_each_other_and_those_in_none_are_alone() {
        let script = script();
        let separates = |view, from, to| script.separates(View(view), from, to);
        assert!(!separates(0, host(0), host(2)), "the genesis block's view is nobody's");
        assert!(separates(1, host(0), host(1)), "all are alone");
        assert!(!separates(2, host(0), host(1)) && !separates(2, HostId::twin_of(R0), host(2)));
        assert!(separates(2, host(0), host(2)) && separates(2, host(0), HostId::twin_of(R0)));
        assert!(separates(2, host(3), host(0)) && separates(2, host(0), host(3)));
        assert!(!separates(3, host(0), host(2)), "beyond the script");
    }

    #[test]
    fn a_script_names_only_what_there_is() {
        let config = SimConfig { twins: vec![R0], ..SimConfig::default() };
        assert_eq!(script().check(&config), Ok(()));
        let twin = HostId::twin_of(R0);
        assert_eq!(script().check(&SimConfig::default()), Err(SimError::UnknownHost(twin)));
        let led_by = |leader| ScriptedView { leader, parts: Vec::new() };
        let stranger = ViewScript(vec![led_by(ReplicaId(4))]);
        assert_eq!(stranger.check(&config), Err(SimError::UnknownHost(host(4))));
        let long = ViewScript(vec![led_by(R0); 65]);
        assert_eq!(long.check(&config), Err(SimError::ScriptLength(65)));
    }
}
