//! What the store says to an operation.

use crate::operation::Invalid;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use hotstuff_core::wire;
use serde::{Deserialize, Serialize};

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
    /// The operation was not carried out.
    Invalid(Invalid),
}

impl Answer {
    /// The bytes that a reply carries.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }

    /// The answer that a reply's `bytes` encode.
    ///
    /// # Errors
    /// When they encode none: the replicas run another application.
    pub fn decode(bytes: &[u8]) -> Result<Self, wire::DecodeError> {
        wire::decode(bytes)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Value(value) | Self::Deleted(value) => f.write_str(&String::from_utf8_lossy(value)),
            Self::NotFound => f.write_str("Key not found"),
            Self::Invalid(why) => write!(f, "error: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn answers_read_as_the_client_prints_them() {
        let shown = |answer: Answer| answer.to_string();
        assert_eq!(shown(Answer::Ok), "OK");
        assert_eq!(shown(Answer::Value(b"red".to_vec())), "red");
        assert_eq!(shown(Answer::Deleted(b"caf\xe9".to_vec())), "caf\u{fffd}");
        assert_eq!(shown(Answer::NotFound), "Key not found");
        assert_eq!(shown(Answer::Invalid(Invalid::EmptyKey)), "error: the key is empty");
    }

    #[test]
    fn answers_survive_their_encoding() {
        for answer in [Answer::Ok, Answer::Value(Vec::new()), Answer::Invalid(Invalid::StoreFull)] {
            assert_eq!(Answer::decode(&answer.encode()), Ok(answer));
        }
        assert!(Answer::decode(&[9]).is_err());
    }
}
