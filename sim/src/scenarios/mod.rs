//! Lessons: small runs of a scripted cluster, each with what a reader is to see in it, and with what
//! the run must show for that to be true.
//!
//! ```
//! use hotstuff_sim::scenarios;
//!
//! let scenario = scenarios::named("happy-path").expect("it is the first");
//! let runs = scenario.played(7, None);
//! assert_eq!(scenario.outcome(&runs), []);
//! ```

mod clocks;
mod corrupt_leaders;
mod crashes;
mod cue;
mod expected;
mod happy_path;
mod hashes;
mod hidden_lock;
mod lagging;
mod network;
mod open_challenge;
mod prompter;
mod retries;
mod rules;
mod run;
mod setting;
mod twins;
mod withholding;

pub use cue::{At, Cue};
pub(crate) use expected::culprits;
pub use expected::{CatchUp, Contrast, Expected, Unmet};
pub use hashes::{of_seed, step_hashes, step_text, trace_hash};
pub use open_challenge::CHALLENGE_BY_CHANCE;
pub(crate) use prompter::Prompter;
pub use run::Run;

use crate::config::SimConfig;
use hotstuff_core::{CommitRule, Time};

/// A lesson.
#[derive(Debug)]
pub struct Scenario {
    /// Its place among the lessons, from 1.
    pub number: u8,
    /// Its name in links and commands.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What there is to see, and why it is so.
    pub lesson: &'static str,
    /// What the reader is left with.
    pub question: &'static str,
    /// What is played: one script, or two side by side.
    pub scripts: &'static [Script],
    /// What the first of two scripts shows beside the second.
    pub contrast: Option<Contrast>,
}

/// One run of a lesson: a cluster, and what is done to it.
#[derive(Debug)]
pub struct Script {
    /// What it is called beside the other one; empty where it is alone.
    pub label: &'static str,
    /// The cluster, from a seed.
    pub config: fn(u64) -> SimConfig,
    /// The commit rule, where the lesson is about it; else it may be any.
    pub rule: Option<CommitRule>,
    /// What is done to it, in order, from the same seed.
    pub cues: fn(u64) -> Vec<Cue>,
    /// How long it is.
    pub until: Time,
    /// What it shows.
    pub expected: &'static [Expected],
}

static ALL: [Scenario; 17] = [
    happy_path::HAPPY_PATH,
    crashes::LEADER_CRASH,
    crashes::CASCADE,
    crashes::CONSECUTIVE_LEADERS,
    network::PARTITION,
    corrupt_leaders::EQUIVOCATING_LEADER,
    withholding::VOTE_WITHHOLDING,
    corrupt_leaders::TAIL_FORK,
    network::SLOW_NETWORK,
    hidden_lock::STALE_HIDDEN_LOCK,
    rules::TWO_CHAIN_BESIDE_THREE_CHAIN,
    twins::TOO_MANY_BYZANTINE,
    twins::AMNESIA,
    lagging::LAGGING_REPLICA,
    retries::CLIENT_RETRIES,
    clocks::CLOCK_SKEW,
    open_challenge::OPEN_CHALLENGE,
];

/// All lessons, by number.
#[must_use]
pub fn all() -> &'static [Scenario] {
    &ALL
}

/// The lesson of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

impl Scenario {
    /// Whether its scripts leave the commit rule open.
    #[must_use]
    pub fn takes_rule(&self) -> bool {
        self.scripts.iter().all(|script| script.rule.is_none())
    }
}
