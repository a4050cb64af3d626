//! What a client may ask of one key, or of a range of keys.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The longest key, in bytes; the shortest has one.
pub const KEY_BYTES_MAX: usize = 1024;

/// The longest value, in bytes. With the longest key, the request that sets it still encodes to no more than
/// 64 KiB, which is how long one may be under a committee's default limits.
pub const VALUE_BYTES_MAX: usize = (1 << 16) - KEY_BYTES_MAX - 16;

/// One operation on the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Gives a key a value, whether it had one or not.
    Set {
        /// The key.
        key: Vec<u8>,
        /// Its value from now on.
        value: Vec<u8>,
    },
    /// Asks for a key's value.
    Get {
        /// The key.
        key: Vec<u8>,
    },
    /// Removes a key.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
    /// Compares and sets: gives a key a value if it has the one expected.
    Cas {
        /// The key.
        key: Vec<u8>,
        /// The value that it must have; `None` where it must have none.
        expected: Option<Vec<u8>>,
        /// Its value from then on.
        value: Vec<u8>,
    },
    /// Adds to the number that a key's value is, in decimal digits. A key without a value counts as 0.
    Incr {
        /// The key.
        key: Vec<u8>,
        /// What to add; less than 0 to subtract.
        by: i64,
    },
    /// Asks for the entries whose keys begin with `prefix`, by ascending bytes of their keys.
    List {
        /// What the keys begin with; empty for all keys.
        prefix: Vec<u8>,
        /// Only keys above this one: the last of the answer before, to go on from there.
        after: Option<Vec<u8>>,
        /// Most entries. There may be fewer, as the bytes of an answer have a bound of their own.
        limit: u32,
    },
}

/// Why something was not carried out: the same at every replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Invalid {
    /// The bytes encode no request.
    #[error("the bytes are no request")]
    Malformed,
    /// A key has at least one byte.
    #[error("the key is empty")]
    EmptyKey,
    /// Longer than [`KEY_BYTES_MAX`].
    #[error("the key is longer than {KEY_BYTES_MAX} bytes")]
    KeyTooLong,
    /// Longer than [`VALUE_BYTES_MAX`].
    #[error("the value is longer than {VALUE_BYTES_MAX} bytes")]
    ValueTooLong,
    /// More than [`CONDITIONS_MAX`](crate::CONDITIONS_MAX) conditions in a transaction.
    #[error("a transaction has at most {} conditions", crate::CONDITIONS_MAX)]
    TooManyConditions,
    /// More than [`OPERATIONS_MAX`](crate::OPERATIONS_MAX) operations in a transaction.
    #[error("a transaction has at most {} operations", crate::OPERATIONS_MAX)]
    TooManyOperations,
    /// The store has as many bytes as it may have.
    #[error("the store is full")]
    StoreFull,
    /// The value is not a decimal number from -2^63 to 2^63 - 1.
    #[error("the value is not a number")]
    NotANumber,
    /// The sum is above 2^63 - 1, or below -2^63.
    #[error("the sum is out of range")]
    OutOfRange,
    /// A transaction's answers would have more than [`ANSWER_BYTES_MAX`](crate::ANSWER_BYTES_MAX).
    #[error("the answers are longer than {} bytes", crate::ANSWER_BYTES_MAX)]
    AnswerTooLong,
}

impl Operation {
    /// The bytes of a command that asks for this alone: of [`Request::One`](crate::Request::One).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        crate::Request::One(self.clone()).encode()
    }

    /// Whether it can change what the store holds.
    #[must_use]
    pub fn writes(&self) -> bool {
        !matches!(self, Self::Get { .. } | Self::List { .. })
    }

    /// Checks the lengths of key and value, which a client may do before it asks.
    ///
    /// # Errors
    /// [`Invalid::EmptyKey`], [`Invalid::KeyTooLong`] or [`Invalid::ValueTooLong`].
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Set { key, value } | Self::Cas { key, value, .. } => {
                check_key(key)?;
                if value.len() > VALUE_BYTES_MAX { Err(Invalid::ValueTooLong) } else { Ok(()) }
            }
            Self::Get { key } | Self::Delete { key } | Self::Incr { key, .. } => check_key(key),
            Self::List { prefix, after, .. } => {
                let longest = prefix.len().max(after.as_ref().map_or(0, Vec::len));
                if longest > KEY_BYTES_MAX { Err(Invalid::KeyTooLong) } else { Ok(()) }
            }
        }
    }

    /// The key it is about; `None` of a [`List`](Self::List), which may be about any that begins with its prefix.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        match self {
            Self::Set { key, .. }
            | Self::Get { key }
            | Self::Delete { key }
            | Self::Cas { key, .. }
            | Self::Incr { key, .. } => Some(key),
            Self::List { .. } => None,
        }
    }
}

/// Checks a key's length.
pub(crate) fn check_key(key: &[u8]) -> Result<(), Invalid> {
    match key.len() {
        0 => Err(Invalid::EmptyKey),
        1..=KEY_BYTES_MAX => Ok(()),
        _ => Err(Invalid::KeyTooLong),
    }
}

/// Bytes as people read them.
pub(crate) fn text(bytes: &[u8]) -> alloc::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key, value } => write!(f, "set {} {}", text(key), text(value)),
            Self::Get { key } => write!(f, "get {}", text(key)),
            Self::Delete { key } => write!(f, "delete {}", text(key)),
            Self::Cas { key, expected: Some(expected), value } => {
                write!(f, "cas {} from {} to {}", text(key), text(expected), text(value))
            }
            Self::Cas { key, expected: None, value } => {
                write!(f, "cas {} from nothing to {}", text(key), text(value))
            }
            Self::Incr { key, by } => write!(f, "incr {} by {by}", text(key)),
            Self::List { prefix, after, limit } => {
                write!(f, "list {limit} of {}*", text(prefix))?;
                after.as_ref().map_or(Ok(()), |after| write!(f, " after {}", text(after)))
            }
        }
    }
}
