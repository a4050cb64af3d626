//! What a command asks of the store: one operation, or several that are carried out together or not at all.

use crate::operation::{Invalid, Operation, check_key, text};
use alloc::vec::Vec;
use core::fmt;
use hotstuff_core::wire;
use serde::{Deserialize, Serialize};

/// Most conditions of a transaction.
pub const CONDITIONS_MAX: usize = 128;
/// Most operations of a transaction.
pub const OPERATIONS_MAX: usize = 128;

/// What a command asks of the store. It holds no other request, so that decoding one goes no deeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// One operation.
    One(Operation),
    /// If all conditions hold, all operations, each on what the ones before it have left; or none of them.
    Transaction {
        /// What must hold before.
        conditions: Vec<Condition>,
        /// What is done then.
        operations: Vec<Operation>,
    },
}

/// What a transaction expects of a key: what its client has read, say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The key.
    pub key: Vec<u8>,
    /// What is to be there.
    pub is: Expected,
}

/// What a [`Condition`] expects to find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// No value.
    Absent,
    /// A value, whichever.
    Present,
    /// This value.
    Value(Vec<u8>),
}

impl Expected {
    /// Whether `value` is as expected.
    #[must_use]
    pub fn holds(&self, value: Option<&[u8]>) -> bool {
        match self {
            Self::Absent => value.is_none(),
            Self::Present => value.is_some(),
            Self::Value(expected) => value == Some(expected),
        }
    }
}

impl Request {
    /// The bytes that a command carries.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }

    /// The request that `bytes` encode, if it is one the store carries out.
    ///
    /// # Errors
    /// [`Invalid::Malformed`], or what [`check`](Self::check) finds.
    pub fn decode(bytes: &[u8]) -> Result<Self, Invalid> {
        let request: Self = wire::decode(bytes).map_err(|_| Invalid::Malformed)?;
        request.check()?;
        Ok(request)
    }

    /// Checks all that does not depend on the store, which a client may do before it asks.
    ///
    /// # Errors
    /// What [`Operation::check`] finds of any operation, that a condition's key is empty or too long, or that a
    /// transaction has too many conditions or operations.
    pub fn check(&self) -> Result<(), Invalid> {
        let Self::Transaction { conditions, .. } = self else { return self.operations()[0].check() };
        if conditions.len() > CONDITIONS_MAX {
            return Err(Invalid::TooManyConditions);
        }
        if self.operations().len() > OPERATIONS_MAX {
            return Err(Invalid::TooManyOperations);
        }
        conditions.iter().try_for_each(|condition| check_key(&condition.key))?;
        self.operations().iter().try_for_each(Operation::check)
    }

    /// Its conditions; those of a single operation are none.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        match self {
            Self::One(_) => &[],
            Self::Transaction { conditions, .. } => conditions,
        }
    }

    /// Its operations, in order.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        match self {
            Self::One(operation) => core::slice::from_ref(operation),
            Self::Transaction { operations, .. } => operations,
        }
    }
}

impl From<Operation> for Request {
    fn from(operation: Operation) -> Self {
        Self::One(operation)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = text(&self.key);
        match &self.is {
            Expected::Absent => write!(f, "{key} has no value"),
            Expected::Present => write!(f, "{key} has a value"),
            Expected::Value(value) => write!(f, "{key} is {}", text(value)),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Transaction { conditions, operations } = self else { return self.operations()[0].fmt(f) };
        for (position, condition) in conditions.iter().enumerate() {
            write!(f, "{}{condition}", if position == 0 { "if " } else { " and " })?;
        }
        f.write_str(if conditions.is_empty() { "all of:" } else { ", all of:" })?;
        for (position, operation) in operations.iter().enumerate() {
            write!(f, "{}{operation}", if position == 0 { " " } else { "; " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn the_longest_key_and_value_fit_into_a_command() {
        let longest = Operation::Set { key: vec![255; KEY_BYTES_MAX], value: vec![255; VALUE_BYTES_MAX] };
        let longest = Request::One(longest);
        let limit = hotstuff_core::committee::Limits::default().command_bytes as usize;
        assert!(longest.encode().len() <= limit);
        assert_eq!(Request::decode(&longest.encode()), Ok(longest));
    }

    #[test]
    fn requests_read_as_people_say_them() {
        let transaction = Request::Transaction {
            conditions: vec![
                Condition { key: b"a".to_vec(), is: Expected::Value(b"1".to_vec()) },
                Condition { key: b"b".to_vec(), is: Expected::Absent },
            ],
            operations: vec![
                Operation::Incr { key: b"n".to_vec(), by: -2 },
                Operation::Cas { key: b"c".to_vec(), expected: None, value: b"x".to_vec() },
                Operation::List { prefix: b"p".to_vec(), after: Some(b"p1".to_vec()), limit: 9 },
            ],
        };
        let text = "if a is 1 and b has no value, all of: incr n by -2; cas c from nothing to x; list 9 of p* after p1";
        assert_eq!(transaction.to_string(), text);
    }

    #[test]
    fn a_transaction_with_too_much_is_named() {
        let get = |count| vec![Operation::Get { key: b"k".to_vec() }; count];
        let conditions = |count| vec![Condition { key: b"k".to_vec(), is: Expected::Present }; count];
        let check = |conditions, operations| Request::Transaction { conditions, operations }.check();
        assert_eq!(check(conditions(CONDITIONS_MAX), get(OPERATIONS_MAX)), Ok(()));
        assert_eq!(check(conditions(CONDITIONS_MAX + 1), get(0)), Err(Invalid::TooManyConditions));
        assert_eq!(check(conditions(0), get(OPERATIONS_MAX + 1)), Err(Invalid::TooManyOperations));
        let empty = vec![Condition { key: Vec::new(), is: Expected::Absent }];
        assert_eq!(check(empty, get(1)), Err(Invalid::EmptyKey));
        assert_eq!(check(conditions(1), vec![Operation::Get { key: Vec::new() }]), Err(Invalid::EmptyKey));
    }
}
