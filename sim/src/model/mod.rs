//! An exhaustive check of the shipping core, within bounds: every state that four replicas can get into,
//! one of them run twice, whatever order, loss and repetition of messages and whatever timers do.
//!
//! The search is [`stateright`]'s. A state is the state of each host's real replica, and the set of messages
//! that may still arrive. `docs/testing.md` says what is covered and what is not, and why what is left out
//! leads nowhere else.

mod account;
mod actions;
mod bounds;
mod essence;
mod local;
mod message;
mod properties;
mod space;
mod stage;
#[cfg(test)]
mod tests;
mod told;
mod world;

use crate::checkers::Violation;
use crate::config::SimError;
use crate::step::Step;
use space::Space;
use stateright::{Checker, Expectation, HasDiscoveries, Model as _, Property};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use world::World;

pub use bounds::{Bounds, misses};

/// How much is searched, where that is to be less than all there is within the bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// How many threads search; one if it is not said. Only with one are the paths found the shortest.
    pub jobs: Option<NonZeroUsize>,
    /// Whether to look at what follows a state before its neighbours. That takes far less memory; the paths that
    /// are found are not the shortest then, and the depth is that of the longest.
    pub is_deep_first: bool,
    /// States that are so many actions from the start are not looked at.
    pub depth: Option<NonZeroUsize>,
    /// About how many states are made at most, counting those that are made again.
    pub states: Option<NonZeroUsize>,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many states were made, counting those that were made again.
    pub states: usize,
    /// How many different ones.
    pub unique: usize,
    /// How many actions the furthest is from the start.
    pub depth: usize,
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How far it came.
    pub progress: Progress,
    /// In how many different states single hosts were.
    pub host_states: usize,
    /// Whether it saw all there is within the bounds.
    pub is_exhaustive: bool,
    /// What it says of each property.
    pub findings: Vec<Finding>,
}

impl Outcome {
    /// The first property that does not hold.
    #[must_use]
    pub fn violation(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.must_hold && finding.account.is_some())
    }
}

/// What a search says of a property.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The property.
    pub property: &'static str,
    /// Whether it must hold in all states; otherwise it must show in one.
    pub must_hold: bool,
    /// How it was broken, or came to show.
    pub account: Option<Account>,
}

/// A way from the start to a state, as steps of a run.
#[derive(Clone, Debug)]
pub struct Account {
    /// How many actions lead there. One may be several steps.
    pub actions: usize,
    /// The steps, as the same replicas make them once more.
    pub steps: Vec<Step>,
    /// What the simulator's checkers say of them, where a property was broken that one of them judges.
    pub violation: Option<Violation>,
}

/// Searches. Ends early where a property is broken. `sink` is told of progress some times a second.
///
/// # Errors
/// When there can be no such cluster.
///
/// # Panics
/// When the core does: its invariants are among what is checked.
pub fn check(bounds: Bounds, effort: Effort, sink: impl FnMut(Progress)) -> Result<Outcome, SimError> {
    let world = Arc::new(World::new(bounds)?);
    search(Space::new(world, true)?, effort, sink)
}

/// How often `sink` is told of progress.
const INTERVAL: Duration = Duration::from_millis(50);

fn search(space: Space, effort: Effort, sink: impl FnMut(Progress)) -> Result<Outcome, SimError> {
    let world = space.world.clone();
    let properties = space.properties();
    let mut builder = space.checker().finish_when(HasDiscoveries::AnyFailures);
    builder = builder.threads(effort.jobs.map_or(1, Into::into));
    if let Some(depth) = effort.depth {
        // Stateright counts states on the way, the first one too.
        builder = builder.target_max_depth(depth.get() + 1);
    }
    if let Some(states) = effort.states {
        builder = builder.target_state_count(states.get());
    }
    if effort.is_deep_first {
        conclude(&world, effort, properties, builder.spawn_dfs(), sink)
    } else {
        conclude(&world, effort, properties, builder.spawn_bfs(), sink)
    }
}

fn conclude(
    world: &World,
    effort: Effort,
    properties: Vec<Property<Space>>,
    mut checker: impl Checker<Space>,
    mut sink: impl FnMut(Progress),
) -> Result<Outcome, SimError> {
    let handles = checker.handles();
    while handles.iter().any(|handle| !handle.is_finished()) {
        std::thread::park_timeout(INTERVAL);
        sink(progress_of(&checker));
    }
    for handle in handles {
        handle.join().expect("a replica that panics breaks an invariant of its own");
    }
    let progress = progress_of(&checker);
    let mut findings = Vec::new();
    for property in properties {
        let must_hold = property.expectation == Expectation::Always;
        let path = checker.discovery(property.name);
        let account =
            path.map(|path| account::tell(world, property.name, &path.into_actions())).transpose()?;
        findings.push(Finding { property: property.name, must_hold, account });
    }
    let is_cut = effort.depth.is_some_and(|depth| progress.depth >= depth.get())
        || effort.states.is_some_and(|states| progress.states >= states.get())
        || findings.iter().any(|finding| finding.must_hold && finding.account.is_some());
    let host_states = world.local_count();
    Ok(Outcome { progress, host_states, is_exhaustive: !is_cut, findings })
}

fn progress_of(checker: &impl Checker<Space>) -> Progress {
    let (states, unique) = (checker.state_count(), checker.unique_state_count());
    Progress { states, unique, depth: checker.max_depth().saturating_sub(1) }
}
