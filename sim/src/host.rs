//! A host: a replica, which crashes lose, and a disk, which they don't.

use crate::config::SimError;
use crate::disk::Disk;
use crate::intervention::WriteEdge;
use crate::queue::Ticket;
use hotstuff_core::crypto::Digest;
use hotstuff_core::replica::{Replica, Setup};
use hotstuff_core::{App, Input, Output, ReplicaId, Status, Time};
use hotstuff_kv::KvStore;
use std::collections::BTreeSet;

/// A crash to come, at a boundary of writes.
pub(crate) struct Fuse {
    pub(crate) writes: u64,
    pub(crate) edge: WriteEdge,
}

/// One machine of the cluster.
pub(crate) struct Host {
    setup: Setup,
    disk: Disk,
    replica: Option<Replica<KvStore>>,
    /// The status when the replica was last up.
    last_status: Status,
    fuse: Option<Fuse>,
    /// The queued timer, if any.
    pub(crate) timer: Option<Ticket>,
    /// Queued answers of the disk.
    pub(crate) reads: BTreeSet<Ticket>,
}

impl Host {
    /// A host with an empty disk, up.
    pub(crate) fn new(setup: Setup, now: Time) -> Result<Self, SimError> {
        let disk = Disk::default();
        let replica = Replica::new(setup.clone(), KvStore::default(), disk.recover(), now)?;
        let last_status = replica.status();
        Ok(Self {
            setup,
            disk,
            replica: Some(replica),
            last_status,
            fuse: None,
            timer: None,
            reads: BTreeSet::new(),
        })
    }

    pub(crate) fn replica(&self) -> Option<&Replica<KvStore>> {
        self.replica.as_ref()
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Hands the replica an input, if it is up.
    pub(crate) fn handle(&mut self, now: Time, input: Input) {
        if let Some(replica) = &mut self.replica {
            replica.handle(now, input);
        }
    }

    /// Lets the host crash later, at a boundary of its writes.
    pub(crate) fn arm(&mut self, fuse: Fuse) {
        self.fuse = Some(fuse);
    }

    /// The next output that others must perform; writes are performed here, in their place in the
    /// order. `None` when the replica has nothing more to do, or when it has just crashed.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        loop {
            if matches!(self.fuse, Some(Fuse { writes: 0, edge: WriteEdge::After })) {
                self.crash();
            }
            match self.replica.as_mut()?.poll_output()? {
                Output::Persist(record) => {
                    if let Some(fuse) = &mut self.fuse {
                        if fuse.writes == 0 {
                            self.crash();
                            return None;
                        }
                        fuse.writes -= 1;
                    }
                    self.disk.append(record);
                }
                output => return Some(output),
            }
        }
    }

    /// Loses all but the disk.
    pub(crate) fn crash(&mut self) {
        self.last_status = self.status();
        self.replica = None;
        self.fuse = None;
    }

    /// Starts the replica again from the disk.
    pub(crate) fn restart(&mut self, now: Time) -> Result<(), SimError> {
        let setup = self.setup.clone();
        self.replica = Some(Replica::new(setup, KvStore::default(), self.disk.recover(), now)?);
        Ok(())
    }

    pub(crate) fn status(&self) -> Status {
        self.replica.as_ref().map_or_else(|| self.last_status.clone(), Replica::status)
    }

    pub(crate) fn view(&self) -> HostView {
        HostView {
            id: self.setup.id,
            up: self.replica.is_some(),
            status: self.status(),
            deadline: self.replica.as_ref().and_then(Replica::deadline),
            kv_root: self.replica.as_ref().map(|replica| replica.app().root()),
            writes: self.disk.writes(),
        }
    }
}

/// A host at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostView {
    /// Its replica.
    pub id: ReplicaId,
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
}
