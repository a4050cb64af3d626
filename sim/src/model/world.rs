//! What is the same in all states: the cluster, and the one copy of each thing that states share.

use super::Bounds;
use super::local::Local;
use super::message::{Key, Posted};
use crate::cluster;
use crate::config::{Signatures, SimConfig, SimError};
use crate::ids::{ClientNumber, HostId};
use hotstuff_core::command::Command;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::replica::Setup;
use hotstuff_core::{
    BlockRef, Committees, Input, Recovered, Replica, ReplicaId, SequenceNumber, Time, View, verify,
};
use hotstuff_kv::{KvStore, Operation};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

/// How many replicas there are.
const REPLICAS: u16 = 4;
/// Who leads the first view, whatever the rule for leaders; the one that may run twice.
pub(super) const FIRST_LEADER: ReplicaId = ReplicaId(1);

/// What is the same in all states.
pub(super) struct World {
    pub(super) bounds: Bounds,
    pub(super) config: SimConfig,
    committees: Committees,
    hosts: Vec<HostId>,
    locals: Mutex<HashMap<Key, Arc<Local>>>,
    posted: Mutex<HashMap<Key, Arc<Posted>>>,
    /// The properties whose first state of interest is found: a checker keeps the last that it is told of.
    settled: Mutex<BTreeSet<&'static str>>,
}

impl World {
    pub(super) fn new(bounds: Bounds) -> Result<Self, SimError> {
        let config = SimConfig {
            replicas: REPLICAS,
            twins: if bounds.is_twinned { vec![FIRST_LEADER] } else { Vec::new() },
            leaders: match bounds.has_fixed_leader {
                true => LeaderRule::Fixed(FIRST_LEADER),
                false => LeaderRule::RoundRobin,
            },
            rule: bounds.rule,
            weakness: bounds.weakness,
            signatures: Signatures::Tags,
            ..SimConfig::default()
        };
        let committee = Arc::new(cluster::committee(&config)?);
        let twins = config.twins.iter().map(|replica| HostId::twin_of(*replica));
        let hosts = committee.ids().map(HostId::from).chain(twins).collect();
        let committees = Committees::of(committee);
        let (locals, posted, settled) = (Mutex::default(), Mutex::default(), Mutex::default());
        Ok(Self { bounds, config, committees, hosts, locals, posted, settled })
    }

    pub(super) fn hosts(&self) -> &[HostId] {
        &self.hosts
    }

    pub(super) fn committees(&self) -> &Committees {
        &self.committees
    }

    pub(super) fn genesis(&self) -> BlockRef {
        self.committees.newest().genesis_qc().block
    }

    pub(super) fn last_view(&self) -> View {
        View(self.bounds.views)
    }

    /// The one copy of a host's state.
    pub(super) fn know(&self, local: Local) -> Arc<Local> {
        let mut locals = self.locals.lock().expect("adding does not panic");
        locals.entry(local.key()).or_insert_with(|| Arc::new(local)).clone()
    }

    /// The one copy of a message; `None` where it is about a view that is out of bounds.
    pub(super) fn post(&self, posted: Posted) -> Option<Arc<Posted>> {
        if posted.view > self.last_view() {
            return None;
        }
        let mut known = self.posted.lock().expect("adding does not panic");
        Some(known.entry(posted.key()).or_insert_with(|| Arc::new(posted)).clone())
    }

    /// Whether a state is the first that is of interest to a property, if it is at all.
    pub(super) fn is_first(&self, property: &'static str, is_of_interest: impl FnOnce() -> bool) -> bool {
        let is_known = || self.settled.lock().expect("looking does not panic").contains(property);
        !is_known()
            && is_of_interest()
            && self.settled.lock().expect("adding does not panic").insert(property)
    }

    /// How many different states hosts were found in.
    pub(super) fn local_count(&self) -> usize {
        self.locals.lock().expect("counting does not panic").len()
    }

    /// What hosts have remembered, as far as it makes a difference to others.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> std::collections::BTreeSet<String> {
        let locals = self.locals.lock().expect("looking does not panic");
        locals.values().filter_map(|local| local.remembered()).collect()
    }

    /// A host's replica as it starts, and the command that it then gets from a client.
    ///
    /// # Errors
    /// When the replica cannot be.
    pub(super) fn boot(&self, host: HostId) -> Result<(Replica<KvStore>, Option<Command>), SimError> {
        let committee = self.committees.newest().clone();
        let key = cluster::replica_key(&self.config, host.replica);
        let setup =
            Setup { id: host.replica, key, committee, joins_later: false, config: self.config.replica };
        let replica = Replica::new(setup, KvStore::default(), Recovered::default(), Time(0))?;
        let command = (host.replica == FIRST_LEADER).then(|| {
            let client = cluster::client_key(&self.config, ClientNumber(0));
            let number = 1 + u8::from(host.twin);
            let operation = Operation::Set { key: b"key".to_vec(), value: vec![number] };
            let cluster = self.committees.newest().cluster();
            Command::signed(&client, cluster, SequenceNumber(number.into()), operation.encode())
        });
        Ok((replica, command))
    }

    /// A command as a replica takes it in.
    pub(super) fn admitted(&self, command: Command) -> Input {
        Input::Command(verify::command(self.committees.newest(), command).expect("its client signed it"))
    }
}

impl Drop for World {
    /// What states lead to goes round in circles, which would keep each other alive.
    fn drop(&mut self) {
        if let Ok(locals) = self.locals.get_mut() {
            locals.values().for_each(|local| local.forget());
        }
    }
}
