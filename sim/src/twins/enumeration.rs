//! All scenarios of so many views, and which of them differ.
//!
//! Two scenarios do not differ where one becomes the other when replicas that run once change places, or
//! the two hosts of r0 do: all of them start alike. What is left of the difference, which replica leads
//! after the scripted views and how long messages take then, is no part of a scenario.

use super::partition::{Part, Partition};
use super::scenario::{Choice, Scenario};
use super::{HOSTS, REPLICAS};
use crate::rng::Rng;
use hotstuff_core::ReplicaId;
use std::collections::{BTreeMap, BTreeSet};

/// The most views: with them, counts are within 128 bits.
pub const VIEWS_MAX: u8 = 12;

/// Scenarios of `views` views: each has any leader, and any partition into some parts at most.
pub struct Enumeration {
    choices: Vec<Choice>,
    /// For each change of places, what becomes of each choice. The first changes nothing.
    symmetries: Vec<Vec<usize>>,
    views: u8,
}

impl Enumeration {
    /// Scenarios of 1 to [`VIEWS_MAX`] views; what is beyond is cut off. `parts_max` is 1 at least.
    #[must_use]
    pub fn new(views: u8, parts_max: Part) -> Self {
        let partitions = Partition::all(parts_max);
        let led = |leader| {
            partitions
                .iter()
                .map(move |partition| Choice { leader: ReplicaId(leader), partition: *partition })
        };
        let choices: Vec<Choice> = (0..REPLICAS).flat_map(led).collect();
        let number: BTreeMap<Choice, usize> = choices.iter().copied().zip(0..).collect();
        let image = |moves| choices.iter().map(|choice| number[&moved(choice, moves)]).collect();
        let symmetries = changes_of_places().into_iter().map(image).collect();
        Self { choices, symmetries, views: views.clamp(1, VIEWS_MAX) }
    }

    /// How many scenarios there are in all.
    #[must_use]
    pub fn total(&self) -> u128 {
        (self.choices.len() as u128).pow(self.views.into())
    }

    /// How many of them differ: on average over all changes of places, as many as a change leaves as they
    /// are (Burnside's lemma).
    #[must_use]
    pub fn distinct(&self) -> u128 {
        let fixed = |image: &Vec<usize>| {
            let kept = image.iter().enumerate().filter(|(choice, image)| choice == *image).count();
            (kept as u128).pow(self.views.into())
        };
        self.symmetries.iter().map(fixed).sum::<u128>() / self.symmetries.len() as u128
    }

    /// All that differ, in ascending order: of those that do not, the least.
    #[must_use]
    pub fn scenarios(&self) -> Scenarios<'_> {
        Scenarios::new(self)
    }

    /// `count` of those that differ, by a seed, in ascending order; all, if there are no more.
    #[must_use]
    pub fn sample(&self, count: u64, seed: u64) -> Box<dyn Iterator<Item = Scenario> + Send + '_> {
        let mut rng = Rng::new(seed, 3);
        let distinct = self.distinct();
        // Where most are wanted, each is taken with the chance that is left to it (Knuth's algorithm S).
        if let Ok(mut left) = u64::try_from(distinct)
            && left / 2 <= count
        {
            let mut wanted = count.min(left);
            return Box::new(self.scenarios().filter(move |_| {
                let is_taken = rng.within(1, left) <= wanted;
                left -= 1;
                wanted -= u64::from(is_taken);
                is_taken
            }));
        }
        let last = self.choices.len() as u64 - 1;
        let mut drawn = BTreeSet::new();
        while (drawn.len() as u64) < count {
            let choice = |_| usize::try_from(rng.within(0, last)).expect("it is below the number of choices");
            let scenario: Vec<usize> = (0..self.views).map(choice).collect();
            drawn.insert(self.least(&scenario));
        }
        Box::new(drawn.into_iter().map(move |scenario| self.scenario(scenario)))
    }

    /// The least of those that do not differ from a scenario.
    fn least(&self, scenario: &[usize]) -> Vec<usize> {
        let images =
            self.symmetries.iter().map(|image| scenario.iter().map(|choice| image[*choice]).collect());
        images.min().expect("one changes nothing")
    }

    fn scenario(&self, choices: impl IntoIterator<Item = usize>) -> Scenario {
        Scenario(choices.into_iter().map(|choice| self.choices[choice]).collect())
    }
}

/// What becomes of a choice when host `moves[i]` takes the place of host `i`.
fn moved(choice: &Choice, moves: [usize; HOSTS.len()]) -> Choice {
    let host = HOSTS.iter().position(|host| host.replica == choice.leader).expect("each leader has a host");
    Choice { leader: HOSTS[moves[host]].replica, partition: choice.partition.moved(moves) }
}

/// All ways in which hosts change places with others like them: the place of each of [`HOSTS`].
fn changes_of_places() -> Vec<[usize; HOSTS.len()]> {
    let mut changes = Vec::new();
    for twins in [[0, 1], [1, 0]] {
        for others in [[2, 3, 4], [2, 4, 3], [3, 2, 4], [3, 4, 2], [4, 2, 3], [4, 3, 2]] {
            let [first, twin] = twins;
            let [r1, r2, r3] = others;
            changes.push([first, twin, r1, r2, r3]);
        }
    }
    changes
}

/// A walk over the scenarios that differ, depth first. A scenario is the least of its like iff no change of
/// places that keeps its first views makes the next one less; so a beginning that is not is left at once.
pub struct Scenarios<'a> {
    all: &'a Enumeration,
    /// The views so far.
    path: Vec<usize>,
    /// Which changes of places keep the views before each of these, and, as last, all of them.
    kept: Vec<Vec<&'a [usize]>>,
    /// What is tried in the view after these.
    next: usize,
}

impl<'a> Scenarios<'a> {
    fn new(all: &'a Enumeration) -> Self {
        let kept = vec![all.symmetries.iter().map(Vec::as_slice).collect()];
        Self { all, path: Vec::new(), kept, next: 0 }
    }

    /// Which changes keep `choice` too, after the views so far; `None` where one makes it less.
    fn keeping(&self, choice: usize) -> Option<Vec<&'a [usize]>> {
        let changes = self.kept.last().expect("there is one more than there are views");
        let is_least = changes.iter().all(|change| change[choice] >= choice);
        is_least.then(|| changes.iter().copied().filter(|change| change[choice] == choice).collect())
    }

    /// Goes back by a view, to try what comes next in its place. `None` at the beginning.
    fn retreat(&mut self) -> Option<()> {
        self.next = self.path.pop()? + 1;
        self.kept.pop();
        Some(())
    }
}

impl Iterator for Scenarios<'_> {
    type Item = Scenario;

    fn next(&mut self) -> Option<Scenario> {
        while self.path.len() < usize::from(self.all.views) {
            if self.next == self.all.choices.len() {
                self.retreat()?;
            } else if let Some(changes) = self.keeping(self.next) {
                self.path.push(self.next);
                self.kept.push(changes);
                self.next = 0;
            } else {
                self.next += 1;
            }
        }
        let scenario = self.all.scenario(self.path.iter().copied());
        self.retreat();
        Some(scenario)
    }
}

#[cfg(test)]
mod tests;
