//! What a command's answer tells of the values before it, and what it can have left behind.

use hotstuff_kv::{Answer, Condition, Expected, Operation, Request, Response};
use std::borrow::Cow;

/// A key's value, if it has one.
pub(super) type Value<'a> = Option<&'a [u8]>;

/// What a command may have written to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made<'a> {
    Value(Option<Cow<'a, [u8]>>),
    /// Some number.
    Number,
}

/// What is known of a command's reads and writes, before any order is tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts<'a> {
    /// The values that keys had before it, where its answer tells.
    pub(super) found: Vec<(&'a [u8], Value<'a>)>,
    /// All that it can have left behind. With an answer that is one value a key at most.
    pub(super) made: Vec<(&'a [u8], Made<'a>)>,
    /// Whether what it did or was answered may hang on more than `found` tells.
    pub(super) is_opaque: bool,
}

impl<'a> Facts<'a> {
    /// Those of a request with this answer, in a history about `keys`, which are in order.
    pub(super) fn new(request: &'a Request, answer: Option<&'a Response>, keys: &[&'a [u8]]) -> Self {
        let mut facts = Self::default();
        if request.check().is_err() {
            return facts;
        }
        let operations = request.operations();
        match answer {
            None => facts.not_answered(request),
            Some(Response::One(answer)) => {
                if let Some(operation) = operations.first() {
                    facts.answered(operation, answer, keys);
                }
            }
            Some(Response::Transaction(answers)) => {
                facts.held(request.conditions());
                for (operation, answer) in operations.iter().zip(answers) {
                    facts.answered(operation, answer, keys);
                }
            }
            Some(Response::ConditionFailed { index, found }) => {
                let (held, failed) =
                    request.conditions().split_at_checked(*index as usize).unwrap_or_default();
                facts.held(held);
                if let Some(failed) = failed.first() {
                    facts.finds(&failed.key, found.as_deref());
                }
            }
            Some(Response::Aborted { .. } | Response::Invalid(_)) => facts.is_opaque = true,
        }
        facts
    }

    /// Whether it may have left `value` behind.
    pub(super) fn may_make(&self, key: &[u8], value: Value<'_>) -> bool {
        self.made.iter().any(|(own, made)| *own == key && made.may_be(value))
    }

    /// Whether it was seen that a key had this value.
    pub(super) fn has_found(&self, key: &[u8], value: Value<'_>) -> bool {
        self.found.iter().any(|(own, found)| *own == key && *found == value)
    }

    fn not_answered(&mut self, request: &'a Request) {
        self.is_opaque = match request {
            Request::One(Operation::Cas { .. } | Operation::Incr { .. }) | Request::Transaction { .. } => {
                true
            }
            Request::One(_) => false,
        };
        let may_be = |operation: &'a Operation| match operation {
            Operation::Set { key, value } | Operation::Cas { key, value, .. } => Some((key, some(value))),
            Operation::Delete { key } => Some((key, Made::Value(None))),
            Operation::Incr { key, .. } => Some((key, Made::Number)),
            Operation::Get { .. } | Operation::List { .. } => None,
        };
        self.made =
            request.operations().iter().filter_map(may_be).map(|(key, made)| (&key[..], made)).collect();
    }

    fn held(&mut self, conditions: &'a [Condition]) {
        for Condition { key, is } in conditions {
            match is {
                Expected::Absent => self.finds(key, None),
                Expected::Value(value) => self.finds(key, Some(value)),
                Expected::Present => self.is_opaque = true,
            }
        }
    }

    fn answered(&mut self, operation: &'a Operation, answer: &'a Answer, keys: &[&'a [u8]]) {
        match (operation, answer) {
            (Operation::Get { key }, Answer::Value(value)) => self.finds(key, Some(value)),
            (Operation::Get { key } | Operation::Delete { key }, Answer::NotFound) => self.finds(key, None),
            (Operation::Set { key, value }, Answer::Ok) => self.makes(key, some(value)),
            (Operation::Delete { key }, Answer::Deleted(value)) => {
                self.finds(key, Some(value));
                self.makes(key, Made::Value(None));
            }
            (Operation::Cas { key, expected, value }, Answer::Ok) => {
                self.finds(key, expected.as_deref());
                self.makes(key, some(value));
            }
            (Operation::Cas { key, .. }, Answer::Mismatch(actual)) => self.finds(key, actual.as_deref()),
            (Operation::Incr { key, .. }, Answer::Number(number)) => {
                // The number before may have been written in more ways than one.
                self.is_opaque = true;
                self.makes(key, Made::Value(Some(number.to_string().into_bytes().into())));
            }
            (Operation::List { prefix, after, .. }, Answer::Entries { entries, more }) => {
                // Keys that are not told may have been there.
                self.is_opaque |= more;
                let listed = |key: &[u8]| entries.binary_search_by(|(own, _)| own[..].cmp(key)).is_ok();
                let is_asked =
                    |key: &[u8]| key.starts_with(prefix) && after.as_ref().is_none_or(|at| key > at);
                let is_reached =
                    |key: &[u8]| !more || entries.last().is_some_and(|(last, _)| key < last.as_slice());
                for key in keys.iter().filter(|key| is_asked(key) && is_reached(key) && !listed(key)) {
                    self.finds(key, None);
                }
                entries.iter().for_each(|(key, value)| self.finds(key, Some(value)));
            }
            // What the store does not answer, or only to what it does not carry out.
            _ => self.is_opaque = true,
        }
    }

    /// It has found this, unless it has written there itself.
    fn finds(&mut self, key: &'a [u8], value: Value<'a>) {
        if !self.made.iter().any(|(own, _)| *own == key) {
            self.found.push((key, value));
        }
    }

    fn makes(&mut self, key: &'a [u8], made: Made<'a>) {
        self.made.retain(|(own, _)| *own != key);
        self.made.push((key, made));
    }
}

impl Made<'_> {
    fn may_be(&self, value: Value<'_>) -> bool {
        match self {
            Self::Value(own) => own.as_deref() == value,
            Self::Number => value
                .and_then(|value| core::str::from_utf8(value).ok())
                .is_some_and(|text| text.parse::<i64>().is_ok_and(|number| number.to_string() == text)),
        }
    }
}

fn some(value: &[u8]) -> Made<'_> {
    Made::Value(Some(value.into()))
}
