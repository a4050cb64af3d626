//! What the store says to a request.

use crate::operation::{Invalid, text};
use alloc::vec::Vec;
use core::fmt;
use hotstuff_core::wire;
use serde::{Deserialize, Serialize};

/// Most bytes of an encoded [`Response`]: whatever a request asks for, its reply is no longer. Any value fits,
/// and any entry.
pub const ANSWER_BYTES_MAX: usize = hotstuff_core::app::RESULT_BYTES_MAX as usize;

/// What a response has at most beside its answers: its kind, and how many they are.
const HEAD_BYTES: usize = 3;
/// What a list has at most beside its entries: its kind, how many they are, and whether there are more.
const LIST_BYTES: usize = 5;

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// The result of one operation. Displayed as a client prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The key has its new value.
    Ok,
    /// The key's value.
    Value(Vec<u8>),
    /// The key is gone; this was its value.
    Deleted(Vec<u8>),
    /// The key has no value.
    NotFound,
    /// The key has another value than expected, this one, or none. Nothing has changed.
    Mismatch(Option<Vec<u8>>),
    /// The number that the key's value is now.
    Number(i64),
    /// Entries by ascending key.
    Entries {
        /// They.
        entries: Vec<Entry>,
        /// Whether there are more, for which to ask anew, after the last one's key.
        more: bool,
    },
    /// The operation was not carried out. Nothing has changed.
    Invalid(Invalid),
}

/// What a request is answered. It holds no other response, so that decoding one goes no deeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// To a single operation.
    One(Answer),
    /// The transaction was carried out: the answers to its operations, in order. None of them is
    /// [`Answer::Mismatch`] or [`Answer::Invalid`].
    Transaction(Vec<Answer>),
    /// One of the transaction's conditions, the first such, does not hold. Nothing has changed.
    ConditionFailed {
        /// Which of them, from 0.
        index: u32,
        /// The value that its key has.
        found: Option<Vec<u8>>,
    },
    /// One of the transaction's operations could not be carried out. Nothing has changed.
    Aborted {
        /// Which of them, from 0.
        index: u32,
        /// [`Answer::Mismatch`] or [`Answer::Invalid`].
        why: Answer,
    },
    /// The request is none that the store carries out, whatever it holds. Nothing has changed.
    Invalid(Invalid),
}

impl Answer {
    /// Whether the operation was not carried out, so that a transaction around it is aborted.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Mismatch(_) | Self::Invalid(_))
    }

    /// A bound on the bytes that its encoding has.
    fn bytes(&self) -> usize {
        match self {
            Self::Ok | Self::NotFound => 1,
            Self::Value(value) | Self::Deleted(value) => 1 + encoded_bytes(value),
            Self::Mismatch(actual) => 2 + actual.as_deref().map_or(0, encoded_bytes),
            Self::Number(_) => 11,
            Self::Entries { entries, .. } => {
                LIST_BYTES + entries.iter().map(|(key, value)| entry_bytes(key, value)).sum::<usize>()
            }
            Self::Invalid(_) => 2,
        }
    }
}

/// How many bytes `bytes` have with their length before them.
fn encoded_bytes(bytes: &[u8]) -> usize {
    let length = match bytes.len() {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    };
    length + bytes.len()
}

fn entry_bytes(key: &[u8], value: &[u8]) -> usize {
    encoded_bytes(key) + encoded_bytes(value)
}

/// How many bytes of answers still fit into a response.
pub(crate) struct Room(usize);

impl Room {
    /// That of a response without answers.
    pub(crate) fn new() -> Self {
        Self(ANSWER_BYTES_MAX - HEAD_BYTES)
    }

    /// That of a list alone.
    pub(crate) fn for_entries() -> Self {
        Self(ANSWER_BYTES_MAX - HEAD_BYTES - LIST_BYTES)
    }

    /// Takes an answer in. Whether it fits.
    pub(crate) fn take(&mut self, answer: &Answer) -> bool {
        self.take_bytes(answer.bytes())
    }

    /// Takes an entry in. Whether it fits.
    pub(crate) fn take_entry(&mut self, key: &[u8], value: &[u8]) -> bool {
        self.take_bytes(entry_bytes(key, value))
    }

