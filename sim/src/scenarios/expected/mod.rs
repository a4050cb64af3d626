//! What a lesson states of its run, as data, and whether a run shows it.

mod conflict;
mod contrast;
mod forks;
mod progress;
mod recovery;
#[cfg(test)]
mod tests;
mod told;
mod views;

pub use contrast::Contrast;
pub(super) use told::Told;

use crate::ids::HostId;
use crate::step::Step;
use core::fmt;
use hotstuff_core::{Committee, Height, ReplicaId, Span, Time, View};
use serde::Serialize;
use std::collections::BTreeSet;

/// Who must be faulty by the certificates of a run in which honest hosts committed two conflicting blocks;
/// nobody, where they did not.
pub(crate) fn culprits(committee: &Committee, steps: &[Step], faulty: &BTreeSet<HostId>) -> Vec<ReplicaId> {
    let told = Told { committee, steps, faulty, violation: None };
    conflict::of_conflict(&told).into_iter().flatten().collect()
}

/// One thing that a run is to show at the end of its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Expected {
    /// No checker found anything.
    Safe,
    /// Clients sent so many commands or more, and all were answered.
    Answered {
        /// How many.
        least: u32,
    },
    /// Each command that was sent in this time or later was answered soon.
    AnsweredWithin {
        /// From when on.
        from: Time,
        /// How soon.
        span: Span,
    },
    /// A command that was sent in this time has no answer.
    Unanswered {
        /// From when on.
        from: Time,
    },
    /// Each honest host that is up has committed up to this height.
    Committed {
        /// The height.
        height: Height,
    },
    /// No honest host committed anything in this time.
    NoCommit {
        /// From when on.
        from: Time,
        /// Until when.
        to: Time,
    },
    /// A quorum gave up a view, the first time one up to this.
    GaveUpBy(View),
    /// Quorums gave up no more than so many views.
    GaveUpAtMost(u32),
    /// Quorums gave up views, and only those that this replica leads.
    GaveUpOnly {
        /// The leader.
        leader: ReplicaId,
    },
    /// Back-off doubled an honest host's patience so often.
    BackedOff {
        /// How often.
        exponent: u32,
    },
    /// An honest replica lost its patience with a view that no quorum gave up.
    Impatient {
        /// Which.
        replica: ReplicaId,
    },
    /// Honest hosts hold two proposals or two votes of one view against a replica, with its
    /// signatures.
    Equivocated {
        /// Whose.
        replica: ReplicaId,
    },
    /// Branches were left behind: so many blocks or more that honest hosts had certificates for.
    Abandoned {
        /// How many.
        least: u32,
    },
    /// The block of this view was left behind, with a command in it, though an honest host had a
    /// certificate for it.
    Left {
        /// The view.
        view: View,
    },
    /// The block of this view was committed.
    Kept {
        /// The view.
        view: View,
    },
    /// No block was left behind that an honest host had a certificate for.
    NothingAbandoned,
    /// A replica was locked on a block that was abandoned, and yet committed what came in its place.
    LetGo {
        /// Which.
        replica: ReplicaId,
    },
    /// A replica had a certificate for a block that was abandoned, and was not locked on it.
    NeverLocked {
        /// Which.
        replica: ReplicaId,
    },
    /// Every command that executed did so once at each honest host, also those that arrived again.
    ExecutedOnce {
        /// How many commands or more arrived again at a host that had executed them.
        repeats: u32,
    },
    /// Honest hosts committed two blocks at one height, and the certificates show whose fault it is.
    Conflict {
        /// Whose.
        culprits: &'static [ReplicaId],
    },
    /// A replica that had been away is level with the others, and votes.
    CaughtUp {
        /// Which.
        replica: ReplicaId,
        /// How it came by what it missed.
        by: CatchUp,
    },
}

/// How a replica comes by what it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CatchUp {
    /// Block by block.
    Blocks,
    /// By a snapshot of the state.
    Snapshot,
}

/// What was to be shown and was not, and what there is instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// What was to be shown.
    pub statement: String,
    /// What there is instead.
    pub why: String,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not so: {}. {}", self.statement, self.why)
    }
}

