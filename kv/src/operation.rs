//! What a client may ask of the store.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use hotstuff_core::wire;
use serde::{Deserialize, Serialize};

/// The longest key, in bytes; the shortest has one.
pub const KEY_BYTES_MAX: usize = 1024;

/// The longest value, in bytes. With the longest key it still encodes to no more than 64 KiB,
/// which is how long an operation may be under a committee's default limits.
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
}

/// Why an operation was not carried out: the same at every replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Invalid {
    /// The bytes encode no operation.
    #[error("the bytes are no operation")]
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
    /// The store has as many bytes as it may have.
    #[error("the store is full")]
    StoreFull,
}

impl Operation {
    /// The bytes that a command carries.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }

    /// The operation that `bytes` encode, if it is one the store carries out.
    ///
    /// # Errors
    /// Any [`Invalid`] but [`Invalid::StoreFull`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Invalid> {
        let operation: Self = wire::decode(bytes).map_err(|_| Invalid::Malformed)?;
        operation.check()?;
        Ok(operation)
    }

    /// Checks the lengths of key and value, which a client may do before it asks.
    ///
    /// # Errors
    /// [`Invalid::EmptyKey`], [`Invalid::KeyTooLong`] or [`Invalid::ValueTooLong`].
    pub fn check(&self) -> Result<(), Invalid> {
        if self.key().is_empty() {
            return Err(Invalid::EmptyKey);
        }
        if self.key().len() > KEY_BYTES_MAX {
            return Err(Invalid::KeyTooLong);
        }
        match self {
            Self::Set { value, .. } if value.len() > VALUE_BYTES_MAX => Err(Invalid::ValueTooLong),
            _ => Ok(()),
        }
    }

    /// The key it is about.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        match self {
            Self::Set { key, .. } | Self::Get { key } | Self::Delete { key } => key,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = String::from_utf8_lossy(self.key());
        match self {
            Self::Set { value, .. } => write!(f, "set {key} {}", String::from_utf8_lossy(value)),
            Self::Get { .. } => write!(f, "get {key}"),
            Self::Delete { .. } => write!(f, "delete {key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_longest_key_and_value_fit_into_a_command() {
        let longest = Operation::Set { key: vec![255; KEY_BYTES_MAX], value: vec![255; VALUE_BYTES_MAX] };
        let limit = hotstuff_core::committee::Limits::default().command_bytes as usize;
        assert!(longest.encode().len() <= limit);
        assert_eq!(Operation::decode(&longest.encode()), Ok(longest));
    }
}
