//! One corrupt replica of four, whatever it does: agreement throughout, and progress once messages
//! arrive.

mod common;

use common::{assert_safe, at_ms, run_until_done, top};
use hotstuff_core::{CommitRule, ReplicaId, Span};
use hotstuff_sim::{Conduct, HostId, Intervention, LinkConfig, Signatures, Sim, SimConfig, Workload};

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
