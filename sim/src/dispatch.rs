//! How an event happens: what is due goes to its host, and what the host puts out is performed.

use crate::byzantine::{Behaviour, Receiver, Scene, Sending};
use crate::checkers::Observed;
use crate::client::{ClientHost, CommandResult};
use crate::host::Host;
use crate::ids::{ClientNumber, HostId};
use crate::network::{Letter, Load, Packet, view_of};
use crate::queue::Ticket;
use crate::sim::{Due, Sim};
use crate::step::{Cause, DropCause, Step};
use hotstuff_core::command::Replies;
use hotstuff_core::{Event, Input, Output, ReplicaId, verify};
use std::sync::Arc;

impl Sim {
    /// Lets something happen that is due. Returns at which host, and how the step tells of it.
    pub(crate) fn happen(&mut self, ticket: Ticket, due: Due) -> (Option<HostId>, Cause) {
        let now = self.now;
        match due {
            Due::Start(id) => (Some(id), Cause::Started),
            Due::Killed(id) => (Some(id), Cause::Killed),
            Due::Arrival(packet) => self.arrive(packet),
            Due::Timer(id) => {
                let host = self.host_mut(id);
                host.timer = None;
                host.sync_at_last();
                host.handle(now, Input::Tick);
                (Some(id), Cause::Timer)
            }
            Due::Loaded { host: id, peer, input } => {
                let host = self.host_mut(id);
                host.reads.remove(&ticket);
                host.handle(now, *input);
                (Some(id), Cause::Loaded { peer })
            }
            Due::Workload(number) => {
                let client = self.client_mut(number);
                let generated = client.generate(now);
                if let Some(time) = client.next_generation(now) {
                    self.queue.push(time, Due::Workload(number));
                }
                let submitted = |(sequence, request)| Cause::Submitted { client: number, sequence, request };
                (None, generated.map_or(Cause::HeldBack(number), submitted))
            }
            Due::ClientTimer(number) => {
                let client = self.client_mut(number);
                client.timer = None;
                client.handle_tick(now);
                (None, Cause::ClientTimer(number))
            }
        }
    }

    /// Performs all that the step's host puts out, records the step and checks it.
    pub(crate) fn conclude(&mut self, host: Option<HostId>, cause: Cause) -> Step {
        let events = host.map_or_else(Vec::new, |id| self.perform(id));
        let mut step = Step { index: self.steps, time: self.now, host, cause, events, results: Vec::new() };
        // What a host does reaches clients by replies, which are steps of their own, and no step moves
        // more than one client.
        if let Some(client) = step.client() {
            step.results = self.serve(client);
        }
        self.steps += 1;
        self.trace.add(&step);
        if self.keeps_history {
            self.history.note(&step);
            self.results.extend_from_slice(&step.results);
        }
        let (mut sent, received) = (core::mem::take(&mut self.sent), self.received.take());
        let replica = host.and_then(|id| self.hosts.get(&id)?.replica());
        let status = replica.map(hotstuff_core::Replica::status);
        let observed = Observed {
            step: &step,
            received: received.as_deref(),
            sent: &sent,
            replica,
            status: status.as_ref(),
        };
        // What a faulty host does and says is no breach of anything.
        let is_faulty = host.is_some_and(|id| self.faulty.contains(&id));
        self.violation = if is_faulty { None } else { self.checkers.check(&observed) };
        sent.clear();
        self.sent = sent;
        step
    }

    /// Sends out what a client says, and returns what it has learnt.
    fn serve(&mut self, client: ClientNumber) -> Vec<CommandResult> {
        let (commands, results) = self.client_mut(client).drain();
        for command in commands {
            let letter = Letter::new(command);
            let hosts: Vec<HostId> = self.hosts.keys().copied().collect();
            for to in hosts {
                self.post(Load::Command { client, to, letter: letter.clone() });
            }
        }
        self.set_client_timer(client);
        results
    }

    /// Takes back what a host that has crashed was waiting for.
    pub(crate) fn forget_timers(&mut self, id: HostId) {
        let host = self.host_mut(id);
        let reads = core::mem::take(&mut host.reads);
        for ticket in host.timer.take().into_iter().chain(reads) {
            self.queue.cancel(ticket);
        }
    }

