//! The commands. Each writes to `out` and says whether all is well.

pub mod check;
mod crew;
pub mod explore;
pub mod replay;
pub mod run;
pub mod scenarios;
mod tally;
pub mod twins;

use hotstuff_core::CommitRule;
use hotstuff_sim::{SimError, Weakness};
use std::io;
use std::path::PathBuf;

/// Why a command does not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What cannot be simulated.
    #[error("{0}")]
    Sim(#[from] SimError),
    /// A file that cannot be read or written.
    #[error("{file}: {why}", file = .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such scenario.
    #[error("there is no scenario {0}: `hotstuff-sim scenarios` lists them")]
    UnknownScenario(String),
    /// The scenario is about the commit rule.
    #[error("{0} is about the commit rules and sets them itself")]
    SetsRule(&'static str),
    /// A rule that is not missed, because what it is for does not happen in the model.
    #[error("in the model nobody crashes, forges or repeats commands: {0} would make no difference")]
    NotModelled(Weakness),
    /// Nobody takes the output.
    #[error("cannot print: {0}")]
    Output(#[from] io::Error),
}

/// Reads the name of a commit rule.
pub fn rule(name: &str) -> Result<CommitRule, String> {
    match name {
        "three-chain" | "3" => Ok(CommitRule::ThreeChain),
        "two-chain" | "2" => Ok(CommitRule::TwoChain),
        _ => Err("it is three-chain or two-chain".into()),
    }
}

/// The name of a commit rule.
pub fn rule_name(rule: CommitRule) -> &'static str {
    match rule {
        CommitRule::ThreeChain => "three-chain",
        CommitRule::TwoChain => "two-chain",
    }
}

/// Reads the name of a weakness.
pub fn weakness(name: &str) -> Result<Weakness, String> {
    Weakness::named(name).ok_or_else(|| {
        let names: Vec<&str> = Weakness::ALL.into_iter().map(Weakness::name).collect();
        format!("it is one of {}", names.join(", "))
    })
}
