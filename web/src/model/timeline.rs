//! The run as a line to go along: how far it has been made, what there is on it, and its branches.

use hotstuff_core::Time;
use hotstuff_sim::timeline::{BranchId, BranchView, Mark, MarkKind};

/// What is known of the branch that one is on, and of the others.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// How far the branch has been made: steps and time.
    pub end: (u64, Time),
    /// What there is on it, in order.
    pub marks: Vec<Mark>,
    /// Which branch one is on.
    pub current: BranchId,
    /// All branches.
    pub branches: Vec<BranchView>,
    /// What the visitor did on the branch, as its code.
    pub visits: Option<String>,
}

impl Timeline {
    /// Takes marks in, of which the first has this number; what was known from there on is of another branch.
    pub fn mark(&mut self, from: usize, marks: Vec<Mark>) {
        self.marks.truncate(from);
        self.marks.extend(marks);
    }

    /// When the network was stable from on, if it was said.
    #[must_use]
    pub fn stable_since(&self) -> Option<Time> {
        let mark = self.marks.iter().find(|mark| mark.what == MarkKind::Stable)?;
        Some(mark.time)
    }

    /// The marks of a kind, thinned to one in each of `cells` equal parts of the branch: the cell and the mark.
    #[must_use]
    pub fn thinned(&self, cells: usize, is_it: impl Fn(&MarkKind) -> bool) -> Vec<(usize, &Mark)> {
        let whole = self.end.1.0.max(1);
        let cell = |mark: &Mark| {
            let share = u128::from(mark.time.0) * cells as u128 / u128::from(whole);
            usize::try_from(share).unwrap_or(cells).min(cells.saturating_sub(1))
        };
        let mut thinned: Vec<(usize, &Mark)> = Vec::new();
        for mark in self.marks.iter().filter(|mark| is_it(&mark.what)) {
            let at = cell(mark);
            if thinned.last().is_none_or(|(last, _)| *last != at) {
                thinned.push((at, mark));
            }
        }
        thinned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::{Height, View};

    fn mark(steps: u64, what: MarkKind) -> Mark {
        Mark { steps, time: Time(steps * 1_000), what }
    }

    #[test]
    fn marks_are_added_and_replaced_from_where_branches_part() {
        let mut timeline = Timeline::default();
        timeline.mark(0, vec![mark(1, MarkKind::View(View(1))), mark(2, MarkKind::Commit(Height(1)))]);
        timeline.mark(2, vec![mark(9, MarkKind::Stable)]);
        assert_eq!((timeline.marks.len(), timeline.stable_since()), (3, Some(Time(9_000))));
        timeline.mark(1, vec![mark(5, MarkKind::View(View(2)))]);
        assert_eq!((timeline.marks.len(), timeline.stable_since()), (2, None));
    }

    #[test]
    fn a_crowd_of_marks_is_thinned_to_what_can_be_drawn() {
        let mut timeline = Timeline { end: (10_000, Time(10_000_000)), ..Timeline::default() };
        timeline.mark(0, (0..10_000).map(|steps| mark(steps, MarkKind::Commit(Height(steps)))).collect());
        let cells: Vec<usize> = timeline.thinned(50, |_| true).into_iter().map(|(cell, _)| cell).collect();
        assert_eq!(cells, (0..50).collect::<Vec<_>>());
        assert!(timeline.thinned(50, MarkKind::is_view).is_empty());
    }
}