    fn arrive(&mut self, packet: Packet) -> (Option<HostId>, Cause) {
        let Packet { id, load, is_lost, .. } = packet;
        let now = self.now;
        match load {
            Load::Message { from, to, letter } => {
                let (kind, view) = (letter.content().kind(), view_of(letter.content()));
                if let Some(why) = self.drop_cause(to, is_lost) {
                    return (Some(to), Cause::Dropped { id, from, kind, view, why });
                }
                let committees = self.replica(to).map(|replica| replica.committees().clone());
                let committees = committees.expect("a message to a host that is down is dropped");
                let input = match letter.verified(&committees) {
                    Ok(message) => Input::Message { from: from.replica, message },
                    Err(why) => Input::RefusedMessage { from: from.replica, kind: Some(kind), why },
                };
                let host = self.host_mut(to);
                if host.behaviour.is_some() {
                    host.lore.note(letter.content());
                }
                host.handle(now, input);
                self.received = Some(letter);
                (Some(to), Cause::Delivered { id, from, kind, view })
            }
            Load::Command { client, to, letter } => {
                let command = letter.content().id;
                let sequence = command.sequence;
                if let Some(why) = self.drop_cause(to, is_lost) {
                    return (Some(to), Cause::CommandDropped { client, id, sequence, why });
                }
                let input = match letter.verified(&self.committee) {
                    Ok(command) => Input::Command(command),
                    Err(why) => Input::RefusedCommand { command, why },
                };
                self.host_mut(to).handle(now, input);
                (Some(to), Cause::CommandDelivered { client, id, sequence })
            }
            Load::Replies { from, client, replies } => {
                let sequences = replies.outcomes.iter().map(|(sequence, _)| *sequence).collect();
                let from = from.replica;
                if is_lost {
                    return (None, Cause::RepliesDropped { client, id, from, sequences });
                }
                if let Ok(replies) = verify::replies(&self.committee, Arc::unwrap_or_clone(replies)) {
                    self.client_mut(client).handle_replies(now, replies);
                }
                (None, Cause::RepliesDelivered { client, id, from, sequences })
            }
        }
    }

    fn drop_cause(&self, to: HostId, is_lost: bool) -> Option<DropCause> {
        match self.replica(to) {
            _ if is_lost => Some(DropCause::Lost),
            None => Some(DropCause::Down),
            Some(_) => None,
        }
    }

    /// Performs a host's outputs, strictly in order, and sets its timer. Returns what it told.
    fn perform(&mut self, id: HostId) -> Vec<Event> {
        let mut events = core::mem::take(&mut self.room);
        let was_up = self.replica(id).is_some();
        while let Some(output) = self.poll(id) {
            match output {
                Output::Persist(_) => unreachable!("a host performs its writes itself"),
                Output::Event(event) => events.push(event),
                Output::Send { to, message } => self.send(id, Sending::to(to, message)),
                Output::Broadcast(message) => self.send(id, Sending::all(message)),
                Output::Replies(replies) => self.reply(id, replies),
                Output::Committees(_) => {} // asked for when something arrives
                Output::Load { peer, target, epoch, from, to } => {
                    let blocks = self.host_mut(id).disk().committed(from, to);
                    self.loaded(id, peer, Input::Loaded { peer, target, epoch, blocks });
                }
                Output::LoadSnapshot { peer, request, bytes_max } => {
                    let chunk = self.host_mut(id).disk().snapshot(request, bytes_max);
                    self.loaded(id, peer, Input::SnapshotLoaded { peer, chunk });
                }
            }
        }
        for sending in self.act(id, |behaviour, scene| behaviour.beside(scene)) {
            self.transmit(id, sending);
        }
        if was_up && self.replica(id).is_none() {
            self.forget_timers(id);
            self.queue.push(self.now, Due::Killed(id));
        }
        self.set_timer(id);
        events
    }

    fn poll(&mut self, id: HostId) -> Option<Output> {
        let host = self.hosts.get_mut(&id).expect("a host stays for the whole run");
        host.poll_output(&mut self.chance)
    }

    fn loaded(&mut self, host: HostId, peer: ReplicaId, input: Input) {
        let ticket = self.queue.push(self.now, Due::Loaded { host, peer, input: Box::new(input) });
        self.host_mut(host).reads.insert(ticket);
    }

