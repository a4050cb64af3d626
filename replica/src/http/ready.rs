//! `/readyz`: whether the replica takes part in agreement now. Text: `ready`, or a reason on each line.

use crate::context::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hotstuff_core::{Epoch, Power, ReplicaId};
use std::fmt;
use std::sync::Arc;

/// So many blocks from the committed head to what is certified are ordinary; more, while some are missing, are a
/// replica that catches up.
pub const BEHIND_BLOCKS: u64 = 16;

/// All that readiness depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The epoch in force, as the replica knows.
    pub epoch: Epoch,
    /// Whether it is in that epoch's committee.
    pub is_member: bool,
    /// Whether it has stopped for good.
    pub is_halted: bool,
    /// Whether blocks are missing that it fetches, or a snapshot in their place.
    pub is_fetching: bool,
    /// How many blocks are certified above its committed head.
    pub behind: u64,
    /// The power of those linked to it both ways, and its own.
    pub linked: Power,
    /// The power that makes a quorum.
    pub quorum: Power,
    /// The members that it has no link with, or in one direction only.
    pub unlinked: Vec<ReplicaId>,
}

/// Why a replica is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// It has stopped for good.
    Halted,
    /// It is in no committee.
    NotAMember(Epoch),
    /// Too few are linked to it to make a quorum.
    NoQuorum {
        /// Their power and its own.
        linked: Power,
        /// What makes a quorum.
        quorum: Power,
        /// Who is missing.
        unlinked: Vec<ReplicaId>,
    },
    /// It is catching up.
    Behind(u64),
}

impl Standing {
    /// All that keeps the replica from being ready.
    #[must_use]
    pub fn reasons(&self) -> Vec<NotReady> {
        let mut reasons = Vec::new();
        if self.is_halted {
            reasons.push(NotReady::Halted);
        }
        if !self.is_member {
            reasons.push(NotReady::NotAMember(self.epoch));
        }
        if self.linked < self.quorum {
            let Self { linked, quorum, .. } = *self;
            reasons.push(NotReady::NoQuorum { linked, quorum, unlinked: self.unlinked.clone() });
        }
        if self.is_fetching && self.behind > BEHIND_BLOCKS {
            reasons.push(NotReady::Behind(self.behind));
        }
        reasons
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Halted => f.write_str("halted: more than f replicas are faulty"),
            Self::NotAMember(epoch) => write!(f, "not a member in epoch {}", epoch.0),
            Self::NoQuorum { linked, quorum, unlinked } => {
                let missing: Vec<String> = unlinked.iter().map(ToString::to_string).collect();
                let missing = missing.join(", ");
                write!(f, "no links to a quorum: power {linked} of {quorum}, without {missing}")
            }
            Self::Behind(blocks) => write!(f, "fetching blocks: {blocks} behind"),
        }
    }
}

/// Where a replica stands now.
pub(super) fn standing(context: &Context) -> Standing {
    let status = context.status.borrow().clone();
    let committees = Arc::clone(&context.committees.borrow());
    let committee = committees.at(status.epoch).unwrap_or(committees.newest());
    let links = context.peers.status();
    let is_linked = |id: &ReplicaId| {
        *id == status.id || links.iter().any(|peer| peer.id == *id && peer.sending && peer.receiving)
    };
    let (linked, unlinked): (Vec<ReplicaId>, Vec<ReplicaId>) = committee.ids().partition(is_linked);
    Standing {
        epoch: status.epoch,
        is_member: status.member,
        is_halted: status.halted,
        is_fetching: status.fetching,
        behind: status.high_qc.height.0.saturating_sub(status.committed_head.height.0),
        linked: committee.power_of(linked),
        quorum: committee.quorum(),
        unlinked,
    }
}

pub(super) async fn ready(State(context): State<Arc<Context>>) -> Response {
    let reasons = standing(&context).reasons();
    if reasons.is_empty() {
        return "ready\n".into_response();
    }
    let text: String = reasons.iter().map(|reason| format!("{reason}\n")).collect();
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> Standing {
        Standing {
            epoch: Epoch(2),
            is_member: true,
            is_halted: false,
            is_fetching: false,
            behind: 3,
            linked: Power(3),
            quorum: Power(3),
            unlinked: vec![ReplicaId(3)],
        }
    }

    fn said(standing: &Standing) -> Vec<String> {
        standing.reasons().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_member_with_a_quorum_that_keeps_up_is_ready() {
        assert_eq!(well().reasons(), []);
    }

    #[test]
    fn each_reason_is_told_on_its_own() {
        let halted = Standing { is_halted: true, ..well() };
        assert_eq!(said(&halted), ["halted: more than f replicas are faulty"]);
        let outsider = Standing { is_member: false, ..well() };
        assert_eq!(said(&outsider), ["not a member in epoch 2"]);
        let alone = Standing { linked: Power(2), unlinked: vec![ReplicaId(1), ReplicaId(3)], ..well() };
        assert_eq!(said(&alone), ["no links to a quorum: power 2 of 3, without r1, r3"]);
        let late = Standing { is_fetching: true, behind: BEHIND_BLOCKS + 1, ..well() };
        assert_eq!(said(&late), ["fetching blocks: 17 behind"]);
    }

    #[test]
    fn one_block_that_is_missing_for_a_moment_is_no_reason() {
        assert_eq!(Standing { is_fetching: true, behind: BEHIND_BLOCKS, ..well() }.reasons(), []);
        assert_eq!(Standing { behind: 1_000, ..well() }.reasons(), []);
    }

    #[test]
    fn all_reasons_are_told_together() {
        let worst = Standing {
            is_halted: true,
            is_member: false,
            is_fetching: true,
            behind: 99,
            linked: Power(1),
            ..well()
        };
        assert_eq!(worst.reasons().len(), 4);
    }
}
