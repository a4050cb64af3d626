//! The commands. Each writes to `out` and says whether all is well.

pub mod run;
pub mod scenarios;

use hotstuff_sim::SimError;
use std::io;

/// Why a command cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There can be no such run.
    #[error("{0}")]
    Sim(#[from] SimError),
    /// The output is closed or full.
    #[error("cannot print: {0}")]
    Output(#[from] io::Error),
    /// There is no such scenario.
    #[error("there is no scenario {0}: `hotstuff-sim scenarios` lists them")]
    UnknownScenario(String),
    /// The scenario is about the commit rule.
    #[error("{0} is about the commit rules and sets them itself")]
    SetsRule(&'static str),
}
