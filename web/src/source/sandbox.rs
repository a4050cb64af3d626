//! The sandbox: a simulated cluster that goes on when ordered to, and only then.
//!
//! What a run does depends on its beginning and on the interventions with their simulated times:
//! into how many batches a drive is cut changes nothing (asserted below).

use crate::model::link::Sandbox;
use crate::model::operation::{self, Request};
use crate::model::{Flight, Reach, Record};
use crate::source::report::{Host, Links, Order, Report, Snapshot, StepTo};
use crate::source::{Source, steps};
use hotstuff_core::config::Config;
use hotstuff_core::{Height, SequenceNumber, Span, Time, View};
use hotstuff_sim::explore::{Course, Plan};
use hotstuff_sim::{Cause, ClientNumber, Intervention, LinkConfig, SimConfig, Step, Workload};

/// How many steps one order may take, so that the page stays responsive.
const BATCH_STEPS: usize = 2_000;
/// How far a step to the next view or commit may go before it gives up.
const STEP_LIMIT: usize = 50_000;

/// The sandbox.
#[derive(Default)]
pub struct SandboxSource {
    run: Option<Run>,
    reports: Vec<Report>,
}

struct Run {
    course: Course,
    // Up to where the run was driven; the simulator itself stands at its last step.
    now: Time,
    steps: u64,
    waiting: Option<(SequenceNumber, String)>,
}

/// What a run of the sandbox is made from: quick replicas and a client that asks now and then.
#[must_use]
pub fn config(sandbox: &Sandbox, links: Links) -> SimConfig {
    let replica = Config {
        timeout_min_us: Span::millis(400),
        timeout_max_us: Span::millis(6_400),
        retransmit_us: Span::millis(400),
        heartbeat_us: Span::millis(500),
        ..Config::default()
    };
    let workload = Workload { commands: u64::MAX, interval_us: Span::millis(600), ..Workload::default() };
    SimConfig {
        seed: sandbox.seed,
        replicas: sandbox.replicas,
        links: link_config(links),
        replica,
        workload,
        ..SimConfig::default()
    }
}

fn link_config(links: Links) -> LinkConfig {
    LinkConfig {
        delay_min_us: links.delay_min_us,
        delay_max_us: links.delay_max_us.max(links.delay_min_us),
        loss_ppm: links.loss_ppm.min(1_000_000),
        ..LinkConfig::default()
    }
}

impl Source for SandboxSource {
    fn send(&mut self, order: Order) {
        match order {
            Order::Begin(sandbox, links) => self.begin(&sandbox, links),
            Order::Advance(target) => self.advance(target),
            Order::Step(to) => self.step(to),
            Order::Kill(id) => self.intervene(Intervention::Kill(id.into())),
            Order::Restart(id) => self.intervene(Intervention::Restart(id.into())),
            Order::SetLinks(links) => self.intervene(Intervention::SetLinks(link_config(links))),
            Order::Submit(operation, text) => self.submit(operation, text),
        }
        self.snapshot();
    }

    fn reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }
}

impl SandboxSource {
    fn begin(&mut self, sandbox: &Sandbox, links: Links) {
        let unplanned =
            || Plan { config: config(sandbox, links), faults: Vec::new(), faults_until: Time(u64::MAX) };
        let plan = sandbox.plan.as_ref().map_or_else(unplanned, |planned| (*planned.plan).clone());
        let course = match Course::new(&plan) {
            Ok(course) => course,
            Err(why) => {
                let why = format!("the run cannot begin: {why}");
                self.reports.push(Report::Requested(Request::Failed { why }));
                return;
            }
        };
        let committee = course.sim().committee();
        self.reports.push(Report::Began {
            committee: committee.spec().clone(),
            genesis: committee.genesis_qc().block,
            reach: Reach::Up,
        });
        self.run = Some(Run { now: course.sim().now(), course, steps: 0, waiting: None });
    }

    fn advance(&mut self, target: Time) {
        let Some(run) = &mut self.run else { return };
        let mut records = Vec::new();
        for _ in 0..BATCH_STEPS {
            if !run.step(target, &mut records, &mut self.reports) {
                if run.course.sim().violation().is_none() {
                    run.now = run.now.max(target);
                }
                break;
            }
        }
        self.reports.push(Report::Happened(records));
    }

