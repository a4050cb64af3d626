//! The simulator: one queue of events, and the hosts that they happen to.

use crate::checkers::{Checkers, Sent, Violation};
use crate::client::{ClientHost, CommandResult};
use crate::cluster;
use crate::config::{CLIENTS_MAX, SimConfig, SimError, Workload};
use crate::history::History;
use crate::host::{Host, HostView};
use crate::ids::{ClientNumber, HostId};
use crate::in_flight::InFlight;
use crate::intervention::{Intervened, Intervention};
use crate::network::{Network, Packet};
use crate::queue::Queue;
use crate::rng::Rng;
use crate::step::Step;
use crate::trace::Trace;
use crate::weakness::Weakness;
use hotstuff_core::crypto::Digest;
use hotstuff_core::replica::{Replica, Setup};
use hotstuff_core::{Committee, Event, Input, ReplicaId, Time};
use hotstuff_kv::KvStore;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What stands in the queue.
#[derive(Clone)]
pub(crate) enum Due {
    Start(HostId),
    Arrival(Packet),
    Timer(HostId),
    /// A crash that happened within the step before, to be told.
    Killed(HostId),
    /// The disk's answer.
    Loaded {
        host: HostId,
        peer: ReplicaId,
        input: Box<Input>,
    },
    Workload(ClientNumber),
    ClientTimer(ClientNumber),
}

/// A simulated cluster in the midst of a run.
///
/// A run is a function of its [`SimConfig`] and its interventions: the same give the same steps
/// and the same [`trace_hash`](Self::trace_hash) on every platform.
#[derive(Clone)]
pub struct Sim {
    pub(crate) config: SimConfig,
    pub(crate) committee: Arc<Committee>,
    pub(crate) now: Time,
    pub(crate) steps: u64,
    pub(crate) queue: Queue<Due>,
    /// Boxed: a map has room for more of them than there are.
    pub(crate) hosts: BTreeMap<HostId, Box<Host>>,
    /// Hosts that have not kept to the protocol, or need not.
    pub(crate) faulty: BTreeSet<HostId>,
    pub(crate) clients: BTreeMap<ClientNumber, ClientHost>,
    pub(crate) results: Vec<CommandResult>,
    pub(crate) history: History,
    /// Whether results and history are kept.
    pub(crate) keeps_history: bool,
    pub(crate) network: Network,
    /// Chance in hosts: what torn writes leave, what corrupt replicas do.
    pub(crate) chance: Rng,
    /// What the step under way has received, and has sent.
    pub(crate) received: Option<Sent>,
    pub(crate) sent: Vec<Sent>,
    /// What the step under way, or the last one, has put on its way between hosts.
    pub(crate) posted: Vec<InFlight>,
    /// Room for the next step's events: empty, and as long as was needed before.
    pub(crate) room: Vec<Event>,
    pub(crate) trace: Trace,
    pub(crate) checkers: Checkers,
    pub(crate) violation: Option<Violation>,
    interventions: Vec<Intervened>,
}

impl Sim {
    /// A cluster at time 0, about to start.
    ///
    /// # Errors
    /// When there are no or too many replicas or clients, or links or replicas cannot be as they are
    /// to be.
    pub fn new(config: SimConfig) -> Result<Self, SimError> {
        config.links.check()?;
        config.script.check(&config)?;
        if config.clients == 0 || config.clients > CLIENTS_MAX {
            return Err(SimError::Clients(config.clients));
        }
        let committee = Arc::new(cluster::committee(&config)?);
        let now = Time(0);
        let mut queue = Queue::new();
        let mut hosts = BTreeMap::new();
        let mut faulty = BTreeSet::new();
        for &replica in &config.twins {
            let twin = HostId::twin_of(replica);
            if !committee.contains(replica) {
                return Err(SimError::UnknownHost(twin));
            }
            faulty.extend([HostId::from(replica), twin]);
        }
        let twins = faulty.iter().copied().filter(|host| host.twin);
        let joiners = (0..config.joiners).map(|number| ReplicaId(config.replicas + number));
        for host in committee.ids().chain(joiners).map(HostId::from).chain(twins) {
            let (id, key) = (host.replica, cluster::replica_key(&config, host.replica));
            let committee = committee.clone();
            let joins_later = !committee.contains(id);
            let setup = Setup { id, key, committee, joins_later, config: config.replica };
            let is_lazy = config.weakness == Some(Weakness::PersistAfterSend);
            hosts.insert(host, Box::new(Host::new(host, setup, now, is_lazy)?));
            queue.push(now, Due::Start(host));
        }
        let mut clients = BTreeMap::new();
        let operator = (ClientNumber::OPERATOR, Workload::default());
        let numbers = (0..config.clients).map(|number| (ClientNumber(number), config.workload));
        for (number, workload) in numbers.chain([operator]) {
            let key = cluster::client_key(&config, number);
            let client = ClientHost::new(number, key, committee.clone(), workload);
            if let Some(time) = client.next_generation(now) {
                queue.push(time, Due::Workload(number));
            }
            clients.insert(number, client);
        }
        Ok(Self {
            network: Network::new(&config, Rng::new(config.seed, 0)),
            chance: Rng::new(config.seed, 1),
            checkers: Checkers::new(&config, &committee),
            committee,
            now,
            steps: 0,
            queue,
            hosts,
            faulty,
            clients,
            results: Vec::new(),
            history: History::default(),
            received: None,
            sent: Vec::new(),
            posted: Vec::new(),
            keeps_history: true,
            room: Vec::new(),
            trace: Trace::new(),
            violation: None,
            interventions: Vec::new(),
            config,
        })
    }

