//! What the scenarios share.
#![allow(dead_code, reason = "each test takes what it needs")]

use hotstuff_core::{Height, Time};
use hotstuff_kv::{Answer, Operation};
use hotstuff_sim::{Answered, HostId, Intervention, LinkConfig, Request, Sim};

pub fn at_ms(time_ms: u64) -> Time {
    Time(time_ms * 1_000)
}

pub fn set(key: &str, value: &str) -> Operation {
    Operation::Set { key: key.into(), value: value.into() }
}

/// Lets the run go on until `done`, which must come about within `bound_ms` of simulated time.
pub fn run_until_done(sim: &mut Sim, what: &str, bound_ms: u64, done: impl Fn(&Sim) -> bool) {
    let bound = Time(sim.now().0 + bound_ms * 1_000);
    while !done(sim) {
        assert_safe(sim);
        let next = sim.next_time().unwrap_or_else(|| panic!("{what}: nothing will ever happen"));
        assert!(next <= bound, "{what}: not within {bound_ms} ms\n{}", picture(sim));
        sim.step();
    }
    assert_safe(sim);
}

pub fn assert_safe(sim: &Sim) {
    assert_eq!(sim.violation(), None, "seed {}\n{}", sim.config().seed, picture(sim));
}

/// The hosts, for the message of a failed test.
pub fn picture(sim: &Sim) -> String {
    let hosts = sim.hosts().map(|host| format!("up: {}, {:?}\n", host.up, host.status));
    format!("seed {} at {}\n{}", sim.config().seed, sim.now(), hosts.collect::<String>())
}

/// Perfect links, and every replica up.
pub fn heal(sim: &mut Sim) {
    assert_safe(sim);
    sim.intervene(Intervention::SetLinks(LinkConfig::default())).unwrap();
    let down: Vec<HostId> = sim.hosts().filter(|host| !host.up).map(|host| host.id).collect();
    for id in down {
        sim.intervene(Intervention::Restart(id)).unwrap();
    }
}

/// Submits a command, waits for its answer, and waits until all replicas that are up have
/// committed it and agree on everything up to there.
pub fn assert_progress(sim: &mut Sim, bound_ms: u64) {
    let before = sim.replies().len();
    let height = top(sim);
    sim.intervene(Intervention::submit(set("progress", "made"))).unwrap();
    let answered = |sim: &Sim| {
        let mut new = sim.replies()[before..]
            .iter()
            .filter(|reply| reply.request == Request::Store(set("progress", "made").into()));
        new.any(|reply| reply.answer == Some(Answered::Store(Answer::Ok.into())))
    };
    run_until_done(sim, "a new command is answered", bound_ms, answered);
    let all_there =
        |sim: &Sim| sim.hosts().all(|host| !host.up || host.status.committed_head.height > height);
    run_until_done(sim, "all replicas have caught up", bound_ms, all_there);
}

pub fn top(sim: &Sim) -> Height {
    sim.hosts().map(|host| host.status.committed_head.height).max().unwrap()
}
