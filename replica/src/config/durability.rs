//! `durability`: what a replica waits for before it says what it must not forget.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a replica waits for before it says what it must not forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// That its records are on the disk: they outlive a loss of power.
    #[default]
    Sync,
    /// That the operating system has its records: they outlive the process, and not a loss of power,
    /// after which the replica may vote twice in a view.
    Os,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync => "sync",
            Self::Os => "os",
        })
    }
}
