//! How interventions are carried out.

use crate::cluster;
use crate::config::SimError;
use crate::host::{Fuse, Host};
use crate::ids::{ClientNumber, HostId};
use crate::intervention::Intervention;
use crate::queue::Ticket;
use crate::request::{Reconfiguration, Request};
use crate::sim::{Due, Sim};
use crate::step::Cause;
use hotstuff_core::{CommitteeChange, Span, Time};

/// At which host a step happened, and what set it off.
type Told = (Option<HostId>, Cause);

impl Sim {
    /// Does something to the cluster. Nothing has happened where it returns an error.
    pub(crate) fn apply(&mut self, what: &Intervention) -> Result<Told, SimError> {
        match *what {
            Intervention::Kill(id) => {
                self.up(id)?;
                self.crash(id);
                return Ok((Some(id), Cause::Killed));
            }
            Intervention::Restart(id) => {
                let now = self.now;
                self.down(id)?.restart(now)?;
                return Ok((Some(id), Cause::Restarted));
            }
            Intervention::RestartEmpty(id) => {
                let now = self.now;
                self.down(id)?.restart_empty(now)?;
                self.faulty.insert(id);
                return Ok((Some(id), Cause::RestartedEmpty));
            }
            Intervention::KillAtWrite { host, writes, edge } => {
                self.up(host)?.arm(Fuse { writes, edge });
                return Ok((Some(host), Cause::KillArmed));
            }
            Intervention::Submit { client, ref request } => {
                return self.submit(client, Request::Store(request.clone()));
            }
            Intervention::Reconfigure(what) => {
                let change = self.change(what)?;
                return self.submit(ClientNumber::OPERATOR, Request::Committee(change));
            }
            Intervention::SetClock { host, jump, drift_ppm } => {
                let now = self.now;
                self.host(host)?.set_clock(now, jump, drift_ppm);
                return Ok((Some(host), told(what)));
            }
            Intervention::FireTimer(host) => {
                let now = self.now;
                let jump = self.up(host)?.until_deadline(now).unwrap_or(Span(0));
                self.up(host)?.jump(now, jump);
                return Ok((Some(host), told(what)));
            }
            Intervention::Corrupt { host, conduct } => {
                self.host(host)?.behaviour = Some(conduct.behaviour());
                self.faulty.insert(host);
                return Ok((Some(host), told(what)));
            }
            Intervention::SetLinks(links) => {
                links.check()?;
                self.network.set_links(links);
            }
            Intervention::SetLink { from, to, link } => {
                link.check()?;
                self.link(from, to)?;
                self.network.set_link(from, to, link);
            }
            Intervention::Cut { from, to } => {
                self.link(from, to)?;
                self.network.cut(from, to);
            }
            Intervention::Mend { from, to } => {
                self.link(from, to)?;
                self.network.mend(from, to);
            }
            Intervention::Partition(ref groups) => self.partition(groups)?,
            Intervention::Stabilize => {
                self.network.stabilize();
                self.hosts.values_mut().for_each(|host| host.disarm());
            }
            Intervention::DropMessage(id) => {
                let (ticket, due) = self.on_its_way(id)?;
                if let Due::Arrival(packet) = due {
                    packet.is_lost = true;
                    let packet = packet.clone();
                    self.posted.extend(packet.in_flight(ticket.0));
                }
            }
            Intervention::DelayMessage { id, arrives } => {
                self.is_to_come(arrives)?;
                let (ticket, _) = self.on_its_way(id)?;
                let due = self.queue.take(ticket).expect("it was found just now");
                if let Due::Arrival(packet) = &due {
                    self.posted.extend(packet.in_flight(arrives));
                }
                self.queue.push(arrives, due);
            }
            Intervention::RepeatMessage { id, arrives } => {
                self.is_to_come(arrives)?;
                let number = self.network.number();
                let (_, due) = self.on_its_way(id)?;
                if let Due::Arrival(packet) = due {
                    let again = crate::network::Packet { id: number, is_lost: false, ..packet.clone() };
                    self.posted.extend(again.in_flight(arrives));
                    self.queue.push(arrives, Due::Arrival(again));
                }
            }
            Intervention::Twin(replica) => {
                let id = HostId::twin_of(replica);
                if self.hosts.contains_key(&id) {
                    return Err(SimError::IsUp(id));
                }
                let twin = self.host(replica.into())?.twin();
                self.hosts.insert(id, Box::new(twin));
                self.faulty.extend([replica.into(), id]);
                return Ok((Some(id), told(what)));
            }
        }
        Ok((None, told(what)))
    }