    fn step(&mut self, to: StepTo) {
        let Some(run) = &mut self.run else { return };
        let (view, height) = run.furthest();
        let mut records = Vec::new();
        for _ in 0..STEP_LIMIT {
            if !run.step(Time(u64::MAX), &mut records, &mut self.reports) {
                break;
            }
            let (new_view, new_height) = run.furthest();
            let is_there = match to {
                StepTo::Event => true,
                StepTo::View => new_view > view,
                StepTo::Commit => new_height > height,
            };
            if is_there {
                break;
            }
        }
        self.reports.push(Report::Happened(records));
    }

    fn intervene(&mut self, what: Intervention) {
        let Some(run) = &mut self.run else { return };
        let mut records = Vec::new();
        // Refused only where it would change nothing, such as killing what is down.
        if let Ok(step) = run.course.sim_mut().intervene(what) {
            run.note(&step, &mut records, &mut self.reports);
        }
        self.reports.push(Report::Happened(records));
    }

    fn submit(&mut self, operation: hotstuff_kv::Request, text: String) {
        let Some(run) = &mut self.run else { return };
        let mut records = Vec::new();
        match run.course.sim_mut().intervene(Intervention::submit(operation)) {
            Ok(step) => {
                if let Cause::Submitted { sequence, .. } = step.cause {
                    run.waiting = Some((sequence, text.clone()));
                }
                self.reports.push(Report::Requested(Request::Waiting { text }));
                run.note(&step, &mut records, &mut self.reports);
            }
            Err(why) => self.reports.push(Report::Requested(Request::Failed { why: why.to_string() })),
        }
        self.reports.push(Report::Happened(records));
    }

    fn snapshot(&mut self) {
        let Some(Run { course, now, steps, .. }) = &self.run else { return };
        let sim = course.sim();
        let hosts = sim.hosts().map(|host| Host {
            id: host.id.replica,
            up: host.up,
            status: host.status,
            deadline: host.deadline,
        });
        let flights = sim.in_flight().map(|flight| Flight {
            id: flight.id,
            from: flight.from.replica,
            to: flight.to.replica,
            kind: flight.kind,
            view: flight.view,
            sent: flight.sent,
            arrives: flight.arrives,
            dropped: flight.dropped,
        });
        self.reports.push(Report::Snapshot(Snapshot {
            now: *now,
            steps: *steps,
            trace_hash: format!("{:#}", sim.trace_hash()),
            hosts: hosts.collect(),
            flights: flights.collect(),
            violation: sim.violation().map(ToString::to_string),
        }));
    }
}

impl Run {
    /// Takes one step that is due at `until` or before; `false` when there is none to take.
    fn step(&mut self, until: Time, records: &mut Vec<Record>, reports: &mut Vec<Report>) -> bool {
        let Some(step) = self.course.step(until) else { return false };
        self.note(&step, records, reports);
        true
    }

    fn note(&mut self, step: &Step, records: &mut Vec<Record>, reports: &mut Vec<Report>) {
        self.now = self.now.max(step.time);
        self.steps = step.index + 1;
        records.extend(steps::records(step));
        for result in &step.results {
            let is_it = |waiting: &mut (SequenceNumber, String)| {
                (result.client, result.sequence) == (ClientNumber(0), waiting.0)
            };
            let Some((_, text)) = self.waiting.take_if(is_it) else {
                continue;
            };
            let request = match &result.outcome {
                Some(outcome) => {
                    let (answer, height) = operation::in_words(outcome);
                    Request::Done { text, answer, height, replicas: result.replicas.clone() }
                }
                None => Request::Failed { why: format!("“{text}” was given up: no f+1 replicas agree") },
            };
            reports.push(Report::Requested(request));
        }
    }

