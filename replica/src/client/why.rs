//! What keeps a replica from being where the others are: deduced from what all of them say of themselves.

use super::status::{Found, Report};
use hotstuff_core::{Committee, ReplicaId};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A replica this many blocks below the highest is told of. Less is the ordinary skew of replicas that were not
/// asked at the very same moment.
const LAG_BLOCKS: u64 = 8;
/// The same for views, of which there are more.
const LAG_VIEWS: u64 = 16;
/// A write to the store that takes longer than this is no ordinary one, in microseconds.
const SYNC_US_MAX: u64 = 2_000_000;

/// Something out of the ordinary about one replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Why {
    /// Another replica has committed something else: agreement is broken.
    StateDiffers {
        /// That replica.
        from: ReplicaId,
        /// The height at which both stand.
        height: u64,
    },
    /// It gave no usable answer.
    Unreachable {
        /// Why.
        error: String,
    },
    /// It has stopped for good, on proof that more than f replicas are faulty.
    Halted,
    /// It is not in the committee.
    NotAMember {
        /// The epoch that it knows.
        epoch: u64,
    },
    /// The newest epoch that another knows is later.
    OlderEpoch {
        /// The epoch that it knows.
        epoch: u64,
        /// The newest.
        newest: u64,
    },
    /// Those whose links with it stand both ways are no quorum with itself.
    NoQuorum {
        /// Members whose links with it do not.
        unlinked: Vec<ReplicaId>,
    },
    /// Its disk does not answer.
    WaitsForDisk {
        /// For how long, in microseconds.
        us: u64,
    },
    /// It fetches what it misses.
    Fetching {
        /// Blocks to the highest committed head.
        blocks: u64,
    },
    /// It misses blocks and does not fetch them.
    BlocksBehind {
        /// Blocks to the highest committed head.
        blocks: u64,
    },
    /// It is in an earlier view than another.
    ViewsBehind {
        /// Views to the latest.
        views: u64,
    },
    /// It keeps up, and others vote, but it does not.
    NotVoting {
        /// The last view that it voted in.
        last_voted: u64,
        /// The last view that another voted in.
        others: u64,
    },
    /// Who leads its view is not reachable or has halted.
    WaitsForLeader {
        /// The leader.
        leader: ReplicaId,
        /// The view.
        view: u64,
        /// Views that it has given up since its start.
        timeouts: u64,
    },
    /// It runs another version than most.
    OtherVersion {
        /// Its own.
        version: String,
        /// The version of most.
        most: String,
    },
}

impl Why {
    /// Whether it says that agreement is broken.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        matches!(self, Self::StateDiffers { .. })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateDiffers { from, height } => {
                write!(f, "ALARM: DIFFERS from {from} at the same height {height}")
            }
            Self::Unreachable { error } => write!(f, "not reachable: {error}"),
            Self::Halted => f.write_str("halted: it has proof that more than f replicas are faulty"),
            Self::NotAMember { epoch } => write!(f, "not a member in epoch {epoch}"),
            Self::OlderEpoch { epoch, newest } => write!(f, "knows epoch {epoch}, the newest is {newest}"),
            Self::NoQuorum { unlinked } => {
                let unlinked: Vec<String> = unlinked.iter().map(ToString::to_string).collect();
                write!(f, "no links to a quorum: not to and from {}", unlinked.join(", "))
            }
            Self::WaitsForDisk { us } => write!(f, "waits for its disk for {} s", us / 1_000_000),
            Self::Fetching { blocks } => write!(f, "fetching blocks: {blocks} behind"),
            Self::BlocksBehind { blocks } => write!(f, "{blocks} blocks behind"),
            Self::ViewsBehind { views } => write!(f, "{views} views behind"),
            Self::NotVoting { last_voted, others } => {
                write!(f, "does not vote: last in view {last_voted}, others in view {others}")
            }
            Self::WaitsForLeader { leader, view, timeouts } => write!(
                f,
                "waits for {leader}, which leads view {view} and is down; {timeouts} views given up so far"
            ),
            Self::OtherVersion { version, most } => write!(f, "runs version {version}, most run {most}"),
        }
    }
}

