//! The sandbox as the page drives it, natively.

use super::*;
use crate::model::link::{Piece, Sandbox};
use crate::model::log::Filter;
use crate::model::{Session, operation};
use crate::source::report::{Place, StepTo, Way};
use hotstuff_core::{ReplicaId, Span, Time};
use hotstuff_sim::explore::Course;
use hotstuff_sim::{HostId, Intervention, LinkConfig};

/// Links slow enough to watch, as the page has them.
pub(crate) fn links() -> LinkConfig {
    LinkConfig { delay_min_us: Span::millis(20), delay_max_us: Span::millis(60), ..LinkConfig::default() }
}

pub(crate) fn begun(seed: u64) -> SandboxSource {
    let mut source = SandboxSource::default();
    source.send(Order::Begin(Box::new(Sandbox { seed, ..Sandbox::default() }), links()));
    source
}

/// Gives an order, and lets `session` take in what comes of it.
pub(crate) fn order(source: &mut SandboxSource, session: &mut Session, order: Order) {
    source.send(order);
    source.reports().into_iter().for_each(|report| session.absorb(report));
}

fn kill(id: u16) -> Order {
    Order::Intervene(Intervention::Kill(ReplicaId(id).into()))
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
    let mut session = before;
    order(&mut source, &mut session, kill(leader.0));
    order(&mut source, &mut session, Order::Advance(Time(6_000_000)));
    assert!(!session.cluster.replica(leader.into()).unwrap().is_up());
    for (kind, least) in [("tc-formed", 1), ("killed", 1)] {
        let filter = Filter { text: kind.into(), ..Filter::default() };
        order(&mut source, &mut session, Order::Search(filter, 1));
        assert!(session.found.count >= least && session.found.entries.len() == 1, "{kind}");
    }
    let height = session.cluster.committed_height();
    let survivor = session.cluster.replicas.iter().find(|replica| replica.is_up()).unwrap();
    assert!(survivor.status.as_ref().unwrap().committed_head.height.0 + 3 >= height.0 && height.0 > 5);
}

#[test]
fn a_command_gets_its_answer_from_a_weak_quorum() {
    let mut source = begun(3);
    let typed = |text: &str| Order::Submit(operation::parse(text).unwrap(), text.into());
    source.send(typed("set colour dark blue"));
    drive(&mut source, 3_000);
    source.send(typed("get colour"));
    let session = drive(&mut source, 6_000);
    let Request::Done { answer, replicas, .. } = &session.request else { panic!("{:?}", session.request) };
    assert_eq!(answer, "dark blue");
    assert!(replicas.len() >= 2, "{replicas:?}");
}

#[test]
fn a_planned_run_is_the_same_as_from_the_command_line() {
    let plan = hotstuff_sim::explore::Space::default().plan(11);
    let until = plan.faults_until;
    let mut course = Course::new(&plan).unwrap();
    while course.step(until).is_some() {}
    assert!(course.sim().steps() > 100);
    let mut source = SandboxSource::default();
    let sandbox = Sandbox { piece: Piece::Plan(plan.to_code()), ..Sandbox::default() };
    source.send(Order::Begin(Box::new(sandbox), links()));
    let mut session = Session::default();
    while session.clock < until {
        let next = Time(session.clock.0 + 50_000).min(until);
        order(&mut source, &mut session, Order::Advance(next));
    }
    order(&mut source, &mut session, Order::Advance(until));
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
        (StepTo::CommitOrFault, |old, new| new.cluster.committed_height() > old.cluster.committed_height()),
        (StepTo::Event, |old, new| new.trace.steps == old.trace.steps + 1),
    ] {
        let before = session.clone();
        order(&mut source, &mut session, Order::Step(to, Way::On));
        assert!(is_new(&before, &session), "{to:?}");
    }
}

#[test]
fn a_replica_that_cannot_be_killed_twice_changes_nothing() {
    let mut source = begun(5);
    source.send(kill(1));
    let once = drive(&mut source, 500).trace;
    let mut source = begun(5);
    [kill(1), kill(1), kill(99)].into_iter().for_each(|order| source.send(order));
    let session = drive(&mut source, 500);
    assert_eq!((session.trace, session.problems.len()), (once, 2));
    assert!(session.problems[0].contains("down already"), "{:?}", session.problems);
}

#[test]
fn one_goes_back_and_what_was_there_is_there_again() {
    let mut source = begun(7);
    let mut session = drive(&mut source, 2_000);
    let then = session.clone();
    order(&mut source, &mut session, Order::Advance(Time(3_000_000)));
    order(&mut source, &mut session, Order::Seek(Place::Time(Time(2_000_000))));
    assert_eq!((&session.trace, &session.flights), (&then.trace, &then.flights));
    let shown = |session: &Session| {
        let replicas = session.cluster.replicas.iter();
        let replicas: Vec<_> = replicas.map(|replica| (replica.status.clone(), replica.view_since)).collect();
        let blocks = session.cluster.tree.from_height(hotstuff_core::Height(0));
        let blocks: Vec<_> = blocks.map(|node| (node.block.block, node.voters.clone())).collect();
        (replicas, blocks)
    };
    assert_eq!(shown(&session), shown(&then));
    order(&mut source, &mut session, Order::Seek(Place::End));
    assert_eq!(session.trace.steps, session.timeline.end.0);
    let end = session.trace.steps;
    order(&mut source, &mut session, Order::Step(StepTo::Event, Way::Back));
    assert_eq!(session.trace.steps, end - 1);
    order(&mut source, &mut session, Order::Step(StepTo::View, Way::Back));
    assert!(session.trace.steps < end - 1 && session.cluster.view() >= then.cluster.view());
}

