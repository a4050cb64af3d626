//! One line of events: where it left another, what was done on it, and the checkpoints to go back to.

use super::Fold;
use super::marks::Marks;
use crate::intervention::Intervened;
use crate::play::Play;
use crate::step::Step;
use hotstuff_core::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// From one checkpoint to the next at first, in steps.
const SPACING_STEPS: u64 = 256;
/// A branch with no more checkpoints than this keeps them.
const CHECKPOINTS_MIN: usize = 8;

/// Names a branch of a timeline: the first one is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BranchId(pub u32);

impl BranchId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a branch left another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// Which one it left.
    pub branch: BranchId,
    /// After how many steps.
    pub steps: u64,
    /// When.
    pub time: Time,
}

/// A branch at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchView {
    /// Which.
    pub id: BranchId,
    /// Where it began; nowhere for the first.
    pub fork: Option<Fork>,
    /// How many steps it has been made for.
    pub steps: u64,
    /// Up to when it has been made.
    pub time: Time,
    /// What was done first on it that was not done on the one it left.
    pub first: Option<Intervened>,
    /// Whether a violation ended it.
    pub violated: bool,
}

/// A run to go on from, and what was made of its steps.
pub(super) struct Checkpoint<F: Fold> {
    pub(super) play: Play,
    pub(super) fold: F::Kept,
    /// How many of the branch's visits have been made.
    pub(super) visits: usize,
}

/// One branch.
pub(super) struct Branch<F: Fold> {
    pub(super) fork: Option<Fork>,
    /// How many visits it took over.
    inherited: usize,
    /// All that visitors do on it, from the run's beginning on.
    pub(super) visits: Vec<Intervened>,
    /// By the number of steps before them. What comes before the first is on the branch it left.
    pub(super) checkpoints: BTreeMap<u64, Checkpoint<F>>,
    spacing: u64,
    /// How far it has been made.
    pub(super) end: (u64, Time),
    pub(super) marks: Marks,
    pub(super) strayed: bool,
}

impl<F: Fold> Branch<F> {
    /// A branch that begins at a checkpoint.
    pub(super) fn new(fork: Option<Fork>, visits: Vec<Intervened>, first: Checkpoint<F>) -> Self {
        let sim = first.play.sim();
        Self {
            fork,
            inherited: first.visits,
            visits,
            end: (sim.steps(), sim.now()),
            checkpoints: BTreeMap::from([(sim.steps(), first)]),
            spacing: SPACING_STEPS,
            marks: Marks::default(),
            strayed: false,
        }
    }

    pub(super) fn view(&self, id: BranchId) -> BranchView {
        let (steps, time) = self.end;
        let first = self.fork.and(self.visits.get(self.inherited)).cloned();
        BranchView { id, fork: self.fork, steps, time, first, violated: self.marks.is_violated() }
    }

    /// The visit that is next, if it comes before any other step.
    pub(super) fn due(&self, visits: usize, steps: u64) -> Option<&Intervened> {
        self.visits.get(visits).filter(|visit| visit.step <= steps)
    }

    /// Lets a run of this branch go on by one step that it has had.
    pub(super) fn go_on(&self, play: &mut Play, visits: &mut usize) -> Option<Step> {
        let Some(visit) = self.due(*visits, play.sim().steps()) else { return play.step(Time(u64::MAX)) };
        *visits += 1;
        play.intervene_again(visit).ok()
    }

    /// Whether a checkpoint is wanted after so many steps.
    pub(super) fn wants(&self, steps: u64) -> bool {
        let last = self.checkpoints.keys().next_back().copied().unwrap_or_default();
        steps >= last + self.spacing
    }

    /// Drops every other checkpoint, but never the first; from here on they are twice as far apart. Where there
    /// are few, all stay.
    pub(super) fn thin(&mut self) {
        if self.checkpoints.len() <= CHECKPOINTS_MIN {
            return;
        }
        self.spacing *= 2;
        let mut position = 0;
        self.checkpoints.retain(|_, _| {
            position += 1;
            position % 2 == 1
        });
    }
}