    /// A host loses all but what is durable on its disk, and what it was waiting for.
    fn crash(&mut self, id: HostId) {
        if let Some(host) = self.hosts.get_mut(&id) {
            host.crash(&mut self.chance);
        }
        self.forget_timers(id);
    }

    fn submit(&mut self, client: ClientNumber, request: Request) -> Result<Told, SimError> {
        let host = self.clients.get_mut(&client).ok_or(SimError::UnknownClient(client))?;
        let sequence = host.submit(self.now, request.clone())?;
        Ok((None, Cause::Submitted { client, sequence, request }))
    }

    fn change(&mut self, what: Reconfiguration) -> Result<CommitteeChange, SimError> {
        Ok(match what {
            Reconfiguration::Add { replica, power } => {
                self.host(replica.into())?;
                CommitteeChange::Add(cluster::member(&self.config, replica, power))
            }
            Reconfiguration::Remove(replica) => CommitteeChange::Remove(replica),
            Reconfiguration::SetPower { replica, power } => CommitteeChange::SetPower { replica, power },
        })
    }

    fn partition(&mut self, groups: &[Vec<HostId>]) -> Result<(), SimError> {
        if let Some(stranger) = groups.iter().flatten().find(|host| !self.hosts.contains_key(host)) {
            return Err(SimError::UnknownHost(*stranger));
        }
        self.network.mend_all();
        if groups.is_empty() {
            return Ok(());
        }
        let group = |host: &HostId| groups.iter().position(|group| group.contains(host));
        let hosts: Vec<HostId> = self.hosts.keys().copied().collect();
        for from in &hosts {
            for to in hosts.iter().filter(|to| *to != from) {
                if group(from).is_none() || group(from) != group(to) {
                    self.network.cut(*from, *to);
                }
            }
        }
        Ok(())
    }

    fn on_its_way(&mut self, id: u64) -> Result<(Ticket, &mut Due), SimError> {
        let is_it = |due: &Due| matches!(due, Due::Arrival(packet) if packet.id == id);
        self.queue.find(is_it).ok_or(SimError::UnknownMessage(id))
    }

    fn is_to_come(&self, time: Time) -> Result<(), SimError> {
        if time < self.now { Err(SimError::Past(time)) } else { Ok(()) }
    }

    fn link(&self, from: HostId, to: HostId) -> Result<(), SimError> {
        if from == to {
            return Err(SimError::NoLink(from));
        }
        let stranger = [from, to].into_iter().find(|host| !self.hosts.contains_key(host));
        stranger.map_or(Ok(()), |host| Err(SimError::UnknownHost(host)))
    }

    fn host(&mut self, id: HostId) -> Result<&mut Host, SimError> {
        self.hosts.get_mut(&id).map(|host| &mut **host).ok_or(SimError::UnknownHost(id))
    }

    fn up(&mut self, id: HostId) -> Result<&mut Host, SimError> {
        let host = self.host(id)?;
        if host.replica().is_some() { Ok(host) } else { Err(SimError::IsDown(id)) }
    }

    fn down(&mut self, id: HostId) -> Result<&mut Host, SimError> {
        let host = self.host(id)?;
        if host.replica().is_none() { Ok(host) } else { Err(SimError::IsUp(id)) }
    }
}

fn told(what: &Intervention) -> Cause {
    Cause::Intervened(Box::new(what.clone()))
}
