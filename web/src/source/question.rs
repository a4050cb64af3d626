//! What may be asked of a worker beside the run it shows, by the page and by tests.

use serde::{Deserialize, Serialize};

/// A question. Each is answered once, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// What comes of the reference run with this seed.
    ReferenceRun(u64),
    /// How many steps four replicas of the free sandbox take in so many simulated seconds: to measure speed by.
    Speed(u64),
    /// The trace hashes of so many seeds from one on, each of the scenario that it stands for.
    ScenarioHashes {
        /// The first seed.
        first: u64,
        /// How many.
        count: u64,
    },
    /// The beginnings of a scenario's trace hashes after each step.
    StepHashes {
        /// The scenario's name.
        name: String,
        /// The seed.
        seed: u64,
    },
    /// A step of a scenario, in words.
    StepText {
        /// The scenario's name.
        name: String,
        /// The seed.
        seed: u64,
        /// Which step, from 0.
        index: u64,
    },
}

/// An answer to the question of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Hash, in full hexadecimal digits, steps and committed height.
    ReferenceRun(String, u64, u64),
    /// How many steps there were.
    Speed(u64),
    /// For each seed, the hash and how many steps there were.
    ScenarioHashes(Vec<(String, u64)>),
    /// One number for each step.
    StepHashes(Vec<u32>),
    /// The words, if there is such a step.
    StepText(Option<String>),
    /// It cannot be answered.
    Refused(String),
}
