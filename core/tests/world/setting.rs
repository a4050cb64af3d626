//! Which cluster a run has: rules, powers, who is corrupt, and small bounds.

use hotstuff_core::committee::{CommitteeSpec, Limits, Member};
use hotstuff_core::crypto::{ClusterId, SecretKey};
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::*;
use std::collections::BTreeSet;
use std::sync::Arc;

pub const CLUSTER: ClusterId = ClusterId([9; 32]);

/// How much of the voting power is corrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrupt {
    /// At most f: all that the protocol promises must hold.
    Tolerable,
    /// As the bytes say, up to all but one replica: what one replica promises alone must hold.
    Anything,
}

#[derive(Clone, Debug)]
pub struct Setting {
    pub spec: CommitteeSpec,
    pub corrupt: BTreeSet<u16>,
    pub config: Config,
    /// Commands and messages that go well before the attack.
    pub warm_up: u8,
}

const POWERS: [&[u64]; 6] =
    [&[1, 1, 1, 1], &[2, 1, 1, 1], &[1, 1, 1, 1, 1], &[3, 2, 2, 1, 1], &[5, 1, 1, 1, 1, 1, 1], &[1, 1]];

pub fn secret(id: u16) -> SecretKey {
    SecretKey::from_seed([u8::try_from(id).expect("few replicas") + 1; 32])
}

/// Clients; the first is the operator.
pub fn client(number: u8) -> SecretKey {
    SecretKey::from_seed([200 + [0, 1, 0, 2, 0, 3, 1, 4][usize::from(number % 8)]; 32])
}

impl Setting {
    /// The setting that `bytes` choose.
    pub fn of([rules, powers, corrupt, warm_up]: [u8; 4], how_many: Corrupt) -> Self {
        let powers = POWERS[usize::from(powers) % POWERS.len()];
        let member = |(id, power): (u16, &u64)| Member {
            id: ReplicaId(id),
            key: secret(id).public(),
            power: Power(*power),
        };
        let leaders = [LeaderRule::RoundRobin, LeaderRule::Reputation, LeaderRule::Fixed(ReplicaId(1))];
        let spec = CommitteeSpec {
            cluster: CLUSTER,
            members: (0..).zip(powers).map(member).collect(),
            leaders: leaders[usize::from(rules / 2) % 3],
            rule: if rules.is_multiple_of(2) { CommitRule::ThreeChain } else { CommitRule::TwoChain },
            operator: Some(client(0).public()),
            limits: Limits {
                block_commands: 4,
                block_bytes: 256,
                command_bytes: 128,
                session_replies: 4,
                session_bytes: 16,
                sessions: 3,
            },
        };
        let corrupt = chosen(&spec, corrupt, how_many);
        Self { spec, corrupt, config: config(), warm_up: warm_up % 64 }
    }

    pub fn committee(&self) -> Arc<Committee> {
        Arc::new(Committee::new(self.spec.clone()).expect("the setting is a sound one"))
    }

    /// All replicas there ever are: the members and one that may join.
    pub fn replicas(&self) -> u16 {
        self.joiner() + 1
    }

    /// The replica that is no member at first.
    pub fn joiner(&self) -> u16 {
        u16::try_from(self.spec.members.len()).expect("few replicas")
    }
}

/// The members that `mask` names, as long as they may be corrupt.
fn chosen(spec: &CommitteeSpec, mask: u8, how_many: Corrupt) -> BTreeSet<u16> {
    let total: u64 = spec.members.iter().map(|member| member.power.0).sum();
    let mut left = if how_many == Corrupt::Tolerable { (total - 1) / 3 } else { total };
    let mut corrupt = BTreeSet::new();
    // From a member that the mask chooses on, so that the heavy ones are not always first.
    let count = spec.members.len();
    for offset in 0..count {
        let member = &spec.members[(offset + usize::from(mask) / 16) % count];
        let is_chosen = how_many == Corrupt::Tolerable || mask >= 128 || mask & (1 << (offset % 4)) != 0;
        if is_chosen && member.power.0 <= left && corrupt.len() + 1 < count {
            left -= member.power.0;
            corrupt.insert(member.id.0);
        }
    }
    corrupt
}

fn config() -> Config {
    Config {
        timeout_min_us: Span::millis(100),
        timeout_max_us: Span::millis(800),
        retransmit_us: Span::millis(70),
        heartbeat_us: Span::millis(300),
        fetch_retry_us: Span::millis(20),
        serve_interval_us: Span::millis(5),
        fetch_blocks: 5,
        fetch_bytes: 300,
        retained_blocks: 3,
        snapshot_blocks: 10,
        snapshot_bytes: 1 << 18,
        snapshot_chunk_bytes: 1_000,
        tree_blocks: 64,
        tree_bytes: 8 * 256,
        mempool_commands: 6,
        mempool_client_commands: 3,
        mempool_bytes: 400,
    }
}
