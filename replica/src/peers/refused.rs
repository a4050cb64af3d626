//! How many links between replicas were refused, and why, as `/status` shows it.

use crate::fault::{Ended, Fault};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a link was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// Something else than TLS on the peer port.
    NotTls,
    /// A replica of another cluster.
    OtherCluster,
    /// A key that the committee does not name.
    Stranger,
    /// A member that claims to be another.
    WrongIdentity,
    /// A proof that is not valid: forged, replayed, or passed on from another session.
    BadProof,
    /// A handshake that did not end in time.
    Stalled,
    /// More connections than there may be.
    TooMany,
    /// Anything else against the rules, of a member too.
    Misbehaved,
}

/// Counts refused links since the start.
#[derive(Debug, Default)]
pub struct RefusedLinks([AtomicU64; LinkRefusal::ALL.len()]);

impl LinkRefusal {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::NotTls,
        Self::OtherCluster,
        Self::Stranger,
        Self::WrongIdentity,
        Self::BadProof,
        Self::Stalled,
        Self::TooMany,
        Self::Misbehaved,
    ];

    /// What `/status` calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotTls => "not_tls",
            Self::OtherCluster => "other_cluster",
            Self::Stranger => "stranger",
            Self::WrongIdentity => "wrong_identity",
            Self::BadProof => "bad_proof",
            Self::Stalled => "stalled",
            Self::TooMany => "too_many",
            Self::Misbehaved => "misbehaved",
        }
    }

    /// What an accepted link's end counts as; `None` where nobody broke a rule.
    #[must_use]
    pub fn of(ended: &Ended) -> Option<Self> {
        let Ended::Ours(fault) = ended else { return None };
        match fault {
            Fault::NotTls => Some(Self::NotTls),
            Fault::OtherCluster => Some(Self::OtherCluster),
            Fault::Stranger => Some(Self::Stranger),
            Fault::WrongIdentity(_) | Fault::Itself(_) => Some(Self::WrongIdentity),
            Fault::BadProof(_) | Fault::NotHeld => Some(Self::BadProof),
            Fault::HandshakeTimeout => Some(Self::Stalled),
            other => other.is_refusal().then_some(Self::Misbehaved),
        }
    }
}

impl RefusedLinks {
    /// Counts one more.
    pub fn add(&self, why: LinkRefusal) {
        self.0[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// All counts by name.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let count = |why: &LinkRefusal| self.0[*why as usize].load(Ordering::Relaxed);
        LinkRefusal::ALL.iter().map(|why| (why.name().to_owned(), count(why))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_count_of_its_own() {
        let refused = RefusedLinks::default();
        for (times, why) in LinkRefusal::ALL.into_iter().enumerate() {
            (0..times).for_each(|_| refused.add(why));
        }
        let counts = refused.counts();
        assert_eq!(counts.len(), LinkRefusal::ALL.len());
        for (times, why) in LinkRefusal::ALL.into_iter().enumerate() {
            assert_eq!(counts[why.name()], times as u64, "{why:?}");
        }
    }
}
