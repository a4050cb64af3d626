//! When each command of one key can have taken effect: from its sending to its answer, or for less long,
//! by what was read.

use crate::history::Call;
use hotstuff_kv::{Answer, Operation};

/// A key's value, if it has one.
pub(super) type Value<'a> = Option<&'a [u8]>;

/// A command as it stood at some time.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) call: &'a Call,
    pub(super) answer: Option<&'a Answer>,
    /// The first and the last step in which it can have taken effect. One without an answer may still.
    pub(super) begins: u64,
    pub(super) ends: u64,
    /// The value that it has found, where its answer tells.
    pub(super) found: Option<Value<'a>>,
    /// The value that it leaves behind, where it is another.
    pub(super) made: Option<Value<'a>>,
}

impl<'a> Window<'a> {
    /// Those of all commands that can make a difference, as they stood after step `until`, by when they
    /// begin.
    pub(super) fn all(calls: &[&'a Call], until: u64) -> Vec<Self> {
        let sent = calls.iter().filter(|call| call.invoked <= until);
        let all: Vec<Self> = sent.map(|call| Self::of(call, until)).collect();
        let mut windows: Vec<Self> = all.iter().filter(|window| window.matters(&all)).copied().collect();
        while narrow(&mut windows) {}
        windows.sort_by_key(|window| window.begins);
        windows
    }

    fn of(call: &'a Call, until: u64) -> Self {
        let returned = call.returned.as_ref().filter(|(step, _)| *step <= until);
        let (answer, ends) =
            (returned.map(|(_, answer)| answer), returned.map_or(u64::MAX, |(step, _)| *step));
        let found = match answer {
            Some(Answer::Value(value) | Answer::Deleted(value)) => Some(Some(value.as_slice())),
            Some(Answer::NotFound) => Some(None),
            Some(Answer::Ok | Answer::Invalid(_)) | None => None,
        };
        let made = match &call.operation {
            operation if operation.check().is_err() => None,
            Operation::Set { value, .. } => Some(Some(value.as_slice())),
            Operation::Delete { .. } if found != Some(None) => Some(None),
            Operation::Delete { .. } | Operation::Get { .. } => None,
        };
        Self { call, answer, begins: call.invoked, ends, found, made }
    }

    /// Whether it can make a difference. A command without an answer makes none if it only reads, or sets
    /// what nobody has read: wherever it stands in an order, that is an order without it too.
    fn matters(&self, all: &[Self]) -> bool {
        let is_read = |value: Value<'a>| all.iter().any(|other| other.found == Some(value));
        self.answer.is_some() || self.made.is_some_and(|made| made.is_none() || is_read(made))
    }

    /// Whether `other` may have found what this one has made.
    pub(super) fn may_serve(&self, other: &Self) -> bool {
        self.made.is_some() && self.made == other.found && self.begins <= other.ends
    }
}

/// What was found was made before. Returns whether any window is narrower for it.
fn narrow(windows: &mut [Window<'_>]) -> bool {
    let mut is_narrower = false;
    for at in 0..windows.len() {
        let reader = windows[at];
        // Before anything was made there was no value.
        let Some(Some(_)) = reader.found else { continue };
        let makers: Vec<usize> =
            (0..windows.len()).filter(|maker| windows[*maker].may_serve(&reader)).collect();
        let earliest = makers.iter().map(|maker| windows[*maker].begins).min().unwrap_or_default();
        if earliest > reader.begins {
            windows[at].begins = earliest;
            is_narrower = true;
        }
        if let [maker] = makers[..]
            && windows[maker].ends > reader.ends
        {
            windows[maker].ends = reader.ends;
            is_narrower = true;
        }
    }
    is_narrower
}