impl Expected {
    /// Whether a run shows this.
    pub(super) fn check(&self, told: &Told<'_>) -> Result<(), Unmet> {
        let result = match *self {
            Self::Safe => told.violation.map_or(Ok(()), |violation| Err(violation.to_string())),
            Self::Answered { least } => progress::answered(told, least),
            Self::AnsweredWithin { from, span } => progress::answered_within(told, from, span),
            Self::Unanswered { from } => progress::unanswered(told, from),
            Self::Committed { height } => progress::committed(told, height),
            Self::NoCommit { from, to } => progress::no_commit(told, from, to),
            Self::GaveUpBy(view) => views::gave_up_by(told, view),
            Self::GaveUpAtMost(most) => views::gave_up_at_most(told, most),
            Self::GaveUpOnly { leader } => views::gave_up_only(told, leader),
            Self::BackedOff { exponent } => views::backed_off(told, exponent),
            Self::Impatient { replica } => views::impatient(told, replica),
            Self::Equivocated { replica } => conflict::equivocated(told, replica),
            Self::Abandoned { least } => forks::abandoned(told, least),
            Self::Left { view } => forks::left(told, view),
            Self::Kept { view } => forks::kept(told, view),
            Self::NothingAbandoned => forks::nothing_abandoned(told),
            Self::LetGo { replica } => forks::let_go(told, replica),
            Self::NeverLocked { replica } => forks::never_locked(told, replica),
            Self::ExecutedOnce { repeats } => recovery::executed_once(told, repeats),
            Self::Conflict { culprits } => conflict::conflict(told, culprits),
            Self::CaughtUp { replica, by } => recovery::caught_up(told, replica, by),
        };
        result.map_err(|why| Unmet { statement: self.to_string(), why })
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Safe => f.write_str("no checker finds anything"),
            Self::Answered { least } => write!(f, "{least} commands or more are sent and all answered"),
            Self::AnsweredWithin { from, span } => {
                write!(f, "each command from {from} on is answered within {span}")
            }
            Self::Unanswered { from } => write!(f, "a command from {from} on stays unanswered"),
            Self::Committed { height } => {
                write!(f, "each honest replica that is up has committed up to height {height}")
            }
            Self::NoCommit { from, to } => write!(f, "nothing is committed from {from} to {to}"),
            Self::GaveUpBy(view) => write!(f, "a quorum gives up on a view by view {view}"),
            Self::GaveUpAtMost(most) => write!(f, "quorums give up on {most} views at most"),
            Self::GaveUpOnly { leader } => write!(f, "quorums give up on views of {leader}, and no others"),
            Self::BackedOff { exponent } => {
                write!(f, "back-off doubles somebody's patience {exponent} times")
            }
            Self::Impatient { replica } => write!(f, "{replica} gives up on a view, and no quorum follows"),
            Self::Equivocated { replica } => {
                write!(f, "two signed blocks of one view are held against {replica}")
            }
            Self::Abandoned { least } => write!(f, "{least} blocks or more are abandoned though certified"),
            Self::Left { view } => {
                write!(f, "the block of view {view}, with a command in it, is abandoned though certified")
            }
            Self::Kept { view } => write!(f, "the block of view {view} is committed"),
            Self::NothingAbandoned => f.write_str("no certified block is abandoned"),
            Self::LetGo { replica } => {
                write!(f, "{replica} is locked on a block that is abandoned, and lets go of it")
            }
            Self::NeverLocked { replica } => {
                write!(
                    f,
                    "{replica} has a certificate for a block that is abandoned, and is not locked on it"
                )
            }
            Self::ExecutedOnce { repeats } => {
                write!(f, "each command executes once, though {repeats} or more arrive again")
            }
            Self::Conflict { culprits } => {
                f.write_str("two blocks are committed at one height by the fault of ")?;
                culprits.iter().enumerate().try_for_each(|(position, replica)| {
                    write!(f, "{}{replica}", if position == 0 { "" } else { " and " })
                })
            }
            Self::CaughtUp { replica, by: CatchUp::Blocks } => {
                write!(f, "{replica} catches up block by block, and votes")
            }
            Self::CaughtUp { replica, by: CatchUp::Snapshot } => {
                write!(f, "{replica} catches up by a snapshot, and votes")
            }
        }
    }
}
