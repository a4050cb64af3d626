//! All that the page shows of one source, folded from its reports.

use crate::model::log::Filter;
use crate::model::operation::Request;
use crate::model::told;
use crate::model::{Cluster, Flight, Reach, Record, Selection};
use crate::source::report::{Connection, Links, Report, Snapshot};
use hotstuff_core::{Committee, ReplicaId, Time};
use std::sync::Arc;

/// Which source is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A simulated cluster in this page.
    #[default]
    Sandbox,
    /// The cluster that serves the page.
    Live,
}

/// How far a simulation has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Steps so far.
    pub steps: u64,
    /// Simulated time.
    pub time: Time,
    /// The hash of all steps, in full hexadecimal digits.
    pub hash: String,
}

/// What is shown, and what the visitor chose to look at.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Which source.
    pub mode: Mode,
    /// The cluster.
    pub cluster: Cluster,
    /// Messages on their way.
    pub flights: Vec<Flight>,
    /// The time that pictures show: simulated, or since the Unix epoch.
    pub clock: Time,
    /// How far the simulation has come (sandbox).
    pub trace: Trace,
    /// What is violated, in words (sandbox).
    pub violation: Option<String>,
    /// How the connection stands (live).
    pub connection: Connection,
    /// How the visitor's command stands.
    pub request: Request,
    /// The links' settings (sandbox).
    pub links: Links,
    /// What is looked at.
    pub selection: Selection,
    /// What the list of events is narrowed to.
    pub filter: Filter,
}

impl Session {
    /// A session of which nothing is known yet.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// Takes a report in.
    pub fn absorb(&mut self, report: Report) {
        match report {
            Report::Began { committee, genesis, reach } => {
                // A source reports committees that are checked; another would have no pictures.
                let Ok(committee) = Committee::new(committee) else { return };
                self.cluster = Cluster::new(Arc::new(committee), genesis, reach);
                self.flights.clear();
                self.request = Request::None;
                self.violation = None;
                self.selection = Selection::Nothing;
                if self.mode == Mode::Sandbox {
                    self.clock = Time::default();
                }
            }
            Report::Happened(records) => records.iter().for_each(|record| self.fold(record)),
            Report::Stands { at, status, blocks } => {
                self.cluster.learn(&blocks, status.committed_head);
                self.cluster.adopt(&status, at);
            }
            Report::Reached(id, reach) => self.reach(id, reach),
            Report::Dropped(id, count) => {
                if let Some(replica) = self.cluster.replica_mut(id) {
                    replica.dropped = replica.dropped.saturating_add(count);
                }
            }
            Report::Snapshot(snapshot) => self.adopt(snapshot),
            Report::Requested(request) => self.request = request,
            Report::Connection(connection) => self.connection = connection,
        }
    }

    /// Moves the pictures on to `now` (live, where no snapshot does).
    pub fn tick(&mut self, now: Time) {
        self.clock = now;
        self.flights.retain(|flight| flight.progress(now) < 1.0);
    }

    fn fold(&mut self, record: &Record) {
        self.cluster.fold(record);
        if self.mode == Mode::Live {
            let all: Vec<ReplicaId> = self.cluster.replicas.iter().map(|replica| replica.id).collect();
            told::add_flights(&mut self.flights, record, &all, self.clock);
        }
    }

    fn reach(&mut self, id: ReplicaId, reach: Reach) {
        let Some(replica) = self.cluster.replica_mut(id) else { return };
        let before = std::mem::replace(&mut replica.reach, reach);
        if before != reach && self.mode == Mode::Live {
            let text = format!("link to this page: {}", reach.word());
            self.cluster.log.add(&Record::fault(self.clock, Some(id), text));
        }
    }

    fn adopt(&mut self, snapshot: Snapshot) {
        let Snapshot { now, steps, trace_hash, hosts, flights, violation } = snapshot;
        for host in hosts {
            self.cluster.adopt(&host.status, now);
            if let Some(replica) = self.cluster.replica_mut(host.id) {
                replica.reach = if host.up { Reach::Up } else { Reach::Down };
                replica.deadline = host.deadline;
            }
        }
        self.flights = flights;
        self.violation = violation;
        self.clock = now;
        self.trace = Trace { steps, time: now, hash: trace_hash };
    }
}
