//! Time travel: a run with all its branches. Wherever a visitor goes, the run there is made again from the
//! nearest checkpoint; doing something in the past begins a branch, and nothing is lost.

mod branch;
mod compare;
mod marks;
#[cfg(test)]
mod tests;

pub use branch::{BranchId, BranchView, Fork};
pub use compare::{Comparison, Row, Side};
pub use marks::{Mark, MarkKind, Marks};

use crate::SimError;
use crate::intervention::{Intervened, Intervention};
use crate::play::{BeginError, Beginning, Play};
use crate::sim::Sim;
use crate::step::Step;
use branch::{Branch, Checkpoint};
use hotstuff_core::Time;

/// How many hosts the checkpoints of all branches hold at most, but for the few that each branch keeps anyway.
const HOSTS_KEPT_MAX: usize = 4_000;

/// What is made of a run's steps, and is brought back together with the run.
pub trait Fold {
    /// What is kept of it with a checkpoint, of which a long run has hundreds: the smaller, the closer they are.
    type Kept;

    /// Takes a step in, after which the cluster is as in `sim`.
    fn step(&mut self, step: &Step, sim: &Sim);

    /// What to keep of it.
    fn keep(&self) -> Self::Kept;

    /// It again, as it was when that was kept.
    fn restored(kept: &Self::Kept) -> Self;
}

impl Fold for () {
    type Kept = ();

    fn step(&mut self, _: &Step, _: &Sim) {}

    fn keep(&self) {}

    fn restored((): &()) {}
}

/// A run with its branches, and where in it one is.
pub struct Timeline<F: Fold> {
    beginning: Beginning,
    branches: Vec<Branch<F>>,
    current: BranchId,
    play: Play,
    fold: F,
    /// How many of the branch's visits have been made.
    visits: usize,
}

impl<F: Fold> Timeline<F> {
    /// A run at its beginning, and what is to be made of its steps.
    ///
    /// # Errors
    /// When the run cannot begin.
    pub fn new(beginning: Beginning, fold: F) -> Result<Self, BeginError> {
        let play = Play::new(&beginning)?;
        let first = Checkpoint { play: play.clone(), fold: fold.keep(), visits: 0 };
        let branches = vec![Branch::new(None, Vec::new(), first)];
        Ok(Self { beginning, branches, current: BranchId::default(), play, fold, visits: 0 })
    }

    /// A run that visits are to be made to, as recorded, when it comes to them.
    ///
    /// # Errors
    /// When the run cannot begin.
    pub fn recorded(beginning: Beginning, visits: Vec<Intervened>, fold: F) -> Result<Self, BeginError> {
        let mut timeline = Self::new(beginning, fold)?;
        timeline.branches[0].visits = visits;
        Ok(timeline)
    }

    /// What the run began with.
    #[must_use]
    pub fn beginning(&self) -> &Beginning {
        &self.beginning
    }

