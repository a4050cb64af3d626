//! The reader's turn; and what chance makes of it.

use super::cue::{Cue, after_ms, at_ms};
use super::expected::Expected;
use super::setting::{cluster, ms};
use super::{Scenario, Script};
use crate::byzantine::Conduct;
use crate::config::{LinkConfig, SimConfig};
use crate::ids::HostId;
use crate::intervention::Intervention;
use crate::rng::Rng;
use hotstuff_core::{Height, ReplicaId, Span};

pub(super) const OPEN_CHALLENGE: Scenario = Scenario {
    number: 17,
    name: "open-challenge",
    title: "Break it",
    lesson: "Nothing is scripted here. Make one replica do what you like: corrupt it, let it forget, give \
        its key to a twin. Crash the others too, cut, slow down and reorder what you like. You may well \
        stop the cluster. Try to make two honest replicas commit different blocks at one height.",
    question: "If you did: which rule was it that should have stopped you?",
    scripts: &[Script {
        label: "",
        config: |seed| cluster(seed, 20, 500),
        rule: None,
        cues: |_| Vec::new(),
        until: ms(12_000),
        expected: &[
            Expected::Safe,
            Expected::Answered { least: 20 },
            Expected::Committed { height: Height(40) },
        ],
    }],
    contrast: None,
};

/// The open challenge taken up by chance: one replica is faulty in one way or another, the network
/// is bad, honest hosts crash and their clocks jump. After eight seconds all is mended, but for the
/// faulty one.
pub static CHALLENGE_BY_CHANCE: Script = Script {
    label: "by chance",
    config: |seed| {
        let twins = if Fault::of(&mut rng(seed)) == Fault::Twin { vec![culprit(seed)] } else { Vec::new() };
        SimConfig { twins, ..cluster(seed, 20, 500) }
    },
    rule: None,
    cues: chance,
    until: ms(30_000),
    expected: &[Expected::Safe, Expected::Answered { least: 20 }, Expected::Committed { height: Height(2) }],
};

/// How the faulty replica is faulty.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Corrupt(Conduct),
    Amnesia,
    Twin,
}

impl Fault {
    fn of(rng: &mut Rng) -> Self {
        let conducts = Conduct::ALL.len();
        match draw(rng, conducts as u64 + 3) {
            0 => Self::Amnesia,
            1 | 2 => Self::Twin,
            conduct => Self::Corrupt(Conduct::ALL[usize::from(conduct - 3)]),
        }
    }
}

fn rng(seed: u64) -> Rng {
    Rng::new(seed, 17)
}

fn draw(rng: &mut Rng, choices: u64) -> u16 {
    u16::try_from(rng.within(0, choices - 1)).expect("there are few choices")
}

fn culprit(seed: u64) -> ReplicaId {
    ReplicaId(u16::try_from(seed % 4).expect("it is below 4"))
}

fn chance(seed: u64) -> Vec<Cue> {
    let mut rng = rng(seed);
    let culprit = HostId::from(culprit(seed));
    let mut cues = Vec::new();
    let fault = Fault::of(&mut rng);
    if let Fault::Corrupt(conduct) = fault {
        cues.push(at_ms(0, Intervention::Corrupt { host: culprit, conduct }));
    }
    for turn in 0..16 {
        let what = trouble(&mut rng);
        cues.push(after_ms(rng.within(0, 900), what));
        if fault == Fault::Amnesia && turn % 5 == 4 {
            cues.push(after_ms(rng.within(0, 100), Intervention::Kill(culprit)));
            cues.push(after_ms(rng.within(0, 300), Intervention::RestartEmpty(culprit)));
        }
    }
    cues.retain(
        |cue| !matches!(cue.what, Intervention::Kill(host) if fault != Fault::Amnesia && host == culprit),
    );
    cues.push(at_ms(8_000, Intervention::Stabilize));
    let hosts = (0..4).map(|id| HostId::from(ReplicaId(id)));
    cues.extend(hosts.map(|host| at_ms(8_000, Intervention::Restart(host))));
    cues
}

/// Something that may happen to a cluster without any replica's fault.
fn trouble(rng: &mut Rng) -> Intervention {
    let [one, other] = [(); 2].map(|()| draw(rng, 4));
    let other = if one == other { (other + 1) % 4 } else { other };
    let [one, other] = [one, other].map(|id| HostId::from(ReplicaId(id)));
    match draw(rng, 10) {
        0 | 1 => Intervention::SetLinks(LinkConfig {
            delay_max_us: Span::millis(rng.within(20, 400)),
            loss_ppm: u32::from(draw(rng, 4)) * 80_000,
            repeat_ppm: u32::from(draw(rng, 2)) * 100_000,
            late_ppm: u32::from(draw(rng, 2)) * 50_000,
            late_max_us: Span::millis(1_000),
            ..LinkConfig::default()
        }),
        2 | 3 => Intervention::Cut { from: one, to: other },
        4 => Intervention::Mend { from: one, to: other },
        5 => {
            let (left, right): (Vec<HostId>, Vec<HostId>) =
                (0..4).map(|id| HostId::from(ReplicaId(id))).partition(|_| rng.happens(500_000));
            Intervention::Partition(vec![left, right])
        }
        6 => Intervention::Partition(Vec::new()),
        7 => Intervention::Kill(one),
        8 => Intervention::Restart(one),
        _ => Intervention::SetClock {
            host: one,
            jump: Span::millis(rng.within(0, 800)),
            drift_ppm: 20_000 * i32::from(draw(rng, 11)) - 100_000,
        },
    }
}
