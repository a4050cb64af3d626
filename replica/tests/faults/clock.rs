//! A replica whose clock is wrong, and jumps. This machine's own clock stays: libfaketime, loaded before the
//! C library, tells the program in one container another time.

use crate::containers::Containers;
use crate::support::until;
use hotstuff_core::ReplicaId;
use std::path::PathBuf;

/// Days as which the log gives the time, once the program has been told it.
const FUTURE: &str = "2101-01-01";
const PAST: &str = "2001-01-01";

/// Where the library is on this machine, if it is here.
pub fn library() -> Option<PathBuf> {
    let roots = ["/usr/lib", "/usr/lib64"].map(PathBuf::from);
    let below = std::fs::read_dir(&roots[0]).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut places = below.chain(roots.clone()).map(|root| root.join("faketime/libfaketimeMT.so.1"));
    places.find(|path| path.is_file())
}

/// Starts a replica with a clock that is decades ahead; then it jumps back, and is decades behind; in the end
/// the replica starts with the right one.
pub async fn move_clock(containers: &Containers, victim: ReplicaId) {
    let library = library().expect("whoever chose this fault has looked");
    let clock = containers.cluster.testnet.replicas[&victim].with_file_name("clock");
    let set = |day: &str| std::fs::write(&clock, format!("@{day} 00:00:00\n")).unwrap();
    let name = format!("{}-moved", containers.container(victim));
    containers.act("stop", victim).await;
    set(FUTURE);
    let variables = [
        format!("LD_PRELOAD={}", library.display()),
        format!("FAKETIME_TIMESTAMP_FILE={}", clock.display()),
        "FAKETIME_NO_CACHE=1".to_owned(),
        // Of Linux's clocks, one alone is ever moved.
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
        "DONT_FAKE_MONOTONIC=1".to_owned(),
    ];
    containers.run(victim, &name, &variables).await;
    for day in [FUTURE, PAST] {
        set(day);
        until(&format!("{victim} believes that it is {day}"), async || {
            let log = containers.logged_by(&name).await;
            log.lines().next_back().is_some_and(|line| line.contains(day)).then_some(())
        })
        .await;
        containers.cluster.rejoined(victim).await;
    }
    let log = containers.logged_by(&name).await;
    assert!(!log.contains(" saw: "), "{victim} has evidence of equivocation");
    containers.remove(&name).await;
    containers.act("start", victim).await;
    containers.cluster.rejoined(victim).await;
}
