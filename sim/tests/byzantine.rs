//! One corrupt replica of four, whatever it does: agreement throughout, and progress once messages
//! arrive.

mod common;

use common::{assert_safe, at_ms, run_until_done, top};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{CommitRule, Event, ReplicaId, Span};
use hotstuff_sim::{
    Breach, Cause, Conduct, HostId, Intervention, LinkConfig, Signatures, Sim, SimConfig, Weakness, Workload,
};
use std::collections::BTreeSet;

const RULES: [CommitRule; 2] = [CommitRule::ThreeChain, CommitRule::TwoChain];
const COMMANDS: u64 = 60;

/// Lossy links, and a client with work for six seconds.
fn config(seed: u64, rule: CommitRule) -> SimConfig {
    let links = LinkConfig { loss_ppm: 100_000, ..LinkConfig::default() };
    let workload = Workload { commands: COMMANDS, interval_us: Span::millis(100), ..Workload::default() };
    SimConfig { seed, rule, links, signatures: Signatures::Tags, workload, ..SimConfig::default() }
}

fn corrupt(sim: &mut Sim, replica: u16, conduct: Conduct) -> HostId {
    let host = HostId::from(ReplicaId(replica));
    sim.intervene(Intervention::Corrupt { host, conduct }).unwrap();
    host
}

fn survives(conduct: Conduct) {
    for rule in RULES {
        for seed in 0..8 {
            let mut sim = Sim::new(config(seed, rule)).unwrap();
            let host = corrupt(&mut sim, (seed % 4) as u16, conduct);
            sim.run_until(at_ms(4_000), |_| {});
            assert_safe(&sim);
            sim.intervene(Intervention::Stabilize).unwrap();
            let answered = |sim: &Sim| sim.replies().iter().filter(|reply| reply.answer.is_some()).count();
            let what = format!("{conduct}, {rule:?}: all commands are answered");
            run_until_done(&mut sim, &what, 20_000, |sim| answered(sim) as u64 == COMMANDS);
            let height = top(&sim);
            let is_level = |sim: &Sim| {
                let mut honest = sim.hosts().filter(|view| view.id != host);
                honest.all(|view| view.status.committed_head.height >= height)
            };
            run_until_done(&mut sim, &format!("{what} everywhere"), 10_000, is_level);
        }
    }
}

macro_rules! survives {
    ($($name:ident: $conduct:ident;)*) => {
        $(
            #[test]
            fn $name() {
                survives(Conduct::$conduct);
            }
        )*
    };
}

survives! {
    a_silent_replica_stops_nothing: Silent;
    a_replica_that_withholds_votes_stops_nothing: WithholdVotes;
    an_equivocating_leader_stops_nothing: EquivocatingLeader;
    a_double_voter_stops_nothing: DoubleVoter;
    a_stale_leader_stops_nothing: StaleLeader;
    a_tail_forker_stops_nothing: TailForker;
    a_flooder_stops_nothing: Flooder;
    a_lying_server_stops_nothing: LyingServer;
    a_forger_stops_nothing: Forger;
    a_repeater_stops_nothing: Repeater;
}

/// Neither half is a quorum; but the views of r3 and r0, who come next, are whole
/// (`core/tests/half_shown.rs`).
#[test]
fn two_equivocating_leaders_of_seven_stop_nothing() {
    for rule in RULES {
        let links = LinkConfig::default();
        let config = SimConfig { replicas: 7, leaders: LeaderRule::RoundRobin, links, ..config(1, rule) };
        let mut sim = Sim::new(config).unwrap();
        for replica in [2, 6] {
            corrupt(&mut sim, replica, Conduct::EquivocatingLeader);
        }
        run_until_done(&mut sim, &format!("{rule:?}: ten blocks"), 60_000, |sim| top(sim).0 >= 10);
    }
}

fn cases() -> impl Iterator<Item = (CommitRule, u16)> {
    RULES.into_iter().flat_map(|rule| (0..4).map(move |replica| (rule, replica)))
}

fn weak(weakness: Weakness, rule: CommitRule, replica: u16, conduct: Conduct) -> (Sim, HostId) {
    let config = SimConfig { weakness: Some(weakness), ..config(u64::from(replica), rule) };
    let mut sim = Sim::new(config).unwrap();
    let host = corrupt(&mut sim, replica, conduct);
    (sim, host)
}

/// All that honest replicas told of in ten seconds, or until the run froze, and of what step.
fn told(sim: &mut Sim, corrupt: HostId) -> Vec<(HostId, Cause, Event)> {
    let mut told = Vec::new();
    sim.run_until(at_ms(10_000), |step| {
        if let Some(host) = step.host.filter(|host| *host != corrupt) {
            told.extend(step.events.iter().map(|event| (host, step.cause.clone(), event.clone())));
        }
    });
    told
}

#[test]
fn who_does_not_check_certificates_hands_on_a_forgers() {
    for weakness in [Weakness::CountDuplicateSigners, Weakness::AcceptUnverified] {
        for (rule, replica) in cases() {
            let (mut sim, host) = weak(weakness, rule, replica, Conduct::Forger);
            sim.run_until(at_ms(10_000), |_| {});
            let breach = sim.violation().map(|violation| &violation.breach);
            let is_it = matches!(breach, Some(Breach::Certificate { .. }));
            assert!(is_it, "{weakness}, {rule:?}, {host}: {breach:?}");
        }
    }
}

#[test]
fn who_executes_twice_does_so_for_a_repeater() {
    for (rule, replica) in cases() {
        let (mut sim, host) = weak(Weakness::ExecuteTwice, rule, replica, Conduct::Repeater);
        let mut executed = BTreeSet::new();
        let is_again = |(host, _, event): &(HostId, Cause, Event)| match event {
            Event::Executed { command, .. } => !executed.insert((*host, *command)),
            _ => false,
        };
        assert!(told(&mut sim, host).iter().any(is_again), "{rule:?}, {host}");
    }
}
