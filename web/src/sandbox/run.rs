//! One run with its branches, and what is told of it.

use super::opening;
use super::seen::Seen;
use crate::model::link::Sandbox;
use crate::model::log::{Filter, Log};
use crate::model::operation::{self, Request};
use crate::model::replica::Fault;
use crate::model::{Flight, Reach, Record};
use crate::source::report::{Host, Order, Place, Report, Snapshot, StepTo, Violated, Way};
use crate::source::steps;
use hotstuff_core::{SequenceNumber, Time};
use hotstuff_sim::play::{BeginError, Play};
use hotstuff_sim::swarm;
use hotstuff_sim::timeline::{BranchId, Mark, MarkKind, Timeline};
use hotstuff_sim::{Cause, ClientNumber, HostView, Intervened, Intervention, LinkConfig, Sim, Step};

/// How many steps one order may take, so that orders never wait long.
const BATCH_STEPS: usize = 2_000;
/// How far a step to the next view or commit may go before it gives up.
const STEP_LIMIT: usize = 50_000;
/// Most messages on their way that are told of: of more, nobody sees the single one.
const FLIGHTS_MAX: usize = 3_000;
/// How many rows a comparison has at most.
const ROWS_MAX: usize = 400;

/// A run.
pub(super) struct Run {
    timeline: Timeline<Seen>,
    /// A list of events for each branch.
    logs: Vec<Log>,
    /// Up to where the run was driven; the simulator itself may stand at an earlier step.
    now: Time,
    waiting: Option<(SequenceNumber, String)>,
    /// How many marks of which branch have been told.
    told: (BranchId, usize),
    branches_told: (BranchId, usize),
    /// Where a link wants to go, which takes several orders.
    bound: Option<u64>,
}

impl Run {
    pub(super) fn begin(
        sandbox: &Sandbox,
        links: LinkConfig,
        reports: &mut Vec<Report>,
    ) -> Result<Self, BeginError> {
        let mut problems = Vec::new();
        let (beginning, visits) = opening::beginning(sandbox, links, &mut problems);
        let first = Play::new(&beginning)?;
        let (seen, committee) = (Seen::of(first.sim()), first.sim().committee());
        let (genesis, reach) = (committee.genesis_qc().block, Reach::Up);
        reports.push(Report::Began { committee: committee.into(), genesis, reach });
        let timeline = Timeline::recorded(beginning, visits, seen)?;
        reports.extend(problems.into_iter().map(Report::Problem));
        let Seen { cluster, trail } = timeline.fold().clone();
        reports.push(Report::Moved(Box::new(cluster), Box::new(trail)));
        let mut run = Self {
            timeline,
            logs: vec![Log::default()],
            now: Time(0),
            waiting: None,
            told: (BranchId::default(), usize::MAX),
            branches_told: (BranchId::default(), 0),
            bound: sandbox.event,
        };
        run.go_where_bound(reports);
        run.tell(reports);
        Ok(run)
    }

    /// Does what is asked for, and tells how the run then stands.
    pub(super) fn obey(&mut self, order: Order, reports: &mut Vec<Report>) {
        match order {
            Order::Search(filter, limit) => return self.search(&filter, limit, reports),
            Order::Compare(one, other) => {
                reports.extend(self.timeline.compare(one, other, ROWS_MAX).map(Report::Compared));
                return;
            }
            Order::Advance(_) | Order::Step(..) if self.bound.is_some() => self.go_where_bound(reports),
            Order::Advance(until) => self.advance(until, reports),
            Order::Step(to, Way::On) => self.step_on(to, reports),
            Order::Step(to, Way::Back) => self.step_back(to, reports),
            Order::Seek(place) => self.seek(place, reports),
            Order::Intervene(what) => {
                if let Err(why) = self.intervene(what, reports) {
                    reports.push(Report::Problem(why));
                }
            }
            Order::Submit(operation, text) => self.submit(operation, text, reports),
            Order::Fork => {
                self.timeline.fork();
                self.follow_branch();
            }
            Order::Switch(branch) => {
                if self.timeline.switch(branch) {
                    self.moved(reports);
                }
            }
            Order::Explain => {
                reports.push(Report::Explained(swarm::explain(self.sim()).map(Box::new)));
                return;
            }
            Order::Begin(..) | Order::Ask(_) | Order::Hunt(_) | Order::HuntOn => {}
        }
        self.tell(reports);
    }

