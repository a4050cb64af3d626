//! How an event happens: what is due goes to its host, and what the host puts out is performed.

use crate::checkers::Observed;
use crate::host::Host;
use crate::network::{Letter, Load, Packet, view_of};
use crate::queue::Ticket;
use crate::sim::{Due, Sim};
use crate::step::{Cause, DropCause, Step};
use hotstuff_core::{Event, Input, Message, Output, ReplicaId, Time};

impl Sim {
    /// Lets something happen that is due. Returns to which replica, and how the step tells of it.
    pub(crate) fn happen(&mut self, ticket: Ticket, due: Due) -> (Option<ReplicaId>, Cause) {
        match due {
            Due::Start(id) => (Some(id), Cause::Started),
            Due::Killed(id) => (Some(id), Cause::Killed),
            Due::Arrival(packet) => self.arrive(packet),
            Due::Timer(id) => {
                let now = self.now;
                let host = self.host_mut(id);
                host.timer = None;
                host.handle(now, Input::Tick);
                (Some(id), Cause::Timer)
            }
            Due::Loaded { replica, peer, input } => {
                let now = self.now;
                let host = self.host_mut(replica);
                host.reads.remove(&ticket);
                host.handle(now, *input);
                (Some(replica), Cause::Loaded { peer })
            }
            Due::Workload => {
                let generated = self.client.generate(self.now);
                if let Some(time) = self.client.next_generation(self.now) {
                    self.queue.push(time, Due::Workload);
                }
                let submitted = |(sequence, operation)| Cause::Submitted { sequence, operation };
                (None, generated.map_or(Cause::HeldBack, submitted))
            }
            Due::ClientTimer => {
                self.client.timer = None;
                self.client.handle_tick(self.now);
                (None, Cause::ClientTimer)
            }
        }
    }

    /// Performs all that the step's host puts out, records the step and checks it.
    pub(crate) fn conclude(&mut self, replica: Option<ReplicaId>, cause: Cause) -> Step {
        let events = replica.map_or_else(Vec::new, |id| self.perform(id));
        let (commands, results) = self.client.drain();
        for command in commands {
            let letter = Letter::new(command);
            for to in self.committee.clone().ids() {
                self.post(Load::Command { to, letter: letter.clone() });
            }
        }
        self.set_client_timer();
        let step = Step { index: self.steps, time: self.now, replica, cause, events, results };
        self.steps += 1;
        self.trace.add(&step);
        let status = replica.and_then(|id| self.replica(id)).map(|replica| replica.status());
        let sent = core::mem::take(&mut self.sent);
        let observed = Observed { step: &step, sent: &sent, status: status.as_ref() };
        self.violation = self.checkers.check(&observed);
        step
    }

    /// Takes back what a host that has crashed was waiting for.
    pub(crate) fn forget_timers(&mut self, id: ReplicaId) {
        let host = &mut self.hosts[usize::from(id.0)];
        let reads = core::mem::take(&mut host.reads);
        for ticket in host.timer.take().into_iter().chain(reads) {
            self.queue.cancel(ticket);
        }
    }