    /// Makes a recorded run again, up to its first `steps` steps: as many as there are before a
    /// violation or the end of the queue. Interventions of later steps are left out.
    ///
    /// # Errors
    /// When the config cannot be, or an intervention does not fit where it is said to have been:
    /// the record is of another run.
    pub fn rerun(config: SimConfig, interventions: &[Intervened], steps: u64) -> Result<Self, SimError> {
        let mut sim = Self::new(config)?;
        let mut interventions = interventions.iter().peekable();
        while sim.steps < steps {
            if let Some(intervened) = interventions.next_if(|next| next.step <= sim.steps) {
                sim.intervene_again(intervened)?;
            } else if sim.step().is_none() {
                break;
            }
        }
        Ok(sim)
    }

    /// What the run is made from.
    #[must_use]
    pub fn config(&self) -> &SimConfig {
        &self.config
    }

    /// The committee.
    #[must_use]
    pub fn committee(&self) -> &Committee {
        &self.committee
    }

    /// The time: that of the last step, or the later one up to which the run was let go.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many steps there have been, which is the next one's index.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// When the next step is due by itself. `None` when nothing will ever happen any more, or the
    /// run is frozen.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        if self.violation.is_some() { None } else { self.queue.next_time() }
    }

    /// Lets the next queued event happen. `None` as in [`next_time`](Self::next_time).
    pub fn step(&mut self) -> Option<Step> {
        if self.violation.is_some() {
            return None;
        }
        self.posted.clear();
        let (ticket, due) = self.queue.pop()?;
        self.now = self.now.max(ticket.0);
        let (host, cause) = self.happen(ticket, due);
        Some(self.conclude(host, cause))
    }

    /// Lets all happen that is due at `time` or before, and each step be seen by `sink`. Then it is
    /// `time`, unless a violation froze the run before.
    pub fn run_until(&mut self, time: Time, mut sink: impl FnMut(&Step)) {
        while self.next_time().is_some_and(|next| next <= time) {
            if let Some(mut step) = self.step() {
                sink(&step);
                step.events.clear();
                self.room = step.events;
            }
        }
        if self.violation.is_none() {
            self.now = self.now.max(time);
        }
    }

    /// Does something to the cluster, now.
    ///
    /// # Errors
    /// When it cannot be done. Then nothing has happened.
    pub fn intervene(&mut self, what: Intervention) -> Result<Step, SimError> {
        if self.violation.is_some() {
            return Err(SimError::Frozen);
        }
        self.posted.clear();
        let (host, cause) = self.apply(&what)?;
        self.interventions.push(Intervened { step: self.steps, time: self.now, what });
        Ok(self.conclude(host, cause))
    }

    /// Does a recorded intervention again, at the same step and time of what must be the same run.
    ///
    /// # Errors
    /// When the run does not stand where the intervention belongs, or it cannot be done there.
    pub fn intervene_again(&mut self, intervened: &Intervened) -> Result<Step, SimError> {
        let Intervened { step, time, ref what } = *intervened;
        let is_overdue = self.queue.next_time().is_some_and(|next| next < time);
        if step != self.steps || time < self.now || is_overdue {
            return Err(SimError::OutOfPlace { step, time });
        }
        self.now = time;
        self.intervene(what.clone())
    }

    /// All interventions so far. With the config they make the run again.
    #[must_use]
    pub fn interventions(&self) -> &[Intervened] {
        &self.interventions
    }

    /// The hosts at a glance, by ascending id.
    pub fn hosts(&self) -> impl Iterator<Item = HostView> {
        self.hosts.values().map(|host| host.view())
    }

    /// The replica of a host that is up.
    #[must_use]
    pub fn replica(&self, host: impl Into<HostId>) -> Option<&Replica<KvStore>> {
        self.hosts.get(&host.into())?.replica()
    }

    /// The hosts that have not kept to the protocol since the start, or need not: twins, corrupt
    /// ones, and those whose disk was lost.
    #[must_use]
    pub fn faulty(&self) -> &BTreeSet<HostId> {
        &self.faulty
    }

    /// The directions in which nothing arrives now, whatever its view.
    pub fn cuts(&self) -> impl Iterator<Item = (HostId, HostId)> + '_ {
        self.network.cuts()
    }

    /// From here on keeps neither [`replies`](Self::replies) nor [`history`](Self::history), which grow with
    /// the run; steps tell both.
    pub fn forget_history(&mut self) {
        self.keeps_history = false;
        self.results = Vec::new();
        self.history = History::default();
    }

    /// All commands that clients have sent, and what became of them.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// One digest for all steps so far: time, cause, events and results of each.
    #[must_use]
    pub fn trace_hash(&self) -> Digest {
        self.trace.digest()
    }

    /// What a checker found, which froze the run.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// What became of the clients' commands so far, in the order in which they learnt it.
    #[must_use]
    pub fn replies(&self) -> &[CommandResult] {
        &self.results
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InFlight;
    use crate::checkers::{Breach, Observed};
    use crate::step::Cause;
    use hotstuff_core::certificate::BlockRef;
    use hotstuff_core::{Height, View};
    use hotstuff_kv::Operation;

    fn submit(operation: Operation) -> Intervention {
        Intervention::submit(operation)
    }

    /// The checkers are told of a commit that never was; the first real one is then a violation.
    #[test]
    fn a_violation_freezes_the_run() {
        let mut sim = Sim::new(SimConfig::default()).unwrap();
        let made_up = BlockRef {
            epoch: hotstuff_core::Epoch(0),
            view: View(1),
            height: Height(1),
            id: Digest([7; 32]),
        };
        let events = vec![Event::Started { head: made_up, last_voted: View(0) }];
        let (host, results) = (Some(HostId::from(ReplicaId(99))), Vec::new());
        let step = Step { index: 0, time: Time(0), host, cause: Cause::Started, events, results };
        assert_eq!(sim.checkers.check(&Observed::of(&step)), None);

        let set = Operation::Set { key: b"k".to_vec(), value: b"v".to_vec() };
        sim.intervene(submit(set.clone())).unwrap();
        let mut last = None;
        sim.run_until(Time(5_000_000), |step| last = Some(step.clone()));
        let (last, violation) = (last.unwrap(), sim.violation().unwrap().clone());
        assert_eq!(violation.step, last.index);
        assert!(
            matches!(violation.breach, Breach::Agreement { first: (ReplicaId(99), block), .. } if block == made_up)
        );
        assert!(
            violation.to_string().contains("agreement: r99 committed b1@v1 (07070707), r"),
            "{violation}"
        );
        assert!(last.events.iter().any(|event| matches!(event, Event::Committed { .. })));

        let (now, hash) = (sim.now(), sim.trace_hash());
        assert_eq!(now, last.time);
        assert_eq!((sim.step(), sim.next_time()), (None, None));
        sim.run_until(Time(9_000_000), |_| panic!("nothing happens any more"));
        assert_eq!(sim.intervene(submit(set)), Err(SimError::Frozen));
        assert_eq!((sim.now(), sim.trace_hash()), (now, hash));
    }

    #[test]
    fn messages_on_their_way_are_shown_until_they_arrive_or_would_have() {
        let links = crate::LinkConfig { loss_ppm: 500_000, ..crate::LinkConfig::default() };
        let mut sim = Sim::new(SimConfig { links, ..SimConfig::default() }).unwrap();
        let set = Operation::Set { key: b"k".to_vec(), value: b"v".to_vec() };
        sim.intervene(submit(set)).unwrap();
        assert_eq!(sim.client_in_flight().count(), 4);
        let (mut delivered, mut dropped) = (0, 0);
        while sim.now() < Time(3_000_000) {
            let due: Vec<InFlight> = sim.in_flight().collect();
            let shown = |id: u64| due.iter().find(|message| message.id == id).copied();
            let step = sim.step().unwrap();
            match step.cause {
                Cause::Delivered { id, from, kind, view } => {
                    let message = shown(id).unwrap();
                    assert_eq!((message.from, Some(message.to)), (from, step.host));
                    assert_eq!((message.kind, message.view, message.dropped), (kind, view, false));
                    assert_eq!(message.arrives, step.time);
                    delivered += 1;
                }
                Cause::Dropped { id, .. } => {
                    let message = shown(id).unwrap();
                    assert_eq!((message.dropped, message.arrives), (true, step.time));
                    dropped += 1;
                }
                _ => {}
            }
        }
        assert!(delivered > 5 && dropped > 5, "{delivered} delivered, {dropped} dropped");
    }
}
