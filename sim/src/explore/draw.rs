//! Plans drawn from seeds.

use super::faults::Faults;
use super::plan::Plan;
use crate::config::{LinkConfig, Signatures, SimConfig, Workload};
use crate::rng::Rng;
use crate::weakness::Weakness;
use hotstuff_core::committee::Limits;
use hotstuff_core::leader::LeaderRule;
use hotstuff_core::{CommitRule, Config, Span};

/// Which plans there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Space {
    /// How many replicas; several numbers, where it is not said.
    pub replicas: Option<u16>,
    /// The commit rule; both, where it is not said.
    pub rule: Option<CommitRule>,
    /// What the cluster's rules lack.
    pub weakness: Option<Weakness>,
    /// How messages are signed.
    pub signatures: Signatures,
}

impl Space {
    /// The plan of a seed. The same for the same seed on every platform.
    #[must_use]
    pub fn plan(&self, seed: u64) -> Plan {
        let mut draw = Draw(Rng::new(seed, 2));
        let mut config = draw.config(self, seed);
        let (faults, faults_until) = Faults::drawn(&mut draw, &mut config);
        Plan { config, faults, faults_until }
    }
}

/// Chance, in the forms that plans need.
pub(super) struct Draw(Rng);

impl Draw {
    /// A number from `min` to `max`, both included.
    pub(super) fn within(&mut self, min: u64, max: u64) -> u64 {
        self.0.within(min, max)
    }

    /// One of several.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = self.within(0, choices.len() as u64 - 1);
        choices[usize::try_from(at).expect("it is below the number of choices")]
    }

    /// Whether something comes about that does in one of `of` cases.
    pub(super) fn once_in(&mut self, of: u64) -> bool {
        self.within(1, of) == 1
    }

    /// A time span of so many milliseconds.
    pub(super) fn millis(&mut self, min: u64, max: u64) -> Span {
        Span::millis(self.within(min, max))
    }

    fn count(&mut self, min: u64, max: u64) -> u32 {
        u32::try_from(self.within(min, max)).expect("drawn from a small range")
    }

    fn config(&mut self, space: &Space, seed: u64) -> SimConfig {
        let replicas = self.one_of(&[4, 4, 4, 4, 7, 10]);
        let replicas = space.replicas.unwrap_or(replicas);
        let rule = self.one_of(&[CommitRule::ThreeChain, CommitRule::TwoChain]);
        let rule = space.rule.unwrap_or(rule);
        let leaders = self.one_of(&[LeaderRule::RoundRobin, LeaderRule::Reputation]);
        let clients = u16::try_from(self.within(1, 4)).expect("a few");
        let workload =
            Workload { commands: self.within(5, 40), interval_us: self.millis(10, 250), in_flight: 1 };
        SimConfig {
            seed,
            replicas,
            leaders,
            rule,
            limits: self.limits(),
            weakness: space.weakness,
            signatures: space.signatures,
            links: self.links(),
            replica: self.replica(),
            clients,
            workload,
            ..SimConfig::default()
        }
    }

    fn limits(&mut self) -> Limits {
        Limits {
            block_commands: self.one_of(&[1, 2, 8, 512]),
            session_replies: self.one_of(&[4, 16, 128]),
            ..Limits::default()
        }
    }

    fn links(&mut self) -> LinkConfig {
        let delay_max_us = Span::millis(self.one_of(&[2, 15, 15, 60, 200]));
        let delay_min_us = Span(self.within(0, delay_max_us.0));
        LinkConfig { delay_min_us, delay_max_us, ..LinkConfig::default() }
    }

    fn replica(&mut self) -> Config {
        let timeout_min_us = self.millis(40, 500);
        Config {
            timeout_min_us,
            timeout_max_us: Span(timeout_min_us.0 * 16),
            retransmit_us: self.millis(40, 500),
            heartbeat_us: self.millis(100, 1_000),
            fetch_retry_us: self.millis(10, 100),
            serve_interval_us: self.millis(1, 10),
            fetch_blocks: self.count(2, 32),
            retained_blocks: self.count(2, 40),
            snapshot_blocks: self.one_of(&[8, 20, 60, 10_000]),
            snapshot_chunk_bytes: self.one_of(&[500, 4_000, 1 << 20]),
            ..Config::default()
        }
    }
}
