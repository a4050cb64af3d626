//! What the lessons' clusters have in common: quick replicas, links slow enough to watch, and tags in
//! place of signatures, so that a lesson runs a thousand times faster than it plays.

use crate::config::{LinkConfig, Signatures, SimConfig, Workload};
use hotstuff_core::{Config, Span, Time};

pub(super) const fn ms(time_ms: u64) -> Time {
    Time(time_ms * 1_000)
}

/// Four replicas, and a client with `commands` commands, one each `interval_ms`.
pub(super) fn cluster(seed: u64, commands: u64, interval_ms: u64) -> SimConfig {
    let replica = Config {
        timeout_min_us: Span::millis(400),
        timeout_max_us: Span::millis(6_400),
        retransmit_us: Span::millis(400),
        heartbeat_us: Span::millis(500),
        ..Config::default()
    };
    let links = LinkConfig {
        delay_min_us: Span::millis(20),
        delay_max_us: Span::millis(60),
        ..LinkConfig::default()
    };
    let workload = Workload { commands, interval_us: Span::millis(interval_ms), ..Workload::default() };
    SimConfig { seed, replica, links, workload, signatures: Signatures::Tags, ..SimConfig::default() }
}
