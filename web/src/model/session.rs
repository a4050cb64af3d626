//! All that the page shows of one source, folded from its reports.

use crate::model::log::{Filter, Found, Log};
use crate::model::operation::Request;
use crate::model::told;
use crate::model::{Cluster, Flight, Reach, Record, Selection, Timeline, Trail};
use crate::source::report::{Connection, Report, Snapshot, Violated};
use hotstuff_core::{ReplicaId, Time};
use hotstuff_sim::swarm::Finding;
use hotstuff_sim::timeline::Comparison;
use hotstuff_sim::{HostId, LinkConfig};

/// Which source is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A simulated cluster in this page.
    #[default]
    Sandbox,
    /// The cluster that serves the page.
    Live,
}

/// From whom to whom a link goes; none stands for every host.
pub type Ends = (Option<HostId>, Option<HostId>);

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
    /// What lately happened where.
    pub trail: Trail,
    /// The time that pictures show: simulated, or since the Unix epoch.
    pub clock: Time,
    /// How far the simulation has come (sandbox).
    pub trace: Trace,
    /// The run's marks and branches (sandbox).
    pub timeline: Timeline,
    /// Directions in which nothing arrives (sandbox).
    pub cuts: Vec<(HostId, HostId)>,
    /// What is violated (sandbox).
    pub violation: Option<Violated>,
    /// Bytes of memory that the source has taken (sandbox).
    pub source_memory: u64,
    /// Why the source can do nothing any more.
    pub failure: Option<String>,
    /// What of a run could not be done as it was asked for (sandbox).
    pub problems: Vec<String>,
    /// The violated run, made small, once that was asked for: none where that cannot be (sandbox).
    pub explained: Option<Option<Box<Finding>>>,
    /// Two branches beside each other, once that was asked for (sandbox).
    pub comparison: Option<Comparison>,
    /// How the connection stands (live).
    pub connection: Connection,
    /// How the visitor's command stands.
    pub request: Request,
    /// The links' settings (sandbox).
    pub links: LinkConfig,
    /// Those of links that were set by themselves, the last one last (sandbox).
    pub own_links: Vec<(Ends, LinkConfig)>,
    /// What is looked at.
    pub selection: Selection,
    /// What the list of events is narrowed to.
    pub filter: Filter,
    /// What happened (live).
    pub log: Log,
    /// The events that were looked for last (sandbox).
    pub found: Found,
    /// Counts changes of what there is to find.
    pub changes: u64,
    /// Another run is asked for and has not begun.
    is_awaiting: bool,
}

impl Session {
    /// A session of which nothing is known yet.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// The newest `limit` events that the filter admits.
    #[must_use]
    pub fn events(&self, limit: usize) -> Found {
        match self.mode {
            Mode::Sandbox => self.found.clone(),
            Mode::Live => self.log.find(&self.filter, u64::MAX, limit),
        }
    }

    /// Another run is asked for: what is told until it begins is of the old one.
    pub fn await_run(&mut self) {
        self.trace = Trace::default();
        self.violation = None;
        self.is_awaiting = true;
    }

    /// Takes a report in.
    pub fn absorb(&mut self, report: Report) {
        if self.is_awaiting
            && !matches!(
                report,
                Report::Began { .. } | Report::Problem(_) | Report::Failed(_) | Report::Requested(_)
            )
        {
            return;
        }
        match report {
            Report::Began { committee, genesis, reach } => self.begin(committee, genesis, reach),
            Report::Happened(records) => {
                self.changes += 1;
                records.into_iter().for_each(|record| self.fold(record));
            }
            Report::Sent(flights) => flights.iter().for_each(|flight| self.trail.sent(flight)),
            Report::Moved(cluster, trail) => {
                self.trail = *trail;
                self.changes += 1;
                self.cluster = *cluster;
            }
            Report::Stands { at, status, blocks } => {
                self.cluster.learn(&blocks, status.committed_head);
                self.cluster.adopt(status.id.into(), &status, at);
            }
            Report::Reached(id, reach) => self.reach(id, reach),
            Report::Dropped(id, count) => {
                if let Some(replica) = self.cluster.replica_mut(id.into()) {
                    replica.dropped = replica.dropped.saturating_add(count);
                }
            }
            Report::Snapshot(snapshot) => self.adopt(*snapshot),
            Report::Marks(from, marks) => self.timeline.mark(from, marks),
            Report::Branches(current, branches) => {
                (self.timeline.current, self.timeline.branches) = (current, branches);
            }
            Report::Compared(comparison) => self.comparison = Some(comparison),
            Report::Found(found) => self.found = found,
            Report::Problem(problem) => self.problems.push(problem),
            Report::Answered(_) | Report::Hunted(_) => {}
            Report::Explained(finding) => self.explained = Some(finding),
            Report::Memory(bytes) => self.source_memory = bytes,
            // What comes after the first is of no use.
            Report::Failed(why) => drop(self.failure.get_or_insert(why)),
            Report::Requested(request) => self.request = request,
            Report::Connection(connection) => self.connection = connection,
        }
    }

    /// Moves the pictures on to `now` (live, where no snapshot does).
    pub fn tick(&mut self, now: Time) {
        self.clock = now;
        self.flights.retain(|flight| flight.progress(now) < 1.0);
    }

    fn begin(&mut self, committee: hotstuff_sim::Electorate, genesis: hotstuff_core::BlockRef, reach: Reach) {
        *self = Self {
            mode: self.mode,
            cluster: Cluster::new(committee, genesis, reach),
            connection: std::mem::take(&mut self.connection),
            filter: std::mem::take(&mut self.filter),
            links: self.links,
            clock: if self.mode == Mode::Sandbox { Time::default() } else { self.clock },
            changes: self.changes + 1,
            ..Self::default()
        };
    }

    fn fold(&mut self, record: Record) {
        self.cluster.fold(&record);
        self.trail.fold(&record);
        if self.mode == Mode::Live {
            let all: Vec<HostId> = self.cluster.replicas.iter().map(|replica| replica.id).collect();
            let before = self.flights.len();
            told::add_flights(&mut self.flights, &record, &all, self.clock);
            self.flights[before..].iter().for_each(|flight| self.trail.sent(flight));
            self.log.add(record);
        }
    }

    fn reach(&mut self, id: ReplicaId, reach: Reach) {
        let host = HostId::from(id);
        let Some(replica) = self.cluster.replica_mut(host) else { return };
        let before = std::mem::replace(&mut replica.reach, reach);
        if before != reach && self.mode == Mode::Live {
            let text = format!("link to this page: {}", reach.word());
            self.log.add(Record::fault(self.clock, Some(host), text));
        }
    }

    fn adopt(&mut self, snapshot: Snapshot) {
        let Snapshot { now, steps, end, trace_hash, visits, hosts, flights, cuts, violation } = snapshot;
        for host in hosts {
            self.cluster.meet(host.id, Reach::Up);
            self.cluster.adopt(host.id, &host.status, now);
            if let Some(replica) = self.cluster.replica_mut(host.id) {
                replica.reach = if host.up { Reach::Up } else { Reach::Down };
                replica.deadline = host.deadline;
                replica.fault = host.fault;
            }
        }
        (self.flights, self.cuts, self.violation) = (flights, cuts, violation);
        self.clock = now;
        self.trace = Trace { steps, time: now, hash: trace_hash };
        (self.timeline.end, self.timeline.visits) = (end, visits);
    }
}
