//! What a visitor types as a command, and how an outcome reads.

use hotstuff_core::command::Outcome;
use hotstuff_core::{Height, ReplicaId};
use hotstuff_kv::{Operation, Response};

/// Reads `set KEY VALUE`, `get KEY` or `delete KEY`. A value may hold spaces.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse(text: &str) -> Result<Operation, String> {
    let text = text.trim();
    let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim_start();
    let (key, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (key, value) = (key.as_bytes().to_vec(), value.trim_start());
    match verb.to_ascii_lowercase().as_str() {
        "" => Err("Type set KEY VALUE, get KEY or delete KEY.".into()),
        "set" if key.is_empty() || value.is_empty() => Err("set wants a key and a value.".into()),
        "set" => Ok(Operation::Set { key, value: value.as_bytes().to_vec() }),
        "get" | "delete" if key.is_empty() => Err(format!("{} wants a key.", verb.to_ascii_lowercase())),
        "get" | "delete" if !value.is_empty() => Err("A key is one word.".into()),
        "get" => Ok(Operation::Get { key }),
        "delete" => Ok(Operation::Delete { key }),
        other => Err(format!("“{other}” is no command: set, get or delete.")),
    }
}

/// Where a visitor's command stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
        let set = Operation::Set { key: b"k".to_vec(), value: b"two words".to_vec() };
        assert_eq!(parse(" SET k  two words "), Ok(set));
        assert_eq!(parse("get k"), Ok(Operation::Get { key: b"k".to_vec() }));
        assert_eq!(parse("delete k"), Ok(Operation::Delete { key: b"k".to_vec() }));
        for wrong in ["", "set", "set k", "get", "get a b", "put k v"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