    fn arrive(&mut self, packet: Packet) -> (Option<ReplicaId>, Cause) {
        let Packet { id, load, is_lost, .. } = packet;
        match load {
            Load::Message { from, to, letter } => {
                let (kind, view) = (letter.content().kind(), view_of(letter.content()));
                if let Some(why) = self.drop_cause(to, is_lost) {
                    return (Some(to), Cause::Dropped { id, from, kind, view, why });
                }
                let committees = self.replica(to).map(|replica| replica.committees().clone());
                let committees = committees.expect("a message to a host that is down is dropped");
                let input = match letter.verified(&committees) {
                    Ok(message) => Input::Message { from, message },
                    Err(why) => Input::RefusedMessage { from, kind: Some(kind), why },
                };
                let now = self.now;
                self.host_mut(to).handle(now, input);
                (Some(to), Cause::Delivered { id, from, kind, view })
            }
            Load::Command { to, letter } => {
                let command = letter.content().id;
                let sequence = command.sequence;
                if let Some(why) = self.drop_cause(to, is_lost) {
                    return (Some(to), Cause::CommandDropped { id, sequence, why });
                }
                let input = match letter.verified(&self.committee) {
                    Ok(command) => Input::Command(command),
                    Err(why) => Input::RefusedCommand { command, why },
                };
                let now = self.now;
                self.host_mut(to).handle(now, input);
                (Some(to), Cause::CommandDelivered { id, sequence })
            }
            Load::Reply { from, letter } => {
                let sequence = letter.content().command.sequence;
                if is_lost {
                    return (None, Cause::ReplyDropped { id, from, sequence });
                }
                if let Ok(reply) = letter.verified(&self.committee) {
                    self.client.handle_reply(self.now, reply);
                }
                (None, Cause::ReplyDelivered { id, from, sequence })
            }
        }
    }

    fn drop_cause(&self, to: ReplicaId, is_lost: bool) -> Option<DropCause> {
        match self.replica(to) {
            _ if is_lost => Some(DropCause::Lost),
            None => Some(DropCause::Down),
            Some(_) => None,
        }
    }

    /// Performs a host's outputs, strictly in order, and sets its timer. Returns what it told.
    fn perform(&mut self, id: ReplicaId) -> Vec<Event> {
        let mut events = Vec::new();
        let was_up = self.replica(id).is_some();
        while let Some(output) = self.host_mut(id).poll_output() {
            match output {
                Output::Persist(_) => unreachable!("a host performs its writes itself"),
                Output::Event(event) => events.push(event),
                Output::Send { to, message } => self.send(id, &[to], message),
                Output::Broadcast(message) => {
                    let others: Vec<ReplicaId> = self.committee.ids().filter(|other| *other != id).collect();
                    self.send(id, &others, message);
                }
                Output::Reply(reply) => self.post(Load::Reply { from: id, letter: Letter::new(reply) }),
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
        if was_up && self.replica(id).is_none() {
            self.forget_timers(id);
            self.queue.push(self.now, Due::Killed(id));
        }
        self.set_timer(id);
        events
    }

    fn loaded(&mut self, replica: ReplicaId, peer: ReplicaId, input: Input) {
        let ticket = self.queue.push(self.now, Due::Loaded { replica, peer, input: Box::new(input) });
        self.host_mut(replica).reads.insert(ticket);
    }

    fn send(&mut self, from: ReplicaId, receivers: &[ReplicaId], message: Message) {
        let letter = Letter::new(message);
        self.sent.push(letter.clone());
        for &to in receivers {
            self.post(Load::Message { from, to, letter: letter.clone() });
        }
    }

    fn post(&mut self, load: Load) {
        let (arrives, packet) = self.network.send(self.now, load);
        self.queue.push(arrives, Due::Arrival(packet));
    }

    fn set_timer(&mut self, id: ReplicaId) {
        let deadline = self.replica(id).and_then(|replica| replica.deadline());
        let due = deadline.map(|time| time.max(self.now));
        let timer = self.hosts[usize::from(id.0)].timer;
        if timer.map(|(time, _)| time) == due {
            return;
        }
        if let Some(ticket) = timer {
            self.queue.cancel(ticket);
        }
        let ticket = due.map(|time| self.queue.push(time, Due::Timer(id)));
        self.host_mut(id).timer = ticket;
    }

    fn set_client_timer(&mut self) {
        let due: Option<Time> = self.client.deadline().map(|time| time.max(self.now));
        if self.client.timer.map(|(time, _)| time) == due {
            return;
        }
        if let Some(ticket) = self.client.timer {
            self.queue.cancel(ticket);
        }
        self.client.timer = due.map(|time| self.queue.push(time, Due::ClientTimer));
    }

    fn host_mut(&mut self, id: ReplicaId) -> &mut Host {
        &mut self.hosts[usize::from(id.0)]
    }
}
