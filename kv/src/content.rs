//! What the store holds, and what requests do to it.

use crate::answer::{Answer, Response, Room};
use crate::operation::{Invalid, Operation, VALUE_BYTES_MAX};
use crate::request::{Condition, Request};
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Bound;

/// How many bytes a store holds by default, counted as by [`Content::bytes`].
pub const STORE_BYTES_MAX: u64 = 1 << 28;
/// What an entry counts beside its key and value: about the memory that it takes, so that a limit
/// on bytes is one on memory too, however short the keys are.
pub const ENTRY_BYTES: u64 = 256;

/// A key, shared by all who hold it.
pub(crate) type Key = Arc<[u8]>;

/// The entries of a store, by ascending bytes of their keys, and no more: a store without its root.
///
/// A copy costs as much as it holds; the simulator's judge of histories makes many small ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    entries: BTreeMap<Key, Vec<u8>>,
    bytes: u64,
    bytes_max: u64,
}

/// What was before, change by change.
pub(crate) type Changes = Vec<(Key, Option<Vec<u8>>)>;

impl Default for Content {
    fn default() -> Self {
        Self::with_limit(STORE_BYTES_MAX)
    }
}

impl Content {
    /// No entries; at most `bytes` of them, counted as by [`bytes`](Self::bytes).
    #[must_use]
    pub fn with_limit(bytes: u64) -> Self {
        Self { entries: BTreeMap::new(), bytes: 0, bytes_max: bytes }
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries.get(key).map(Vec::as_slice)
    }

    /// How many bytes of keys and values there are, and [`ENTRY_BYTES`] more for each entry.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// All entries by ascending key.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries.iter().map(|(key, value)| (&**key, value.as_slice()))
    }

    /// Carries a request out.
    pub fn apply(&mut self, request: Request) -> Response {
        self.apply_noting(request, &mut Changes::new())
    }

    /// The same, and adds to `changes`, which is empty, what was before.
    pub(crate) fn apply_noting(&mut self, request: Request, changes: &mut Changes) -> Response {
        if let Err(why) = request.check() {
            return Response::Invalid(why);
        }
        match request {
            Request::One(operation) => Response::One(self.carry_out(operation, changes)),
            Request::Transaction { conditions, operations } => match self.first_failing(&conditions) {
                Some(failed) => failed,
                None => self.carry_out_all(operations, changes),
            },
        }
    }

    fn first_failing(&self, conditions: &[Condition]) -> Option<Response> {
        let holds = |condition: &Condition| condition.is.holds(self.value(&condition.key));
        let at = conditions.iter().position(|condition| !holds(condition))?;
        let found = self.value(&conditions[at].key).map(<[u8]>::to_vec);
        Some(Response::ConditionFailed { index: position(at), found })
    }

    fn carry_out_all(&mut self, operations: Vec<Operation>, changes: &mut Changes) -> Response {
        let (mut answers, mut room) = (Vec::with_capacity(operations.len()), Room::new());
        for (at, operation) in operations.into_iter().enumerate() {
            let mut answer = self.carry_out(operation, changes);
            if !answer.is_refusal() && !room.take(&answer) {
                answer = Answer::Invalid(Invalid::AnswerTooLong);
            }
            if answer.is_refusal() {
                self.undo(changes);
                return Response::Aborted { index: position(at), why: answer };
            }
            answers.push(answer);
        }
        Response::Transaction(answers)
    }

    /// Makes all as it was before.
    fn undo(&mut self, changes: &mut Changes) {
        while let Some((key, before)) = changes.pop() {
            let size_before = before.as_ref().map_or(0, |value| size(&key, value));
            let undone = match before {
                Some(value) => self.entries.insert(key.clone(), value),
                None => self.entries.remove(&key),
            };
            self.bytes = self.bytes + size_before - undone.map_or(0, |value| size(&key, &value));
        }
    }

    fn carry_out(&mut self, operation: Operation, changes: &mut Changes) -> Answer {
        match operation {
            Operation::Get { key } => match self.value(&key) {
                Some(value) => Answer::Value(value.to_vec()),
                None => Answer::NotFound,
            },
            Operation::Set { key, value } => self.set(&key, value, changes),
            Operation::Delete { key } => self.delete(&key, changes),
            Operation::Cas { key, expected, value } => match self.value(&key) {
                actual if actual == expected.as_deref() => self.set(&key, value, changes),
                actual => Answer::Mismatch(actual.map(<[u8]>::to_vec)),
            },
            Operation::Incr { key, by } => self.incr(&key, by, changes),
            Operation::List { prefix, after, limit } => self.list(&prefix, after.as_deref(), limit),
        }
    }

    fn set(&mut self, key: &[u8], value: Vec<u8>, changes: &mut Changes) -> Answer {
        debug_assert!(value.len() <= VALUE_BYTES_MAX, "a request is checked before it is carried out");
        let before = self.entries.get_key_value(key);
        let (shared, size_before) = match before {
            Some((shared, value)) => (shared.clone(), size(key, value)),
            None => (Key::from(key), 0),
        };
        let bytes = self.bytes - size_before + size(key, &value);
        if bytes > self.bytes_max {
            return Answer::Invalid(Invalid::StoreFull);
        }
        self.bytes = bytes;
        let before = self.entries.insert(shared.clone(), value);
        changes.push((shared, before));
        Answer::Ok
    }

    fn delete(&mut self, key: &[u8], changes: &mut Changes) -> Answer {
        let Some((shared, value)) = self.entries.remove_entry(key) else { return Answer::NotFound };
        self.bytes -= size(key, &value);
        changes.push((shared, Some(value.clone())));
        Answer::Deleted(value)
    }

    fn incr(&mut self, key: &[u8], by: i64, changes: &mut Changes) -> Answer {
        let before = match self.value(key) {
            None => Some(0),
            Some(value) => core::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok()),
        };
        let Some(before) = before else { return Answer::Invalid(Invalid::NotANumber) };
        let Some(sum) = before.checked_add(by) else { return Answer::Invalid(Invalid::OutOfRange) };
        match self.set(key, sum.to_string().into_bytes(), changes) {
            Answer::Ok => Answer::Number(sum),
            refused => refused,
        }
    }

    fn list(&self, prefix: &[u8], after: Option<&[u8]>, limit: u32) -> Answer {
        let from = after.filter(|after| *after >= prefix).map_or(Bound::Included(prefix), Bound::Excluded);
        let range = self.entries.range::<[u8], _>((from, Bound::Unbounded));
        let (mut entries, mut room) = (Vec::new(), Room::for_entries());
        for (key, value) in range.take_while(|(key, _)| key.starts_with(prefix)) {
            if entries.len() >= limit as usize || !room.take_entry(key, value) {
                return Answer::Entries { entries, more: true };
            }
            entries.push((key.to_vec(), value.clone()));
        }
        Answer::Entries { entries, more: false }
    }
}

fn size(key: &[u8], value: &[u8]) -> u64 {
    ENTRY_BYTES + key.len() as u64 + value.len() as u64
}

fn position(at: usize) -> u32 {
    u32::try_from(at).expect("a transaction's parts are few")
}
