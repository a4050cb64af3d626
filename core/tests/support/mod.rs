//! Four replicas on a table: messages wait in lanes until a test delivers or drops them.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod chaos;
pub mod hostile;
mod parts;

pub use parts::*;

use hotstuff_core::command::{Operation, Outcome, Replies};
use hotstuff_core::message::MessageKind;
use hotstuff_core::snapshot::SnapshotChunk;
use hotstuff_core::*;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub from: u16,
    pub to: u16,
    pub message: Message,
}

pub struct Table {
    pub committee: Arc<Committee>,
    /// Replicas that no committee has from the start.
    pub joining: u16,
    pub config: Config,
    pub replicas: Vec<Option<Replica<Adder>>>,
    pub disks: Vec<Vec<Record>>,
    pub lanes: VecDeque<Envelope>,
    pub replies: Vec<Replies>,
    pub events: Vec<(u16, Event)>,
    pub now: Time,
    pub script: String,
    /// Whose events the script tells; all where it is empty.
    told: Vec<u16>,
    is_quiet: bool,
    /// The time of the script's last line.
    told_at: Time,
}

impl Table {
    pub fn new(count: u16) -> Self {
        Self::of(spec(count), 0)
    }

    /// A table for the members of `spec` and `joining` more replicas.
    pub fn of(spec: CommitteeSpec, joining: u16) -> Self {
        let mut table = Self::empty(spec, joining);
        table.quietly(|table| (0..table.replicas.len() as u16).for_each(|id| table.start(id)));
        table
    }

    /// The same, with no replica started yet.
    pub fn empty(spec: CommitteeSpec, joining: u16) -> Self {
        let count = spec.members.len() as u16 + joining;
        Self {
            committee: Arc::new(Committee::new(spec).unwrap()),
            joining,
            config: Config::default(),
            replicas: (0..count).map(|_| None).collect(),
            disks: vec![Vec::new(); usize::from(count)],
            lanes: VecDeque::new(),
            replies: Vec::new(),
            events: Vec::new(),
            now: Time(0),
            script: String::new(),
            told: Vec::new(),
            is_quiet: false,
            told_at: Time(0),
        }
    }