    fn sim(&self) -> &Sim {
        self.timeline.sim()
    }

    fn advance(&mut self, until: Time, reports: &mut Vec<Report>) {
        let mut batch = Batch::default();
        for _ in 0..BATCH_STEPS {
            if !self.step(until, &mut batch) {
                if self.sim().violation().is_none() {
                    self.timeline.rest(until);
                    self.now = self.now.max(until);
                }
                break;
            }
        }
        batch.report(reports);
    }

    fn step_on(&mut self, to: StepTo, reports: &mut Vec<Report>) {
        let mut batch = Batch::default();
        let from = self.sim().steps();
        for _ in 0..STEP_LIMIT {
            if !self.step(Time(u64::MAX), &mut batch) {
                break;
            }
            let marks = self.timeline.marks();
            let is_there = match to {
                StepTo::Event => true,
                _ => marks.next(from, is_wanted(to)).is_some_and(|mark| mark.steps <= self.sim().steps()),
            };
            if is_there {
                break;
            }
        }
        self.now = self.sim().now();
        batch.report(reports);
    }

    fn step_back(&mut self, to: StepTo, reports: &mut Vec<Report>) {
        let steps = self.sim().steps();
        let target = match to {
            StepTo::Event => steps.saturating_sub(1),
            _ => self.timeline.marks().previous(steps, is_wanted(to)).map_or(0, |mark| mark.steps),
        };
        self.seek(Place::Steps(target), reports);
    }

    fn seek(&mut self, place: Place, reports: &mut Vec<Report>) {
        self.bound = None;
        match place {
            Place::Steps(steps) => self.timeline.seek(steps),
            Place::Time(time) => self.timeline.seek_time(time),
            Place::End => self.timeline.seek(u64::MAX),
        }
        self.moved(reports);
    }

    /// Goes on to where the link that began the run wants to be, as far as one order takes.
    fn go_where_bound(&mut self, reports: &mut Vec<Report>) {
        let Some(steps) = self.bound else { return };
        for _ in 0..BATCH_STEPS {
            if self.sim().steps() >= steps {
                self.bound = None;
                break;
            }
            if let Some(step) = self.timeline.step(Time(u64::MAX)) {
                self.log(&step);
            } else {
                reports.push(Report::Problem(format!(
                    "the link shows step {steps}, and the run ends at step {}",
                    self.sim().steps()
                )));
                self.bound = None;
                break;
            }
        }
        self.now = self.sim().now();
        if self.timeline.has_strayed() && self.bound.is_none() {
            reports.push(Report::Problem(
                "what was done in this link's run does not fit it: the link is of another build".into(),
            ));
        }
        self.moved(reports);
    }

    fn intervene(&mut self, what: Intervention, reports: &mut Vec<Report>) -> Result<Step, String> {
        // The run may have been let go beyond its last step: it happens where the visitor sees it.
        let branch = self.timeline.current();
        let step = self.timeline.intervene(what).map_err(|why| why.to_string())?;
        if self.timeline.current() != branch {
            self.follow_branch();
        }
        let mut batch = Batch::default();
        self.note(&step, &mut batch);
        batch.report(reports);
        Ok(step)
    }

    fn submit(&mut self, operation: hotstuff_kv::Request, text: String, reports: &mut Vec<Report>) {
        match self.intervene(Intervention::submit(operation), reports) {
            Ok(step) => {
                if let Cause::Submitted { sequence, .. } = step.cause {
                    self.waiting = Some((sequence, text.clone()));
                }
                reports.push(Report::Requested(Request::Waiting { text }));
            }
            Err(why) => reports.push(Report::Requested(Request::Failed { why })),
        }
    }

    fn search(&self, filter: &Filter, limit: usize, reports: &mut Vec<Report>) {
        let log = &self.logs[self.timeline.current().0 as usize];
        reports.push(Report::Found(log.find(filter, self.sim().steps(), limit)));
    }

    /// Takes one step that is due at `until` or before; `false` when there is none to take.
    fn step(&mut self, until: Time, batch: &mut Batch) -> bool {
        let Some(step) = self.timeline.step(until) else { return false };
        self.note(&step, batch);
        true
    }

    /// Keeps what the log does not have yet.
    fn log(&mut self, step: &Step) {
        let log = &mut self.logs[self.timeline.current().0 as usize];
        if step.index + 1 > log.last_at() {
            steps::records(step).for_each(|record| log.add(record));
        }
    }

