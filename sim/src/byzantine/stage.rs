//! A run with one corrupt replica, and all that is sent and told in it.

use super::Conduct;
use crate::ids::HostId;
use crate::intervention::Intervention;
use crate::network::{Load, Packet};
use crate::sim::{Due, Sim};
use crate::step::Step;
use crate::weakness::Weakness;
use crate::{Signatures, SimConfig, Workload};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{CommitRule, Event, Message, Refusal, ReplicaId, Span, Time};

/// A message as it was handed to the network.
pub(super) struct Sent {
    /// The step in which it was.
    pub(super) step: u64,
    pub(super) from: HostId,
    pub(super) to: HostId,
    pub(super) message: Message,
}

pub(super) struct Stage {
    pub(super) sim: Sim,
    pub(super) corrupt: HostId,
    pub(super) sent: Vec<Sent>,
    pub(super) steps: Vec<Step>,
    packets: u64,
}

/// Four replicas that lead in turn, and a client that never lacks work.
pub(super) fn config(rule: CommitRule) -> SimConfig {
    let workload = Workload { commands: 10_000, interval_us: Span::millis(100), ..Workload::default() };
    let (leaders, signatures) = (LeaderRule::RoundRobin, Signatures::Tags);
    SimConfig { rule, leaders, signatures, workload, ..SimConfig::default() }
}

impl Stage {
    /// Such a cluster, of which r2 is corrupt.
    pub(super) fn new(rule: CommitRule, conduct: Conduct) -> Self {
        Self::of(config(rule), conduct)
    }

    /// The same without a rule that it should have.
    pub(super) fn weak(rule: CommitRule, conduct: Conduct, weakness: Weakness) -> Self {
        Self::of(SimConfig { weakness: Some(weakness), ..config(rule) }, conduct)
    }

    /// Any cluster, of which r2 is corrupt.
    pub(super) fn of(config: SimConfig, conduct: Conduct) -> Self {
        let mut sim = Sim::new(config).unwrap();
        let corrupt = HostId::from(ReplicaId(2));
        sim.intervene(Intervention::Corrupt { host: corrupt, conduct }).unwrap();
        Self { sim, corrupt, sent: Vec::new(), steps: Vec::new(), packets: 0 }
    }

    /// Nobody hears a replica, nor does it hear anyone.
    pub(super) fn isolate(&mut self, replica: u16) {
        let others = self.sim.hosts.keys().copied().filter(|host| host.replica.0 != replica).collect();
        self.sim.intervene(Intervention::Partition(vec![others])).unwrap();
    }

    /// Lets the run go on for so long, or until it freezes.
    pub(super) fn run(&mut self, span_ms: u64) -> &mut Self {
        let end = Time(self.sim.now().0 + span_ms * 1_000);
        while self.sim.next_time().is_some_and(|next| next <= end) {
            let step = self.sim.step().expect("there is a next one");
            let seen = self.packets;
            let mut new: Vec<&Packet> = self.sim.queue.iter().filter_map(|(_, due)| packet(due)).collect();
            new.retain(|packet| packet.id >= seen);
            new.sort_unstable_by_key(|packet| packet.id);
            for packet in new {
                self.packets = packet.id + 1;
                if let Load::Message { from, to, letter } = &packet.load {
                    let (from, to, message) = (*from, *to, letter.content().clone());
                    self.sent.push(Sent { step: step.index, from, to, message });
                }
            }
            self.steps.push(step);
        }
        self
    }

    /// What the corrupt replica sent.
    pub(super) fn said(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(|sent| sent.from == self.corrupt)
    }

    /// What honest replicas told of, and who.
    pub(super) fn told(&self) -> impl Iterator<Item = (HostId, &Event)> {
        let honest = self.steps.iter().filter(|step| step.host != Some(self.corrupt));
        honest.flat_map(|step| step.events.iter().filter_map(|event| Some((step.host?, event))))
    }

    /// Why honest replicas refused messages of the corrupt one.
    pub(super) fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.told().filter_map(|(_, event)| match event {
            Event::MessageRefused { from, why, .. } if *from == self.corrupt.replica => Some(why),
            _ => None,
        })
    }
}

fn packet(due: &Due) -> Option<&Packet> {
    if let Due::Arrival(packet) = due { Some(packet) } else { None }
}