#[test]
fn a_deed_in_the_past_is_on_a_branch_of_its_own_with_its_own_events() {
    let mut source = begun(7);
    let mut session = drive(&mut source, 2_000);
    order(&mut source, &mut session, Order::Seek(Place::Time(Time(1_000_000))));
    order(&mut source, &mut session, kill(2));
    order(&mut source, &mut session, Order::Advance(Time(2_000_000)));
    assert_eq!(session.timeline.branches.len(), 2);
    let killed = Filter { text: "killed".into(), ..Filter::default() };
    order(&mut source, &mut session, Order::Search(killed.clone(), 10));
    assert_eq!(session.found.count, 1);
    let (one, other) = (session.timeline.branches[0].id, session.timeline.branches[1].id);
    assert_eq!(session.timeline.current, other);
    order(&mut source, &mut session, Order::Compare(one, other));
    assert!(session.comparison.as_ref().is_some_and(|comparison| comparison.rows.len() > 10));
    order(&mut source, &mut session, Order::Switch(one));
    order(&mut source, &mut session, Order::Search(killed, 10));
    assert_eq!(session.found.count, 0);
    assert!(session.cluster.replica(ReplicaId(2).into()).unwrap().is_up());
}

#[test]
fn a_link_leads_to_the_same_moment_of_the_same_run() {
    let mut source = begun(9);
    let mut session = drive(&mut source, 700);
    order(&mut source, &mut session, kill(1));
    order(&mut source, &mut session, Order::Advance(Time(2_500_000)));
    let (visits, event) = (session.timeline.visits.clone(), Some(session.trace.steps));
    assert!(visits.is_some());
    let linked = Sandbox { seed: 9, visits, event, ..Sandbox::default() };
    let mut again = Session::default();
    let mut source = SandboxSource::default();
    order(&mut source, &mut again, Order::Begin(Box::new(linked.clone()), links()));
    assert_eq!((&again.trace.hash, again.trace.steps), (&session.trace.hash, session.trace.steps));
    assert_eq!(again.problems, Vec::<String>::new());

    let mut other = Session::default();
    let other_seed = Sandbox { seed: 10, ..linked.clone() };
    order(&mut SandboxSource::default(), &mut other, Order::Begin(Box::new(other_seed), links()));
    assert!(other.problems.iter().any(|problem| problem.contains("does not fit")), "{:?}", other.problems);
    let mut broken = Session::default();
    let nonsense =
        Sandbox { visits: Some("!".into()), piece: Piece::Plan("?".into()), event: None, ..linked };
    order(&mut SandboxSource::default(), &mut broken, Order::Begin(Box::new(nonsense), links()));
    assert_eq!(broken.problems.len(), 2, "{:?}", broken.problems);
    assert_eq!(broken.cluster.replicas.len(), 4, "and the rest is shown");
}

#[test]
fn a_twin_is_a_replica_of_its_own_in_the_picture() {
    let mut source = begun(7);
    let mut session = drive(&mut source, 300);
    let twin = HostId::twin_of(ReplicaId(1));
    order(&mut source, &mut session, Order::Intervene(Intervention::Twin(ReplicaId(1))));
    let faults: Vec<_> =
        session.cluster.replicas.iter().map(|replica| (replica.id, replica.fault.is_some())).collect();
    assert_eq!(faults[1..3], [(ReplicaId(1).into(), true), (twin, true)]);
    order(&mut source, &mut session, Order::Step(StepTo::Event, Way::Back));
    order(&mut source, &mut session, Order::Advance(Time(1_000_000)));
    assert_eq!(session.cluster.replicas.len(), 5);
}

#[test]
fn what_is_still_told_of_a_run_is_not_taken_for_that_of_the_next() {
    let mut source = begun(7);
    let mut session = drive(&mut source, 300);
    source.send(Order::Advance(Time(600_000)));
    session.await_run();
    assert_eq!(session.trace, crate::model::session::Trace::default());
    source.reports().into_iter().for_each(|report| session.absorb(report));
    assert_eq!(session.trace.steps, 0, "a late report of the old run");
    let next = Sandbox { seed: 8, ..Sandbox::default() };
    order(&mut source, &mut session, Order::Begin(Box::new(next), links()));
    order(&mut source, &mut session, Order::Advance(Time(300_000)));
    assert_eq!(session.trace, drive(&mut begun(8), 300).trace);
}
