//! What is done to the containers, one fault a function. Each waits for what the fault must bring about,
//! ends the fault, and returns when the replicas are together again.

use crate::clock;
use crate::committee;
use crate::containers::Containers;
use crate::engine::{in_network_of, tried_in_network_of};
use crate::late::Late;
use crate::load::Load;
use hotstuff_core::ReplicaId;

/// What the others must commit while a replica is away.
const BLOCKS: u64 = 20;
/// What all must commit while the network is bad.
const BLOCKS_ON_BAD_NETWORK: u64 = 60;
/// More than any replica keeps of what it has committed: who lacks so many needs a snapshot.
const BLOCKS_FOR_SNAPSHOT: u64 = 160;
/// What must be answered between two restarts.
const COMMANDS: u64 = 40;
/// What two halves of a cluster may still commit of what was on its way when it was cut.
const BLOCKS_ON_THEIR_WAY: u64 = 3;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Stop,
    Kill,
    Pause,
    Restart,
    CutOffOne,
    CutInHalves,
    DelayAndLoss,
    RollingRestart,
    Wipe,
    MoveClock,
    ChangeCommittee,
}

impl Fault {
    pub const ALL: [Self; 11] = [
        Self::Stop,
        Self::Kill,
        Self::Pause,
        Self::Restart,
        Self::CutOffOne,
        Self::CutInHalves,
        Self::DelayAndLoss,
        Self::RollingRestart,
        Self::Wipe,
        Self::MoveClock,
        Self::ChangeCommittee,
    ];

    /// Whether this machine can do it.
    pub fn is_possible(self) -> bool {
        self != Self::MoveClock || clock::library().is_some()
    }

    /// Does it to `victim`, or to all, under load. Returns what else is worth telling.
    pub async fn run(self, containers: &mut Containers, load: &Load, victim: ReplicaId) -> String {
        let others: Vec<ReplicaId> = containers.ids().into_iter().filter(|id| *id != victim).collect();
        match self {
            Self::Stop => stop(containers, victim, &others).await,
            Self::Kill => kill(containers, victim, &others).await,
            Self::Pause => pause(containers, victim, &others).await,
            Self::Restart => restart(containers, victim).await,
            Self::CutOffOne => cut_off(containers, victim, &others).await,
            Self::CutInHalves => return cut_in_halves(containers, victim, &others).await,
            Self::DelayAndLoss => return delay_and_loss(containers).await,
            Self::RollingRestart => {
                for id in containers.ids() {
                    restart(containers, id).await;
                    load.more(COMMANDS).await;
                }
                return "of all".to_owned();
            }
            Self::Wipe => wipe(containers, victim, &others).await,
            Self::MoveClock => clock::move_clock(containers, victim).await,
            Self::ChangeCommittee => return committee::replace(containers, load, victim).await,
        }
        format!("of {victim}")
    }
}

async fn stop(containers: &Containers, victim: ReplicaId, others: &[ReplicaId]) {
    containers.act("stop", victim).await;
    assert_eq!(containers.exit_code(victim).await, "0", "{victim} ends in order");
    containers.grown(others, BLOCKS).await;
    containers.act("start", victim).await;
    containers.cluster.rejoined(victim).await;
}

async fn kill(containers: &Containers, victim: ReplicaId, others: &[ReplicaId]) {
    containers.act("kill", victim).await;
    assert_eq!(containers.exit_code(victim).await, "137", "{victim} is killed");
    containers.grown(others, BLOCKS).await;
    containers.act("start", victim).await;
    containers.cluster.rejoined(victim).await;
}

async fn pause(containers: &Containers, victim: ReplicaId, others: &[ReplicaId]) {
    containers.act("pause", victim).await;
    containers.grown(others, BLOCKS).await;
    assert!(containers.status(victim).await.is_none(), "{victim} answers while it is paused");
    containers.act("unpause", victim).await;
    containers.cluster.rejoined(victim).await;
}

async fn restart(containers: &Containers, victim: ReplicaId) {
    let before = containers.process(victim).await;
    containers.act("restart", victim).await;
    assert_ne!(containers.process(victim).await, before);
    containers.cluster.rejoined(victim).await;
}

