//! An answer: one sentence, and what it rests on.

use super::At;
use hotstuff_core::ReplicaId;
use serde::{Deserialize, Serialize};

/// An answer to why something is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// In one sentence.
    pub headline: String,
    /// What it rests on, the weightiest first.
    pub because: Vec<Reason>,
}

/// One thing that an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// In one sentence.
    pub text: String,
    /// Where in the stream it happened.
    pub at: Option<At>,
}

impl Answer {
    pub(super) fn new(headline: impl Into<String>) -> Self {
        Self { headline: headline.into(), because: Vec::new() }
    }

    pub(super) fn because(mut self, text: impl Into<String>, at: impl Into<Option<At>>) -> Self {
        self.because.push(Reason { text: text.into(), at: at.into() });
        self
    }

    pub(super) fn and(mut self, reasons: impl IntoIterator<Item = Reason>) -> Self {
        self.because.extend(reasons);
        self
    }
}

/// `r1`, `r1 and r2`, `r1, r2 and r3`.
pub(super) fn list(ids: &[ReplicaId]) -> String {
    match ids {
        [] => "nobody".into(),
        [one] => one.to_string(),
        [others @ .., last] => {
            let others: Vec<String> = others.iter().map(ToString::to_string).collect();
            format!("{} and {last}", others.join(", "))
        }
    }
}
