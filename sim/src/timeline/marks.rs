//! What there is on a branch to go to: views, commits, faults.

use crate::intervention::Intervention;
use crate::sim::Sim;
use crate::step::{Cause, Step};
use hotstuff_core::{Event, Height, Time, View};
use serde::{Deserialize, Serialize};

/// Something on a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// How many steps there were when it had happened.
    pub steps: u64,
    /// When.
    pub time: Time,
    /// What.
    pub what: MarkKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarkKind {
    /// The first replica entered a view.
    View(View),
    /// The first replica committed a block at this height.
    Commit(Height),
    /// Something was done to the cluster; in words.
    Fault(String),
    /// The network is stable from now on.
    Stable,
    /// A checker found a violation.
    Violation,
}

impl MarkKind {
    /// Whether it is a commit or something done to the cluster.
    #[must_use]
    pub fn is_commit_or_fault(&self) -> bool {
        !matches!(self, Self::View(_))
    }

    /// Whether it is a view that was entered.
    #[must_use]
    pub fn is_view(&self) -> bool {
        matches!(self, Self::View(_))
    }
}

/// All marks of a branch, in order.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    all: Vec<Mark>,
    view: View,
    height: Height,
}

impl Marks {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Mark] {
        &self.all
    }

    /// The first one of a kind after so many steps.
    #[must_use]
    pub fn next(&self, steps: u64, is_it: impl Fn(&MarkKind) -> bool) -> Option<&Mark> {
        let from = self.all.partition_point(|mark| mark.steps <= steps);
        self.all[from..].iter().find(|mark| is_it(&mark.what))
    }

    /// The last one of a kind before so many steps.
    #[must_use]
    pub fn previous(&self, steps: u64, is_it: impl Fn(&MarkKind) -> bool) -> Option<&Mark> {
        let until = self.all.partition_point(|mark| mark.steps < steps);
        self.all[..until].iter().rev().find(|mark| is_it(&mark.what))
    }

    /// Those of the first steps.
    pub(super) fn up_to(&self, steps: u64) -> Self {
        let until = self.all.partition_point(|mark| mark.steps <= steps);
        let mut marks = Self { all: self.all[..until].to_vec(), ..Self::default() };
        for mark in &marks.all {
            match mark.what {
                MarkKind::View(view) => marks.view = view,
                MarkKind::Commit(height) => marks.height = height,
                _ => {}
            }
        }
        marks
    }

    pub(super) fn is_violated(&self) -> bool {
        self.all.last().is_some_and(|mark| mark.what == MarkKind::Violation)
    }

    pub(super) fn note(&mut self, step: &Step, sim: &Sim) {
        let mut mark = |what| self.all.push(Mark { steps: step.index + 1, time: step.time, what });
        match &step.cause {
            Cause::Intervened(what) if **what == Intervention::Stabilize => mark(MarkKind::Stable),
            Cause::Killed | Cause::Restarted | Cause::RestartedEmpty => {
                let host = step.host.map(|host| host.to_string()).unwrap_or_default();
                mark(MarkKind::Fault(format!("{host} {}", step.cause)));
            }
            Cause::Intervened(_) => mark(MarkKind::Fault(step.cause.to_string())),
            _ => {}
        }
        for event in &step.events {
            match event {
                Event::ViewEntered { view, .. } if *view > self.view => {
                    self.view = *view;
                    mark(MarkKind::View(*view));
                }
                Event::Committed { block, .. } if block.block.height > self.height => {
                    self.height = block.block.height;
                    mark(MarkKind::Commit(self.height));
                }
                _ => {}
            }
        }
        if sim.violation().is_some() {
            mark(MarkKind::Violation);
        }
    }
}
