//! What a visitor types as a command, and how an outcome reads.

use hotstuff_core::command::Outcome;
use hotstuff_core::{Height, ReplicaId};
use hotstuff_kv::{Request as Asked, Response, language};
use serde::{Deserialize, Serialize};

/// Reads a request of the store's language.
///
/// # Errors
/// A sentence that says what was expected, and where.
pub fn parse(text: &str) -> Result<Asked, String> {
    let asked = language::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    asked.check().map_err(|invalid| invalid.to_string())?;
    Ok(asked)
}

/// Where a visitor's command stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// None was sent.
    #[default]
    None,
    /// On its way.
    Waiting {
        /// What was typed.
        text: String,
    },
    /// f+1 replicas agree on an outcome.
    Done {
        /// What was typed.
        text: String,
        /// The outcome in words.
        answer: String,
        /// At which height it executed, if it did.
        height: Option<Height>,
        /// Who agrees.
        replicas: Vec<ReplicaId>,
    },
    /// Not sent, or given up.
    Failed {
        /// Why.
        why: String,
    },
}

/// An outcome in words, and where it executed.
#[must_use]
pub fn in_words(outcome: &Outcome) -> (String, Option<Height>) {
    match outcome {
        Outcome::Executed { height, result } => (answer(result), Some(*height)),
        Outcome::TooOld => ("too old: nobody knows whether it executed".into(), None),
        Outcome::NotAdmitted(why) => (format!("not taken in: {why}"), None),
    }
}

fn answer(result: &[u8]) -> String {
    match Response::decode(result) {
        Ok(answer) => answer.to_string(),
        Err(_) => "an answer that this page does not know".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_mistakes_named() {
        let set = hotstuff_kv::Operation::Set { key: b"k".to_vec(), value: b"two words".to_vec() };
        assert_eq!(parse(" set k  two words "), Ok(set.into()));
        assert!(matches!(parse("if k absent; incr n"), Ok(Asked::Transaction { .. })));
        for (wrong, told) in [
            ("", "at column 1: expected set"),
            ("set k", "at column 6: expected a value"),
            ("get a b", "at column 7: expected nothing more"),
            ("get \"\"", "the key is empty"),
        ] {
            assert!(parse(wrong).is_err_and(|why| why.starts_with(told)), "{wrong}");
        }
    }
}