    /// Sends what a core sends, or what its corrupt host makes of it.
    fn send(&mut self, from: HostId, sending: Sending) {
        let host = self.host_mut(from);
        if host.behaviour.is_none() {
            return self.transmit(from, sending);
        }
        host.lore.note(&sending.message);
        for sending in self.act(from, |behaviour, scene| behaviour.instead(scene, sending)) {
            self.transmit(from, sending);
        }
    }

    /// Lets the behaviour of a corrupt host that is up say what is sent.
    fn act(
        &mut self,
        id: HostId,
        say: impl FnOnce(&mut dyn Behaviour, &mut Scene<'_>) -> Vec<Sending>,
    ) -> Vec<Sending> {
        let host = self.hosts.get_mut(&id).expect("a host stays for the whole run");
        if host.replica().is_none() {
            return Vec::new();
        }
        let Some(mut behaviour) = host.behaviour.take() else { return Vec::new() };
        let status = host.status();
        let mut scene = Scene {
            id: id.replica,
            key: &host.setup().key,
            committee: &self.committee,
            status: &status,
            rng: &mut self.chance,
            lore: &host.lore,
        };
        let said = say(behaviour.as_mut(), &mut scene);
        host.behaviour = Some(behaviour);
        said
    }

    fn transmit(&mut self, from: HostId, Sending { to, message }: Sending) {
        let letter = Letter::new(message);
        self.sent.push(letter.clone());
        let is_receiver = |host: &HostId| match to {
            Receiver::All => host.replica != from.replica,
            Receiver::One(replica) => host.replica == replica && replica != from.replica,
        };
        let is_peer = |host: &HostId| self.is_peer(from, host.replica);
        let receivers: Vec<HostId> =
            self.hosts.keys().copied().filter(|host| is_receiver(host) && is_peer(host)).collect();
        for to in receivers {
            self.post(Load::Message { from, to, letter: letter.clone() });
        }
    }

    /// Whether a host has a link to a replica: to the members of the committees that it knows. One that is
    /// corrupt talks to whom it likes.
    fn is_peer(&self, from: HostId, to: ReplicaId) -> bool {
        let Some(core) = self.replica(from).filter(|_| !self.faulty.contains(&from)) else { return true };
        core.committees().iter().any(|committee| committee.contains(to))
    }

    fn reply(&mut self, from: HostId, replies: Replies) {
        let is_its = |client: &&ClientHost| client.id() == replies.client;
        if let Some(client) = self.clients.values().find(is_its).map(ClientHost::number) {
            self.post(Load::Replies { from, client, replies: Arc::new(replies) });
        }
    }

    fn post(&mut self, load: Load) {
        let hosts = &self.hosts;
        let view = |id: HostId| hosts.get(&id).expect("a host stays for the whole run").status().view;
        let (packet, arrives, again) = self.network.send(self.now, load, view);
        if let Some(again) = again {
            let id = self.network.number();
            let packet = Packet { id, ..packet.clone() };
            self.posted.extend(packet.in_flight(again));
            self.queue.push(again, Due::Arrival(packet));
        }
        self.posted.extend(packet.in_flight(arrives));
        self.queue.push(arrives, Due::Arrival(packet));
    }

    fn set_timer(&mut self, id: HostId) {
        let now = self.now;
        let host = self.host_mut(id);
        let due = host.deadline().map(|time| time.max(now));
        if host.timer.map(|(time, _)| time) == due {
            return;
        }
        if let Some(ticket) = host.timer.take() {
            self.queue.cancel(ticket);
        }
        let ticket = due.map(|time| self.queue.push(time, Due::Timer(id)));
        self.host_mut(id).timer = ticket;
    }

    fn set_client_timer(&mut self, number: ClientNumber) {
        let now = self.now;
        let client = self.client_mut(number);
        let (timer, due) = (client.timer, client.deadline().map(|time| time.max(now)));
        if timer.map(|(time, _)| time) == due {
            return;
        }
        if let Some(ticket) = timer {
            self.queue.cancel(ticket);
        }
        let ticket = due.map(|time| self.queue.push(time, Due::ClientTimer(number)));
        self.client_mut(number).timer = ticket;
    }

    fn client_mut(&mut self, number: ClientNumber) -> &mut ClientHost {
        self.clients.get_mut(&number).expect("a client stays for the whole run")
    }

    fn host_mut(&mut self, id: HostId) -> &mut Host {
        self.hosts.get_mut(&id).expect("a host stays for the whole run")
    }
}