async fn cut_off(containers: &Containers, victim: ReplicaId, others: &[ReplicaId]) {
    containers.disconnect(victim).await;
    for other in others {
        containers.unlinked(*other, &[victim]).await;
    }
    containers.grown(others, BLOCKS).await;
    assert!(containers.status(victim).await.is_none(), "{victim} answers while it is cut off");
    containers.connect(victim).await;
    containers.cluster.rejoined(victim).await;
}

/// Neither half is a quorum: nothing is committed until they are together again.
async fn cut_in_halves(containers: &Containers, victim: ReplicaId, others: &[ReplicaId]) -> String {
    let (with_victim, opposite) = ([victim, others[0]], [others[1], others[2]]);
    let sides: [&[ReplicaId]; 2] = [&with_victim, &opposite];
    containers.set_cut(sides, true).await;
    let at_cut = highest(containers).await;
    for [side, opposite] in [sides, [sides[1], sides[0]]] {
        for id in side {
            containers.unlinked(*id, opposite).await;
        }
    }
    let found = highest(containers).await;
    assert!(found <= at_cut + BLOCKS_ON_THEIR_WAY, "halves commit: from {at_cut} to {found}");
    containers.set_cut(sides, false).await;
    containers.grown(&containers.ids(), BLOCKS).await;
    for id in containers.ids() {
        containers.cluster.rejoined(id).await;
    }
    format!("between {with_victim:?} and {opposite:?}")
}

async fn highest(containers: &Containers) -> u64 {
    let mut highest = 0;
    for id in containers.ids() {
        highest = highest.max(containers.height(id).await);
    }
    highest
}

/// All that leaves a container is late, and some of it is lost.
async fn delay_and_loss(containers: &Containers) -> String {
    let mut links = Vec::new();
    for id in containers.ids() {
        links.push((containers.process(id).await, containers.device(id).await));
    }
    for (process, _) in &links {
        in_network_of(process, &loss("-A")).await;
    }
    let (process, device) = &links[0];
    let has_netem = tried_in_network_of(process, &netem("add", device)).await;
    let how = if has_netem {
        for (process, device) in &links[1..] {
            in_network_of(process, &netem("add", device)).await;
        }
        containers.grown(&containers.ids(), BLOCKS_ON_BAD_NETWORK).await;
        for (process, device) in &links {
            in_network_of(process, &netem("del", device)).await;
        }
        "by netem".to_owned()
    } else {
        let mut late = Vec::new();
        for (process, _) in &links {
            late.push(Late::begin(process).await);
        }
        containers.grown(&containers.ids(), BLOCKS_ON_BAD_NETWORK).await;
        let mut packets = 0;
        for late in late {
            packets += late.end().await;
        }
        assert!(packets > BLOCKS_ON_BAD_NETWORK, "{packets} packets were late");
        format!("{packets} packets, by netfilter's queue")
    };
    for (process, _) in &links {
        in_network_of(process, &loss("-D")).await;
    }
    for id in containers.ids() {
        containers.cluster.rejoined(id).await;
    }
    format!("20 ms late ({how}), 5 % lost")
}

fn netem<'a>(change: &'a str, device: &'a str) -> Vec<&'a str> {
    vec!["tc", "qdisc", change, "dev", device, "root", "netem", "delay", "20ms", "10ms"]
}

fn loss(change: &str) -> Vec<&str> {
    let rule = ["-m", "statistic", "--mode", "random", "--probability", "0.05", "-j", "DROP"];
    [&["iptables", "-w", change, "OUTPUT"], &rule[..]].concat()
}

async fn wipe(containers: &Containers, victim: ReplicaId, others: &[ReplicaId]) {
    let taken_over = "'s snapshot of the state after ";
    let count = async || containers.logged(victim).await.matches(taken_over).count();
    let before = count().await;
    containers.act("stop", victim).await;
    std::fs::remove_dir_all(containers.cluster.data(victim)).unwrap();
    containers.grown(others, BLOCKS_FOR_SNAPSHOT).await;
    containers.act("start", victim).await;
    containers.cluster.rejoined(victim).await;
    assert!(count().await > before, "{victim} has its state from no snapshot");
}
