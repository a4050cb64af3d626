//! A host: a replica, which crashes lose, and a disk, which they don't.

use crate::byzantine::{Behaviour, Conduct, Lore};
use crate::clock::Clock;
use crate::config::SimError;
use crate::disk::Disk;
use crate::ids::HostId;
use crate::intervention::WriteEdge;
use crate::queue::Ticket;
use crate::rng::Rng;
use hotstuff_core::crypto::Digest;
use hotstuff_core::replica::{Replica, Setup};
use hotstuff_core::{App, Input, Output, Span, Status, Time};
use hotstuff_kv::KvStore;
use std::collections::BTreeSet;

/// A crash to come, at a boundary of writes.
#[derive(Clone)]
pub(crate) struct Fuse {
    pub(crate) writes: u64,
    pub(crate) edge: WriteEdge,
}

/// One machine of the cluster.
#[derive(Clone)]
pub(crate) struct Host {
    id: HostId,
    setup: Setup,
    disk: Disk,
    clock: Clock,
    replica: Option<Replica<KvStore>>,
    /// The status when the replica was last up.
    last_status: Status,
    fuse: Option<Fuse>,
    /// Writes become durable only now and then, not before what depends on them.
    is_lazy: bool,
    /// What it does in place of keeping to the protocol.
    pub(crate) behaviour: Option<Box<dyn Behaviour>>,
    /// What it has seen since then.
    pub(crate) lore: Lore,
    /// The queued timer, if any.
    pub(crate) timer: Option<Ticket>,
    /// Queued answers of the disk.
    pub(crate) reads: BTreeSet<Ticket>,
}

impl Host {
    /// A host with an empty disk, up. A `lazy` one sends before it persists.
    pub(crate) fn new(id: HostId, setup: Setup, now: Time, is_lazy: bool) -> Result<Self, SimError> {
        let disk = Disk::default();
        let replica = Replica::new(setup.clone(), KvStore::default(), disk.recover(), now)?;
        let last_status = replica.status();
        Ok(Self {
            id,
            setup,
            disk,
            clock: Clock::default(),
            replica: Some(replica),
            last_status,
            fuse: None,
            is_lazy,
            behaviour: None,
            lore: Lore::default(),
            timer: None,
            reads: BTreeSet::new(),
        })
    }

    /// A second host of the same replica, as this one is now.
    pub(crate) fn twin(&self) -> Self {
        let id = HostId::twin_of(self.id.replica);
        Self { id, timer: None, reads: BTreeSet::new(), ..self.clone() }
    }

    pub(crate) fn replica(&self) -> Option<&Replica<KvStore>> {
        self.replica.as_ref()
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Hands the replica an input, if it is up.
    pub(crate) fn handle(&mut self, now: Time, input: Input) {
        if let Some(replica) = &mut self.replica {
            replica.handle(self.clock.shows(now), input);
        }
    }

    /// Lets the host crash later, at a boundary of its writes.
    pub(crate) fn arm(&mut self, fuse: Fuse) {
        self.fuse = Some(fuse);
    }

    /// No crash is to come any more.
    pub(crate) fn disarm(&mut self) {
        self.fuse = None;
    }

    /// Sets its clock, as [`Clock::set`].
    pub(crate) fn set_clock(&mut self, now: Time, jump: Span, drift_ppm: i32) {
        self.clock.set(now, jump, drift_ppm);
    }

    /// Lets its clock jump ahead.
    pub(crate) fn jump(&mut self, now: Time, jump: Span) {
        self.clock.jump(now, jump);
    }

    /// How far its clock is from its replica's deadline.
    pub(crate) fn until_deadline(&self, now: Time) -> Option<Span> {
        let deadline = self.replica.as_ref()?.deadline()?;
        Some(Span(deadline.0.saturating_sub(self.clock.shows(now).0)))
    }

    /// When its replica's timer is due, by the cluster's time.
    pub(crate) fn deadline(&self) -> Option<Time> {
        Some(self.clock.moment_of(self.replica.as_ref()?.deadline()?))
    }

    /// The next output that others must perform; writes are performed here, in their place in the
    /// order, and are durable before any other output is. `None` when the replica has nothing more to
    /// do, or when it has just crashed.
    pub(crate) fn poll_output(&mut self, rng: &mut Rng) -> Option<Output> {
        loop {
            if matches!(self.fuse, Some(Fuse { writes: 0, edge: WriteEdge::After })) {
                self.crash(rng);
            }
            match self.replica.as_mut()?.poll_output() {
                Some(Output::Persist(record)) => {
                    if let Some(fuse) = &mut self.fuse {
                        if fuse.writes == 0 {
                            if fuse.edge == WriteEdge::Within {
                                self.disk.tear();
                            }
                            self.crash(rng);
                            return None;
                        }
                        fuse.writes -= 1;
                    }
                    self.disk.append(record);
                    if self.fuse.is_some() {
                        self.disk.sync(); // its writes are counted as durable
                    }
                }
                output => {
                    if !self.is_lazy {
                        self.disk.sync();
                    }
                    return output;
                }
            }
        }
    }

    /// A lazy host makes its writes durable when its timer fires, as one does that leaves it to its
    /// operating system.
    pub(crate) fn sync_at_last(&mut self) {
        self.disk.sync();
    }

    /// Loses all but what is durable on its disk.
    pub(crate) fn crash(&mut self, rng: &mut Rng) {
        self.last_status = self.status();
        self.replica = None;
        self.fuse = None;
        self.disk.crash(rng);
    }

    /// Starts the replica again from the disk.
    pub(crate) fn restart(&mut self, now: Time) -> Result<(), SimError> {
        let (setup, now) = (self.setup.clone(), self.clock.shows(now));
        self.replica = Some(Replica::new(setup, KvStore::default(), self.disk.recover(), now)?);
        Ok(())
    }

    /// Starts the replica again, with an empty disk.
    pub(crate) fn restart_empty(&mut self, now: Time) -> Result<(), SimError> {
        self.disk = Disk::default();
        self.restart(now)
    }

    pub(crate) fn status(&self) -> Status {
        self.replica.as_ref().map_or_else(|| self.last_status.clone(), Replica::status)
    }

    pub(crate) fn view(&self) -> HostView {
        HostView {
            id: self.id,
            up: self.replica.is_some(),
            status: self.status(),
            deadline: self.deadline(),
            kv_root: self.replica.as_ref().map(|replica| replica.app().root()),
            writes: self.disk.writes(),
            torn: self.disk.torn(),
            conduct: self.behaviour.as_ref().map(|behaviour| behaviour.conduct()),
        }
    }
}

/// A host at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostView {
    /// Its name.
    pub id: HostId,
    /// Whether the replica runs.
    pub up: bool,
    /// The replica's status; while it is down, the last one.
    pub status: Status,
    /// When its next timer fires.
    pub deadline: Option<Time>,
    /// The root of its key-value store alone.
    pub kv_root: Option<Digest>,
    /// How many records it has written to its disk.
    pub writes: u64,
    /// How many of them crashes have torn.
    pub torn: u64,
    /// What it does in place of keeping to the protocol, where it does not.
    pub conduct: Option<Conduct>,
}