    /// Writes words of the script's own, in lines of their own.
    pub fn say(&mut self, text: &str) {
        if !self.script.is_empty() {
            self.script.push('\n');
        }
        let mut line = String::from("#");
        for word in text.split_whitespace() {
            if line.len() + word.len() >= 100 {
                writeln!(self.script, "{line}").unwrap();
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        writeln!(self.script, "{line}").unwrap();
    }

    /// From here on the script tells only what these replicas do; none named: all.
    pub fn watch(&mut self, replicas: &[u16]) {
        self.told = replicas.to_vec();
    }

    /// Lets something happen of which the script tells nothing.
    pub fn quietly<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        self.is_quiet = true;
        let result = act(self);
        self.is_quiet = false;
        result
    }

    fn tell(&mut self, id: u16, event: &Event) {
        if self.is_quiet || !(self.told.is_empty() || self.told.contains(&id)) {
            return;
        }
        if self.now > self.told_at {
            writeln!(self.script, "at {}", self.now).unwrap();
            self.told_at = self.now;
        }
        writeln!(self.script, "r{id} {event}").unwrap();
    }

    /// Starts a replica from its disk.
    pub fn start(&mut self, id: u16) {
        let recovered = self.recovered(id);
        let setup = Setup {
            id: ReplicaId(id),
            key: secret(id),
            committee: self.committee.clone(),
            joins_later: usize::from(id) >= self.committee.size(),
            config: self.config,
        };
        let replica = Replica::new(setup, Adder::default(), recovered, self.now).unwrap();
        self.replicas[usize::from(id)] = Some(replica);
        self.drain(id);
    }

    /// What a replica's disk holds.
    pub fn recovered(&self, id: u16) -> Recovered {
        let mut recovered = Recovered::default();
        self.disks[usize::from(id)].iter().cloned().for_each(|record| recovered.apply(record));
        recovered
    }

    /// Ends a replica; its disk stays.
    pub fn crash(&mut self, id: u16) {
        self.replicas[usize::from(id)] = None;
        self.lanes.retain(|envelope| envelope.to != id);
    }

    pub fn replica(&self, id: u16) -> &Replica<Adder> {
        self.replicas[usize::from(id)].as_ref().expect("the replica is up")
    }

    pub fn input(&mut self, id: u16, input: Input) {
        if let Some(replica) = &mut self.replicas[usize::from(id)] {
            replica.handle(self.now, input);
            self.drain(id);
        }
    }

    fn drain(&mut self, id: u16) {
        while let Some(output) = self.replicas[usize::from(id)].as_mut().and_then(Replica::poll_output) {
            match output {
                Output::Persist(record) => self.disks[usize::from(id)].push(record),
                Output::Send { to, message } => {
                    self.lanes.push_back(Envelope { from: id, to: to.0, message });
                }
                Output::Broadcast(message) => {
                    for to in (0..self.replicas.len() as u16).filter(|to| *to != id) {
                        self.lanes.push_back(Envelope { from: id, to, message: message.clone() });
                    }
                }
                Output::Replies(replies) => self.replies.push(replies),
                Output::Load { peer, target, epoch, from, to } => {
                    let blocks = self.stored(id, from, to);
                    self.input(id, Input::Loaded { peer, target, epoch, blocks });
                }
                Output::LoadSnapshot { peer, request, bytes_max } => {
                    let chunk = self.recovered(id).snapshot.map_or_else(SnapshotChunk::none, |snapshot| {
                        let encoded = wire::encode(&snapshot);
                        SnapshotChunk::cut(&encoded, snapshot.base().height(), request, bytes_max)
                    });
                    self.input(id, Input::SnapshotLoaded { peer, chunk });
                }
                Output::Committees(_) => {} // `deliver` asks the replica itself
                Output::Event(event) => {
                    self.tell(id, &event);
                    self.events.push((id, event));
                }
            }
        }
    }

    fn stored(&mut self, id: u16, from: Height, to: Height) -> Vec<Block> {
        let recovered = self.recovered(id);
        let wanted = |block: &Block| (from..=to).contains(&block.height());
        recovered.committed.into_iter().filter(wanted).collect()
    }

    /// Hands a message to its receiver, as a driver does: verified, or refused.
    pub fn deliver(&mut self, Envelope { from, to, message }: Envelope) {
        let Some(replica) = &self.replicas[usize::from(to)] else { return };
        let kind = Some(message.kind());
        let input = match verify::message(replica.committees(), message) {
            Ok(message) => Input::Message { from: ReplicaId(from), message },
            Err(why) => Input::RefusedMessage { from: ReplicaId(from), kind, why },
        };
        self.input(to, input);
    }

    /// Delivers messages, also those that they lead to, in order of sending; drops those that
    /// `keep` does not want.
    pub fn run(&mut self, keep: impl Fn(&Envelope) -> bool) {
        for _ in 0..100_000 {
            let Some(envelope) = self.lanes.pop_front() else { return };
            if keep(&envelope) {
                self.deliver(envelope);
            }
        }
        panic!("the replicas do not come to rest");
    }

    pub fn run_all(&mut self) {
        self.run(|_| true);
    }

    /// Delivers the messages that are on their way now, and not those that they lead to.
    pub fn hop(&mut self, keep: impl Fn(&Envelope) -> bool) {
        for envelope in std::mem::take(&mut self.lanes) {
            if keep(&envelope) {
                self.deliver(envelope);
            }
        }
    }

    /// Lets messages arrive and time pass until `replicas` have executed `count` commands.
    pub fn run_until_applied(&mut self, replicas: &[u16], count: usize, keep: impl Fn(&Envelope) -> bool) {
        for _ in 0..100 {
            self.run(&keep);
            if replicas.iter().all(|id| self.applied(*id).len() >= count) {
                return;
            }
            self.pass_time();
        }
        panic!("{count} commands do not execute");
    }

    /// Lets messages arrive and time pass until `until`.
    pub fn run_until(&mut self, until: Time, keep: impl Fn(&Envelope) -> bool) {
        self.run(&keep);
        while self.next_due() <= until {
            self.pass_time();
            self.run(&keep);
        }
        self.now = self.now.max(until);
    }

    fn next_due(&self) -> Time {
        self.replicas.iter().flatten().filter_map(Replica::deadline).min().expect("a replica is up")
    }

    /// Lets time pass to the earliest deadline of a replica that is up, and ticks those due.
    pub fn pass_time(&mut self) {
        self.now = self.now.max(self.next_due());
        for id in 0..self.replicas.len() as u16 {
            let is_due = |replica: &Replica<Adder>| replica.deadline() <= Some(self.now);
            if self.replicas[usize::from(id)].as_ref().is_some_and(is_due) {
                self.input(id, Input::Tick);
            }
        }
    }

    /// A client's command reaches every replica that is up.
    pub fn submit(&mut self, sequence: u64, operation: impl Into<Operation>) {
        self.submit_to(sequence, operation, |_| true);
    }

    /// A client's command reaches some of the replicas that are up.
    pub fn submit_to(&mut self, sequence: u64, operation: impl Into<Operation>, to: impl Fn(u16) -> bool) {
        let command = command(sequence, operation);
        for id in (0..self.replicas.len() as u16).filter(|id| to(*id)) {
            let verified = verify::command(&self.committee, command.clone()).unwrap();
            self.input(id, Input::Command(verified));
        }
    }

    pub fn committed(&self, id: u16) -> Height {
        self.replica(id).status().committed_head.height
    }

    /// The last timeout certificate that a replica has stored.
    pub fn last_tc(&self, id: u16) -> Option<TimeoutCertificate> {
        self.disks[usize::from(id)].iter().rev().find_map(|record| match record {
            Record::Tc(tc) => Some(tc.clone()),
            _ => None,
        })
    }

    /// The operations that a replica has executed, in order.
    pub fn applied(&self, id: u16) -> Vec<Vec<u8>> {
        self.replica(id).app().applied.clone()
    }

    pub fn has_event(&self, id: u16, is_it: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(|(replica, event)| *replica == id && is_it(event))
    }

    /// The evidence that a replica has reported.
    pub fn evidence(&self, id: u16) -> Vec<Evidence> {
        let of = |(replica, event): &(u16, Event)| match event {
            Event::Equivocation(evidence) if *replica == id => Some((**evidence).clone()),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    pub fn outcomes(&self, sequence: u64) -> Vec<(ReplicaId, Outcome)> {
        let all = self.replies.iter();
        let each = all.flat_map(|replies| replies.outcomes.iter().map(|said| (replies.replica, said)));
        let of = each.filter(|(_, (number, _))| *number == SequenceNumber(sequence));
        of.map(|(replica, (_, outcome))| (replica, outcome.clone())).collect()
    }
}

/// Drops what crosses the border between `side` and the others.
pub fn within(side: &[u16]) -> impl Fn(&Envelope) -> bool {
    move |envelope| side.contains(&envelope.from) == side.contains(&envelope.to)
}

/// Drops what `id` sends and what is sent to it.
pub fn without(id: u16) -> impl Fn(&Envelope) -> bool {
    move |envelope| envelope.from != id && envelope.to != id
}

pub fn is_kind(kind: MessageKind) -> impl Fn(&Envelope) -> bool {
    move |envelope| envelope.message.kind() == kind
}