/// What is out of the ordinary about each of `replicas`, in their order.
#[must_use]
pub fn reasons(committee: &Committee, replicas: &[Found]) -> Vec<Vec<Why>> {
    let reports: Vec<&Report> = replicas.iter().filter_map(|found| found.report.as_ref().ok()).collect();
    let of = |found: &Found| match &found.report {
        Err(error) => vec![Why::Unreachable { error: error.to_string() }],
        Ok(report) => {
            let found = [
                state_differs(report, &reports),
                report.halted.then_some(Why::Halted),
                (!report.member).then_some(Why::NotAMember { epoch: report.epoch }),
                older_epoch(report, &reports),
                no_quorum(report, committee),
                waits_for_disk(report),
                behind(report, &reports),
                views_behind(report, &reports),
                not_voting(report, &reports),
                waits_for_leader(report, replicas),
                other_version(report, &reports),
            ];
            found.into_iter().flatten().collect()
        }
    };
    replicas.iter().map(of).collect()
}

fn state_differs(report: &Report, reports: &[&Report]) -> Option<Why> {
    let height = report.committed_head.height;
    let differs = |other: &&&Report| {
        other.committed_head.height == height
            && (other.committed_head.id != report.committed_head.id || other.state_root != report.state_root)
    };
    reports.iter().find(differs).map(|other| Why::StateDiffers { from: other.id, height })
}

fn older_epoch(report: &Report, reports: &[&Report]) -> Option<Why> {
    let (epoch, newest) = (report.epoch, highest(reports, |other| other.epoch));
    (epoch < newest).then_some(Why::OlderEpoch { epoch, newest })
}

fn no_quorum(report: &Report, committee: &Committee) -> Option<Why> {
    let peers = report.peers.as_ref().filter(|_| report.member)?;
    let stands = |id: &ReplicaId| peers.iter().any(|peer| peer.id == *id && peer.connected && peer.receiving);
    let is_linked = |id: &ReplicaId| *id == report.id || stands(id);
    let (linked, unlinked): (Vec<_>, Vec<_>) = committee.ids().partition(is_linked);
    (!committee.is_quorum(linked)).then_some(Why::NoQuorum { unlinked })
}

fn waits_for_disk(report: &Report) -> Option<Why> {
    let us = report.store_syncing_us;
    (us > SYNC_US_MAX).then_some(Why::WaitsForDisk { us })
}

fn behind(report: &Report, reports: &[&Report]) -> Option<Why> {
    let blocks = highest(reports, |other| other.committed_head.height) - report.committed_head.height;
    match report.fetching {
        _ if blocks < LAG_BLOCKS => None,
        true => Some(Why::Fetching { blocks }),
        false => Some(Why::BlocksBehind { blocks }),
    }
}

fn views_behind(report: &Report, reports: &[&Report]) -> Option<Why> {
    let views = highest(reports, |other| other.view) - report.view;
    (views >= LAG_VIEWS).then_some(Why::ViewsBehind { views })
}

/// Only where nothing else explains it.
fn not_voting(report: &Report, reports: &[&Report]) -> Option<Why> {
    let is_explained = report.halted || !report.member || report.fetching;
    let (last_voted, others) = (report.last_voted, highest(reports, |other| other.last_voted));
    let lags = others - last_voted >= LAG_VIEWS && report.view.saturating_sub(last_voted) >= LAG_VIEWS;
    (lags && !is_explained).then_some(Why::NotVoting { last_voted, others })
}

fn waits_for_leader(report: &Report, replicas: &[Found]) -> Option<Why> {
    let Report { leader, view, timeouts, .. } = *report;
    let led = replicas.iter().find(|found| found.id == leader)?;
    let is_down = led.report.as_ref().map_or(true, |leader| leader.halted);
    (is_down && report.member && !report.halted).then_some(Why::WaitsForLeader { leader, view, timeouts })
}

fn other_version(report: &Report, reports: &[&Report]) -> Option<Why> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for other in reports {
        *counts.entry(&other.version).or_default() += 1;
    }
    // Of as many, the one that sorts last.
    let (most, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let (version, most) = (report.version.clone(), most.to_owned());
    (version != most).then_some(Why::OtherVersion { version, most })
}

fn highest(reports: &[&Report], of: impl Fn(&Report) -> u64) -> u64 {
    reports.iter().map(|report| of(report)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