    /// The highest view and the highest committed height of any replica that runs.
    fn furthest(&self) -> (View, Height) {
        let hosts = self.course.sim().hosts().filter(|host| host.up);
        hosts.fold((View::default(), Height::default()), |(view, height), host| {
            (view.max(host.status.view), height.max(host.status.committed_head.height))
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::Session;
    use crate::model::link::Planned;
    use hotstuff_core::ReplicaId;

    pub(crate) fn begun(seed: u64) -> SandboxSource {
        let mut source = SandboxSource::default();
        source.send(Order::Begin(Sandbox { seed, ..Sandbox::default() }, Links::default()));
        source
    }

    pub(crate) fn drive(source: &mut SandboxSource, to_ms: u64) -> Session {
        let mut session = Session::default();
        let target = Time(to_ms * 1_000);
        while session.clock < target {
            source.send(Order::Advance(target));
            source.reports().into_iter().for_each(|report| session.absorb(report));
        }
        session
    }

    #[test]
    fn frames_change_nothing_in_a_run() {
        let (mut whole, mut cut) = (begun(7), begun(7));
        let whole = drive(&mut whole, 3_000);
        for frame in 1..=180 {
            cut.send(Order::Advance(Time(frame * 16_666)));
        }
        let mut session = Session::default();
        cut.send(Order::Advance(Time(3_000_000)));
        cut.reports().into_iter().for_each(|report| session.absorb(report));
        assert_eq!(whole.trace, session.trace);
        assert!(whole.cluster.committed_height().0 > 3, "{}", whole.cluster.committed_height());
        assert_ne!(drive(&mut begun(8), 3_000).trace.hash, whole.trace.hash);
    }

    #[test]
    fn the_others_go_on_without_a_killed_leader() {
        let mut source = begun(7);
        let before = drive(&mut source, 1_000);
        let (leader, _) = before.cluster.leaders().unwrap();
        source.send(Order::Kill(leader));
        let mut session = before;
        source.send(Order::Advance(Time(6_000_000)));
        source.reports().into_iter().for_each(|report| session.absorb(report));
        assert!(!session.cluster.replica(leader).unwrap().is_up());
        let found = |kind: &str| {
            let filter = crate::model::log::Filter { text: kind.into(), ..Default::default() };
            session.cluster.log.find(&filter, 1).0
        };
        assert!(found("tc-formed") > 0 && found("killed") == 1);
        let height = session.cluster.committed_height();
        let survivor = session.cluster.replicas.iter().find(|replica| replica.is_up()).unwrap();
        assert!(survivor.status.as_ref().unwrap().committed_head.height.0 + 3 >= height.0 && height.0 > 5);
    }

    #[test]
    fn a_command_gets_its_answer_from_a_weak_quorum() {
        let mut source = begun(3);
        let order = |text: &str| Order::Submit(operation::parse(text).unwrap(), text.into());
        source.send(order("set colour dark blue"));
        drive(&mut source, 3_000);
        source.send(order("get colour"));
        let session = drive(&mut source, 6_000);
        let Request::Done { answer, replicas, .. } = &session.request else {
            panic!("{:?}", session.request)
        };
        assert_eq!(answer, "dark blue");
        assert!(replicas.len() >= 2, "{replicas:?}");
    }

    #[test]
    fn a_planned_run_is_the_same_as_from_the_command_line() {
        let plan = std::rc::Rc::new(hotstuff_sim::explore::Space::default().plan(11));
        let until = plan.faults_until;
        let mut course = Course::new(&plan).unwrap();
        while course.step(until).is_some() {}
        assert!(course.sim().steps() > 100);
        let mut source = SandboxSource::default();
        let plan = Some(Planned { plan, hash: None });
        source.send(Order::Begin(Sandbox { plan, ..Sandbox::default() }, Links::default()));
        let mut session = Session::default();
        while session.clock < until {
            let next = Time(session.clock.0 + 50_000).min(until);
            source.send(Order::Advance(next));
            source.reports().into_iter().for_each(|report| session.absorb(report));
        }
        source.send(Order::Advance(until));
        source.reports().into_iter().for_each(|report| session.absorb(report));
        assert_eq!(session.trace.hash, format!("{:#}", course.sim().trace_hash()));
    }

    #[test]
    fn steps_stop_where_they_say() {
        let mut source = begun(5);
        let mut session = drive(&mut source, 100);
        for (to, is_new) in [
            (
                StepTo::View,
                (|old: &Session, new: &Session| new.cluster.view() > old.cluster.view()) as fn(&_, &_) -> _,
            ),
            (StepTo::Commit, |old, new| new.cluster.committed_height() > old.cluster.committed_height()),
            (StepTo::Event, |old, new| new.trace.steps == old.trace.steps + 1),
        ] {
            let before = session.clone();
            source.send(Order::Step(to));
            source.reports().into_iter().for_each(|report| session.absorb(report));
            assert!(is_new(&before, &session), "{to:?}");
        }
    }

    #[test]
    fn a_replica_that_cannot_be_killed_twice_changes_nothing() {
        let mut source = begun(5);
        source.send(Order::Kill(ReplicaId(1)));
        let once = drive(&mut source, 500).trace;
        let mut source = begun(5);
        source.send(Order::Kill(ReplicaId(1)));
        source.send(Order::Kill(ReplicaId(1)));
        source.send(Order::Kill(ReplicaId(99)));
        assert_eq!(drive(&mut source, 500).trace, once);
    }
}