    fn take_bytes(&mut self, bytes: usize) -> bool {
        let rest = self.0.checked_sub(bytes);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

impl Response {
    /// The bytes that a reply carries.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }

    /// The response that a reply's `bytes` encode.
    ///
    /// # Errors
    /// When they encode none: the replicas run another application.
    pub fn decode(bytes: &[u8]) -> Result<Self, wire::DecodeError> {
        wire::decode(bytes)
    }

    /// What stands in the way of what was asked, where that depends on bounds or the store's limit rather than on
    /// what a client has expected.
    #[must_use]
    pub fn invalid(&self) -> Option<Invalid> {
        match self {
            Self::One(Answer::Invalid(why))
            | Self::Aborted { why: Answer::Invalid(why), .. }
            | Self::Invalid(why) => Some(*why),
            _ => None,
        }
    }
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        Self::One(answer)
    }
}

/// A value as people read it, or that there is none.
struct Found<'a>(&'a Option<Vec<u8>>);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "the value is {}", text(value)),
            None => f.write_str("there is no value"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Value(value) | Self::Deleted(value) => f.write_str(&text(value)),
            Self::NotFound => f.write_str("Key not found"),
            Self::Mismatch(actual) => write!(f, "not as expected: {}", Found(actual)),
            Self::Number(number) => number.fmt(f),
            Self::Entries { entries, more } => {
                for (position, (key, value)) in entries.iter().enumerate() {
                    let between = if position == 0 { "" } else { ", " };
                    write!(f, "{between}{} = {}", text(key), text(value))?;
                }
                match (entries.is_empty(), more) {
                    (true, false) => f.write_str("No keys"),
                    (true, true) => f.write_str("more"),
                    (false, true) => f.write_str(", and more"),
                    (false, false) => Ok(()),
                }
            }
            Self::Invalid(why) => write!(f, "error: {why}"),
        }
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(answer) => answer.fmt(f),
            Self::Transaction(answers) if answers.is_empty() => f.write_str("OK"),
            Self::Transaction(answers) => answers.iter().enumerate().try_for_each(|(position, answer)| {
                write!(f, "{}{answer}", if position == 0 { "" } else { "; " })
            }),
            Self::ConditionFailed { index, found } => {
                write!(f, "condition {} does not hold: {}", index + 1, Found(found))
            }
            Self::Aborted { index, why } => write!(f, "operation {} was in the way: {why}", index + 1),
            Self::Invalid(why) => write!(f, "error: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn entry(key: &str, value: &str) -> Entry {
        (key.into(), value.into())
    }

    #[test]
    fn answers_read_as_the_client_prints_them() {
        let shown = |answer: Answer| answer.to_string();
        assert_eq!(shown(Answer::Ok), "OK");
        assert_eq!(shown(Answer::Value(b"red".to_vec())), "red");
        assert_eq!(shown(Answer::Deleted(b"caf\xe9".to_vec())), "caf\u{fffd}");
        assert_eq!(shown(Answer::NotFound), "Key not found");
        assert_eq!(shown(Answer::Mismatch(Some(b"red".to_vec()))), "not as expected: the value is red");
        assert_eq!(shown(Answer::Mismatch(None)), "not as expected: there is no value");
        assert_eq!(shown(Answer::Number(-7)), "-7");
        assert_eq!(shown(Answer::Entries { entries: vec![], more: false }), "No keys");
        let entries = vec![entry("a", "1"), entry("b", "2")];
        assert_eq!(shown(Answer::Entries { entries, more: true }), "a = 1, b = 2, and more");
        assert_eq!(shown(Answer::Invalid(Invalid::EmptyKey)), "error: the key is empty");
    }

    #[test]
    fn responses_read_as_the_client_prints_them() {
        let answers = vec![Answer::Number(2), Answer::NotFound];
        assert_eq!(Response::Transaction(answers).to_string(), "2; Key not found");
        assert_eq!(Response::Transaction(vec![]).to_string(), "OK");
        let failed = Response::ConditionFailed { index: 1, found: Some(b"red".to_vec()) };
        assert_eq!(failed.to_string(), "condition 2 does not hold: the value is red");
        let aborted = Response::Aborted { index: 0, why: Answer::Invalid(Invalid::NotANumber) };
        assert_eq!(aborted.to_string(), "operation 1 was in the way: error: the value is not a number");
        assert_eq!(Response::One(Answer::Ok).to_string(), "OK");
    }

    #[test]
    fn responses_survive_their_encoding() {
        let entries = Answer::Entries { entries: vec![entry("a", "")], more: true };
        for response in [
            Response::One(Answer::Ok),
            Response::One(Answer::Value(Vec::new())),
            Response::Transaction(vec![entries, Answer::Number(i64::MIN)]),
            Response::ConditionFailed { index: 7, found: None },
            Response::Aborted { index: 7, why: Answer::Mismatch(Some(Vec::new())) },
            Response::Invalid(Invalid::StoreFull),
        ] {
            assert_eq!(Response::decode(&response.encode()), Ok(response));
        }
        assert!(Response::decode(&[9]).is_err());
    }

    #[test]
    fn no_answer_is_longer_than_what_it_counts() {
        let long = vec![7; 60_000];
        let entries = Answer::Entries { entries: vec![(vec![1; 1_024], long.clone()); 2], more: true };
        let deepest = [
            Answer::Value(long.clone()),
            Answer::Deleted(long.clone()),
            Answer::Mismatch(Some(long)),
            Answer::Number(i64::MIN),
            Answer::Invalid(Invalid::AnswerTooLong),
            entries,
        ];
        for answer in deepest {
            assert!(wire::encode(&answer).len() <= answer.bytes(), "{answer:?}");
        }
    }
}
