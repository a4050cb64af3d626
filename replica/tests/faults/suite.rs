//! Every fault under load, and what must hold after each.

use crate::containers::Containers;
use crate::faults::Fault;
use crate::load::Clients;
use crate::support::{Chance, until};
use hotstuff_kv::{Answer, Response};
use hotstuff_replica::offline;
use hotstuff_sim::Call;
use hotstuff_sim::linearizability::check_calls;
use std::time::Instant;

/// `HOTSTUFF_ROUNDS` and `HOTSTUFF_SEED` set how often every fault comes, and to whom in which order;
/// `HOTSTUFF_FAULTS=Kill,Wipe` chooses some of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Docker engine, and root for the networks of its containers"]
async fn replicas_in_containers_serve_their_clients_whatever_befalls_one_or_the_network() {
    let number = |name, otherwise| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number is expected"))
    };
    let (rounds, seed) = (number("HOTSTUFF_ROUNDS", 1), number("HOTSTUFF_SEED", 1));
    println!("{rounds} rounds, seed {seed}");
    let mut chance = Chance(seed);
    let chosen = std::env::var("HOTSTUFF_FAULTS").unwrap_or_default();
    let is_chosen =
        |fault: &Fault| chosen.is_empty() || chosen.split(',').any(|name| name == format!("{fault:?}"));
    let faults: Vec<Fault> = Fault::ALL.into_iter().filter(is_chosen).collect();
    assert!(!faults.is_empty(), "the faults are {:?}", Fault::ALL);
    let (faults, impossible): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| fault.is_possible());
    if !impossible.is_empty() {
        println!("left out, for want of libfaketime: {impossible:?}");
    }
    let mut containers = Containers::start().await;
    let mut clients = Clients::start(&containers);
    let mut calls: Vec<Call> = Vec::new();
    for round in 0..rounds {
        for (position, fault) in shuffled(&mut chance, &faults).into_iter().enumerate() {
            let members = containers.ids();
            let victim = members[chance.below(members.len() as u64) as usize];
            let start = Instant::now();
            let load = clients.work(round * faults.len() as u64 + position as u64, seed);
            // The fault meets clients at work, and they go on after it.
            load.more(20).await;
            let what = fault.run(&mut containers, &load, victim).await;
            load.more(20).await;
            let of_fault = load.end().await;
            check_calls(&of_fault).unwrap_or_else(|why| panic!("{fault:?} {what}: {why}"));
            let height = sound(&containers).await;
            let (commands, took) = (of_fault.len(), start.elapsed().as_secs_f32());
            println!("{fault:?} {what}: {commands} commands, height {height}, {took:.1} s");
            calls.extend(of_fault);
            if fault == Fault::ChangeCommittee {
                // They trust the committee that they know, and would soon know too few of the members.
                clients = clients.restart(&containers).await;
            }
        }
    }
    // What one fault has left behind, no later one may have taken away.
    let read = clients.read_back(&calls).await;
    println!("{} commands, and {} keys read back", calls.len(), read.len());
    calls.extend(read);
    check_calls(&calls).unwrap_or_else(|why| panic!("in the end: {why}"));
    assert!(check_calls(&with_a_lie(calls)).is_err(), "an answer that was never given is not noticed");
    clients.close().await;
    sound(&containers).await;
    for id in containers.ids() {
        containers.act("stop", id).await;
    }
    // Those that were removed as well.
    for id in containers.cluster.ids() {
        let (folder, committee) = (containers.cluster.data(id), &containers.cluster.file.committee);
        let checked = offline::check(&folder, Some(committee)).unwrap();
        assert_eq!(checked.findings, [] as [String; 0], "the store of {id}");
    }
}

/// Agreement among all, nobody halted, nobody caught: the height at which they stand.
async fn sound(containers: &Containers) -> u64 {
    let (head, _) = containers.cluster.agreed(&containers.ids(), 1).await;
    for id in containers.ids() {
        let status = until(&format!("{id} tells its status"), async || containers.status(id).await).await;
        assert!(!status.halted, "{id} has halted");
        let log = containers.logged(id).await;
        let evidence = log.lines().find(|line| line.contains(" saw: "));
        assert_eq!(evidence, None, "{id} has evidence of equivocation");
    }
    head.height
}

/// The same history, but the last value that was read is one that nobody has set.
fn with_a_lie(mut calls: Vec<Call>) -> Vec<Call> {
    let answers = calls.iter_mut().rev().filter_map(|call| call.returned.as_mut());
    let mut values = answers.filter_map(|(_, answer)| match answer {
        Response::One(Answer::Value(value)) => Some(value),
        _ => None,
    });
    values.next().expect("some key has a value").push(b'!');
    drop(values);
    calls
}

fn shuffled(chance: &mut Chance, faults: &[Fault]) -> Vec<Fault> {
    let mut left = faults.to_vec();
    std::iter::from_fn(|| {
        (!left.is_empty()).then(|| left.swap_remove(chance.below(left.len() as u64) as usize))
    })
    .collect()
}