    fn note(&mut self, step: &Step, batch: &mut Batch) {
        self.now = self.now.max(step.time);
        self.log(step);
        batch.records.extend(steps::records(step));
        batch.sent.extend(self.timeline.sim().posted().iter().copied().map(Flight::from));
        for result in &step.results {
            let is_it = |waiting: &mut (SequenceNumber, String)| {
                (result.client, result.sequence) == (ClientNumber(0), waiting.0)
            };
            let Some((_, text)) = self.waiting.take_if(is_it) else { continue };
            let request = match &result.outcome {
                Some(outcome) => {
                    let (answer, height) = operation::in_words(outcome);
                    Request::Done { text, answer, height, replicas: result.replicas.clone() }
                }
                None => Request::Failed { why: format!("“{text}” was given up: no f+1 replicas agree") },
            };
            batch.requests.push(request);
        }
    }

    /// The branch that one is on is new: its events so far are those of the one it left.
    fn follow_branch(&mut self) {
        let steps = self.sim().steps();
        let fork = self.timeline.branches().last().and_then(|branch| branch.fork);
        if let Some(fork) = fork.filter(|_| self.logs.len() <= self.timeline.current().0 as usize) {
            let log = self.logs[fork.branch.0 as usize].up_to(fork.steps.min(steps));
            self.logs.push(log);
        }
    }

    fn moved(&mut self, reports: &mut Vec<Report>) {
        self.now = self.sim().now();
        self.waiting = None;
        let Seen { cluster, trail } = self.timeline.fold().clone();
        reports.push(Report::Moved(Box::new(cluster), Box::new(trail)));
    }

    fn tell(&mut self, reports: &mut Vec<Report>) {
        let current = self.timeline.current();
        let marks: &[Mark] = self.timeline.marks().all();
        let from = if self.told.0 == current { self.told.1 } else { usize::MAX };
        if from != marks.len() {
            let from = if from < marks.len() { from } else { 0 };
            reports.push(Report::Marks(from, marks[from..].to_vec()));
            self.told = (current, marks.len());
        }
        let count = self.timeline.branches().count();
        if self.branches_told != (current, count) {
            reports.push(Report::Branches(current, self.timeline.branches().collect()));
            self.branches_told = (current, count);
        }
        reports.push(Report::Snapshot(Box::new(self.snapshot())));
    }

    fn snapshot(&self) -> Snapshot {
        let sim = self.sim();
        let visits = self.timeline.visits();
        Snapshot {
            now: self.now.max(sim.now()),
            steps: sim.steps(),
            end: self.timeline.end(),
            trace_hash: format!("{:#}", sim.trace_hash()),
            visits: (!visits.is_empty()).then(|| Intervened::to_code(visits)),
            hosts: sim.hosts().map(|host| shown(sim, host)).collect(),
            flights: sim.in_flight().take(FLIGHTS_MAX).map(Flight::from).collect(),
            cuts: sim.cuts().collect(),
            violation: sim.violation().map(|violation| Violated {
                property: violation.breach.property().into(),
                text: violation.to_string(),
            }),
        }
    }
}

fn is_wanted(to: StepTo) -> fn(&MarkKind) -> bool {
    match to {
        StepTo::View => MarkKind::is_view,
        StepTo::Event | StepTo::CommitOrFault => MarkKind::is_commit_or_fault,
    }
}

fn shown(sim: &Sim, host: HostView) -> Host {
    let HostView { id, up, status, deadline, conduct, .. } = host;
    let has_twin = || sim.hosts().any(|other| other.id.replica == id.replica && other.id != id);
    let fault = match conduct {
        Some(conduct) => Some(Fault::Corrupt(conduct)),
        None if !sim.faulty().contains(&id) => None,
        None if has_twin() => Some(Fault::Twin),
        None => Some(Fault::Amnesiac),
    };
    Host { id, up, status, deadline, fault }
}

/// What is told together.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    sent: Vec<Flight>,
    requests: Vec<Request>,
}

impl Batch {
    fn report(self, reports: &mut Vec<Report>) {
        reports.push(Report::Happened(self.records));
        if !self.sent.is_empty() {
            reports.push(Report::Sent(self.sent));
        }
        reports.extend(self.requests.into_iter().map(Report::Requested));
    }
}
