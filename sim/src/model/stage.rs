//! The order in which hosts act: stage by stage, and in each stage host by host.
//!
//! Hosts share nothing but what has been said, and what has been said stays said. So of two actions of
//! different hosts the one that does not need what the other says can as well come first, and any order of
//! actions can be sorted by stages, as long as each host's own actions come in an order of stages and no
//! host needs what another says in the same stage. [`Place`] gives each action the earliest stage for
//! which that is so. Orders that are not sorted lead nowhere else, and are left out.

use hotstuff_core::View;
use hotstuff_core::message::MessageKind;
use std::cmp::Ordering;

/// A part of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    /// What is about earlier views arrives at hosts that have come to this one.
    Belated,
    /// Proposals arrive.
    Proposals,
    /// The timers of all who are in the view run out.
    Timers,
    /// Proposals, and what is about earlier views, arrive at hosts that have given up the view.
    Late,
    /// Votes and timeouts of the view become certificates.
    Certificates,
}

/// A part of a certain view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Stage {
    pub(super) view: View,
    pub(super) part: Part,
}

/// How far a host has come.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) view: View,
    /// Whether it has had a proposal of the view.
    pub(super) is_proposed_to: bool,
    pub(super) gave_up: bool,
}

impl Place {
    /// In which parts of a view a host can act on a message about `view`: in the first that has not passed.
    pub(super) fn parts(self, kind: MessageKind, view: View) -> &'static [Part] {
        use MessageKind::{Proposal, Vote};
        match (view.cmp(&self.view), kind) {
            (Ordering::Less, _) if self.gave_up => &[Part::Late],
            (Ordering::Less, _) if self.is_proposed_to => &[Part::Proposals],
            // The same as before the view was entered.
            (Ordering::Less, Vote) => &[],
            (Ordering::Less, _) => &[Part::Belated, Part::Proposals],
            (Ordering::Equal, Proposal) if self.gave_up => &[Part::Late],
            (_, Proposal) => &[Part::Proposals],
            _ => &[Part::Certificates],
        }
    }
}

impl Stage {
    /// Whether a message can still lead to something from this stage on. Votes count up to the view after
    /// theirs.
    pub(super) fn needs(self, kind: MessageKind, view: View, last: View) -> bool {
        let certificates = |view| Self { view, part: Part::Certificates };
        match kind {
            MessageKind::Proposal => self < certificates(last),
            MessageKind::Vote => self < certificates(view.next()),
            _ => self <= certificates(view),
        }
    }
}

/// Where in that order a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Turn {
    pub(super) stage: Stage,
    /// Which host, by its place.
    pub(super) host: usize,
}

impl Turn {
    pub(super) const FIRST: Self = Self { stage: Stage { view: View(1), part: Part::Belated }, host: 0 };

    /// When the timers of a view run out.
    pub(super) fn timers(view: View) -> Self {
        Self { stage: Stage { view, part: Part::Timers }, host: 0 }
    }
}
