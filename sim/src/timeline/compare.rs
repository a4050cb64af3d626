//! Two branches beside each other, event by event.

use super::Fold;
use super::branch::Branch;
use crate::play::Play;
use crate::step::Step;
use hotstuff_core::{ReplicaId, Time};
use serde::{Deserialize, Serialize};

/// How far beyond the rows that are asked for one looks for what both have.
const STEPS_MAX: usize = 4_000;

/// What two branches have alike, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// After how many steps they differ.
    pub from: u64,
    /// What happened from there on, by time.
    pub rows: Vec<Row>,
    /// Whether more follows.
    pub is_cut: bool,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// When.
    pub time: Time,
    /// At which replica, if at one.
    pub replica: Option<ReplicaId>,
    /// What, in words.
    pub text: String,
    /// On which of the branches.
    pub side: Side,
}

/// On which of two branches something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
    /// Both, at the same time.
    Both,
}

type Line = (Time, Option<ReplicaId>, String);

/// Compares two branches from a step on that both have had.
pub(super) fn compare<F: Fold>(
    left: (Play, usize, &Branch<F>),
    right: (Play, usize, &Branch<F>),
    rows_max: usize,
) -> Comparison {
    let from = left.0.sim().steps();
    let ((ones, one_ends), (others, other_ends)) = (lines(left, rows_max), lines(right, rows_max));
    // What comes later than the end of the shorter excerpt may be on both.
    let until = ones.last().filter(|_| !one_ends).map(|last| last.0);
    let until = until.into_iter().chain(others.last().filter(|_| !other_ends).map(|last| last.0)).min();
    let mut rows = merged(ones, others);
    let whole = rows.len();
    rows.retain(|row| until.is_none_or(|until| row.time < until));
    rows.truncate(rows_max);
    Comparison { from, is_cut: rows.len() < whole || !(one_ends && other_ends), rows }
}

/// What happens on a branch, and whether that is all.
fn lines<F: Fold>(
    (mut play, mut visits, branch): (Play, usize, &Branch<F>),
    lines_max: usize,
) -> (Vec<Line>, bool) {
    let mut lines = Vec::new();
    for _ in 0..STEPS_MAX {
        if play.sim().steps() >= branch.end.0 {
            return (lines, true);
        }
        if lines.len() >= lines_max {
            break;
        }
        let Some(step) = branch.go_on(&mut play, &mut visits) else { return (lines, true) };
        lines.extend(told(&step));
    }
    (lines, false)
}

fn told(step: &Step) -> impl Iterator<Item = Line> + '_ {
    let replica = step.host.map(|host| host.replica);
    let cause = step.is_done_from_outside().then(|| step.cause.to_string());
    let events = step.events.iter().map(ToString::to_string);
    let results = step.results.iter().map(ToString::to_string);
    cause.into_iter().chain(events).chain(results).map(move |text| (step.time, replica, text))
}

/// Both by time. Lines of one time that both have are one row.
fn merged(ones: Vec<Line>, others: Vec<Line>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let (mut ones, mut others) = (ones.into_iter().peekable(), others.into_iter().peekable());
    while let Some(time) = [ones.peek(), others.peek()].into_iter().flatten().map(|line| line.0).min() {
        let mut own: Vec<Line> = std::iter::from_fn(|| ones.next_if(|line| line.0 == time)).collect();
        let beside: Vec<Line> = std::iter::from_fn(|| others.next_if(|line| line.0 == time)).collect();
        for line in beside {
            let side = match own.iter().position(|one| *one == line) {
                Some(at) => {
                    rows.extend(own.drain(..at).map(|line| row(line, Side::Left)));
                    own.remove(0);
                    Side::Both
                }
                None => Side::Right,
            };
            rows.push(row(line, side));
        }
        rows.extend(own.into_iter().map(|line| row(line, Side::Left)));
    }
    rows
}

fn row((time, replica, text): Line, side: Side) -> Row {
    Row { time, replica, text, side }
}