    /// The cluster, where one is.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        self.play.sim()
    }

    /// What was made of the steps up to here.
    #[must_use]
    pub fn fold(&self) -> &F {
        &self.fold
    }

    /// The branch that one is on.
    #[must_use]
    pub fn current(&self) -> BranchId {
        self.current
    }

    /// All branches, in the order in which they were begun.
    pub fn branches(&self) -> impl Iterator<Item = BranchView> {
        (0..).map(BranchId).zip(&self.branches).map(|(id, branch)| branch.view(id))
    }

    /// What there is on the branch, as far as it has been made.
    #[must_use]
    pub fn marks(&self) -> &Marks {
        &self.branch().marks
    }

    /// How far the branch has been made: steps and time.
    #[must_use]
    pub fn end(&self) -> (u64, Time) {
        self.branch().end
    }

    /// What the visitor has done on the branch, up to its end.
    #[must_use]
    pub fn visits(&self) -> &[Intervened] {
        &self.branch().visits
    }

    /// Whether the visits that the run is to have do not fit it: it is another run than the one in which
    /// they were made. Those are left out, with all that follow.
    #[must_use]
    pub fn has_strayed(&self) -> bool {
        self.branch().strayed
    }

    /// When the next step is due: the next visit or the run's own.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        let visit = self.next_visit().map(|visit| visit.time);
        visit.or_else(|| self.play.next_time())
    }

    /// Goes on by one step that is due at `until` or before; `None` where there is none.
    pub fn step(&mut self, until: Time) -> Option<Step> {
        while let Some(visit) = self.next_visit() {
            if visit.time > until {
                return None;
            }
            let visit = visit.clone();
            if let Ok(step) = self.play.intervene_again(&visit) {
                self.visits += 1;
                self.took(&step);
                return Some(step);
            }
            let (at, branch) = (self.visits, self.branch_mut());
            branch.visits.truncate(at);
            branch.strayed = true;
        }
        let step = self.play.step(until)?;
        self.took(&step);
        Some(step)
    }

    /// Lets time pass up to `time`, before which nothing is due.
    pub fn rest(&mut self, time: Time) {
        if self.next_time().is_none_or(|next| next > time) {
            self.play.rest(time);
            let end = &mut self.branch_mut().end;
            end.1 = end.1.max(time);
        }
    }

    /// Goes to where the branch has had so many steps; to its end, if it has not been made as far.
    pub fn seek(&mut self, steps: u64) {
        let steps = steps.min(self.branch().end.0);
        let here = self.sim().steps();
        let found = self.checkpoint(self.current, steps).play.sim().steps();
        if !(found..=steps).contains(&here) {
            self.restore(steps);
        }
        self.make(steps);
    }

    /// Goes to a time of the branch: all that is due then has happened, and nothing else.
    pub fn seek_time(&mut self, time: Time) {
        let time = time.min(self.branch().end.1);
        let lowest = self.newest_at(time);
        if self.sim().now() > time || self.sim().steps() < lowest {
            self.restore(lowest);
        }
        while self.step(time).is_some() {}
        self.rest(time);
    }

    /// Does something to the cluster, now; where more is known to follow, on a branch of its own.
    ///
    /// # Errors
    /// When it cannot be done. Then nothing has happened.
    pub fn intervene(&mut self, what: Intervention) -> Result<Step, SimError> {
        let branch = self.branch();
        let is_past = self.sim().steps() < branch.end.0 || self.visits < branch.visits.len();
        let here = is_past.then(|| self.here());
        let step = self.play.intervene(what)?;
        if let Some(here) = here {
            self.begin_branch(here);
        }
        let visit = self.play.sim().interventions().last().cloned();
        self.branch_mut().visits.extend(visit);
        self.visits += 1;
        self.took(&step);
        Ok(step)
    }

    /// Begins a branch here, and goes to it.
    pub fn fork(&mut self) -> BranchId {
        let here = self.here();
        self.begin_branch(here);
        self.current
    }

    /// Goes to a branch: to where one is now, if it comes that far. `false` where there is no such branch.
    pub fn switch(&mut self, to: BranchId) -> bool {
        let Some(branch) = self.branches.get(to.index()) else { return false };
        if to != self.current {
            let steps = self.sim().steps().min(branch.end.0);
            self.current = to;
            self.restore(steps);
            self.make(steps);
        }
        true
    }

    /// What two branches tell after what they have in common: `rows_max` rows at most. `None` where there
    /// is no such branch.
    #[must_use]
    pub fn compare(&self, one: BranchId, other: BranchId, rows_max: usize) -> Option<Comparison> {
        let (left, right) = (self.branches.get(one.index())?, self.branches.get(other.index())?);
        let from = self.common(one, other);
        let ((ones, one_visits), (others, other_visits)) = (self.at(one, from), self.at(other, from));
        Some(compare::compare((ones, one_visits, left), (others, other_visits, right), rows_max))
    }

    /// Up to which step two branches are the same.
    fn common(&self, one: BranchId, other: BranchId) -> u64 {
        // A branch, and those it came from, each with the step up to which it is this branch's past.
        let line = |mut id: BranchId| {
            let mut line = vec![(id, self.branches[id.index()].end.0)];
            while let Some(fork) = self.branches[id.index()].fork {
                let until = line.last().map_or(fork.steps, |(_, until)| fork.steps.min(*until));
                line.push((fork.branch, until));
                id = fork.branch;
            }
            line
        };
        let (ones, others) = (line(one), line(other));
        let both = |(id, until): &(BranchId, u64)| {
            others.iter().find(|(other, _)| other == id).map(|(_, other)| *until.min(other))
        };
        ones.iter().find_map(both).unwrap_or(0)
    }

    /// A branch's run at a step that it has had, and how many visits it has had.
    fn at(&self, id: BranchId, steps: u64) -> (Play, usize) {
        let Checkpoint { play, visits, .. } = self.checkpoint(id, steps);
        let (mut play, mut visits) = (play.clone(), *visits);
        let branch = &self.branches[id.index()];
        while play.sim().steps() < steps && branch.go_on(&mut play, &mut visits).is_some() {}
        (play, visits)
    }

    fn branch(&self) -> &Branch<F> {
        &self.branches[self.current.index()]
    }

    fn branch_mut(&mut self) -> &mut Branch<F> {
        &mut self.branches[self.current.index()]
    }

    fn next_visit(&self) -> Option<&Intervened> {
        self.branch().due(self.visits, self.sim().steps())
    }

    fn here(&self) -> Checkpoint<F> {
        Checkpoint { play: self.play.clone(), fold: self.fold.keep(), visits: self.visits }
    }

    fn begin_branch(&mut self, here: Checkpoint<F>) {
        let (steps, time) = (here.play.sim().steps(), here.play.sim().now());
        let fork = Fork { branch: self.current, steps, time };
        let visits = self.branch().visits[..here.visits].to_vec();
        let marks = self.branch().marks.up_to(steps);
        let mut branch = Branch::new(Some(fork), visits, here);
        branch.marks = marks;
        self.branches.push(branch);
        self.current = BranchId(u32::try_from(self.branches.len() - 1).expect("nobody makes as many"));
        self.make_room();
    }

    /// The newest checkpoint of a branch, or of one it came from, at `steps` or before.
    fn checkpoint(&self, mut id: BranchId, mut steps: u64) -> &Checkpoint<F> {
        loop {
            let branch = &self.branches[id.index()];
            let kept = branch.checkpoints.range(..=steps).next_back();
            match (kept, branch.fork) {
                (Some((_, found)), _) => return found,
                (None, Some(fork)) => (id, steps) = (fork.branch, steps.min(fork.steps)),
                (None, None) => unreachable!("the first checkpoint of the first branch is the beginning"),
            }
        }
    }

    /// The steps of the newest checkpoint at which it was no later than `time`.
    fn newest_at(&self, time: Time) -> u64 {
        let (mut id, mut until) = (self.current, u64::MAX);
        loop {
            let branch = &self.branches[id.index()];
            let mut kept = branch.checkpoints.range(..=until).rev();
            if let Some((steps, _)) = kept.find(|(_, kept)| kept.play.sim().now() <= time) {
                return *steps;
            }
            let Some(fork) = branch.fork else { return 0 };
            (id, until) = (fork.branch, fork.steps);
        }
    }

    /// Puts the run back to the newest checkpoint at `steps` or before.
    fn restore(&mut self, steps: u64) {
        let Checkpoint { play, fold, visits } = self.checkpoint(self.current, steps);
        (self.play, self.fold, self.visits) = (play.clone(), F::restored(fold), *visits);
    }

    /// Makes the run again up to a step that the branch has had.
    fn make(&mut self, steps: u64) {
        while self.sim().steps() < steps && self.step(Time(u64::MAX)).is_some() {}
    }

    fn took(&mut self, step: &Step) {
        self.fold.step(step, self.play.sim());
        let steps = step.index + 1;
        let (play, fold, visits) = (&self.play, &self.fold, self.visits);
        let branch = &mut self.branches[self.current.index()];
        if steps > branch.end.0 {
            branch.end = (steps, step.time.max(branch.end.1));
            branch.marks.note(step, play.sim());
            if branch.wants(steps) {
                let checkpoint = Checkpoint { play: play.clone(), fold: fold.keep(), visits };
                branch.checkpoints.insert(steps, checkpoint);
                self.make_room();
            }
        }
    }

    /// Drops checkpoints of the branch with the most, where all branches together have too many.
    fn make_room(&mut self) {
        let most = HOSTS_KEPT_MAX / self.sim().hosts().count().max(1);
        let kept = |branch: &Branch<F>| branch.checkpoints.len();
        if self.branches.iter().map(kept).sum::<usize>() > most
            && let Some(fullest) = self.branches.iter_mut().max_by_key(|branch| kept(branch))
        {
            fullest.thin();
        }
    }
}
