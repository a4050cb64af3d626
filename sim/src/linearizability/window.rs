//! When each command of a part can have taken effect: from its sending to its answer, or for less long,
//! by what was read.

use super::facts::Facts;
use super::parts::Part;
use crate::history::Call;
use hotstuff_kv::{Operation, Request, Response};

/// A command as it stood at some time.
#[derive(Clone)]
pub(super) struct Window<'a> {
    pub(super) call: &'a Call,
    pub(super) answer: Option<&'a Response>,
    /// The first and the last step in which it can have taken effect. One without an answer may still.
    pub(super) begins: u64,
    pub(super) ends: u64,
    pub(super) facts: Facts<'a>,
}

impl<'a> Window<'a> {
    /// Those of all commands that can make a difference, as they stood after step `until`, by when they
    /// begin.
    pub(super) fn all(part: &Part<'a>, until: u64) -> Vec<Self> {
        let sent = part.calls.iter().filter(|call| call.invoked <= until);
        let all: Vec<Self> = sent.map(|call| Self::of(call, until, &part.keys)).collect();
        let mut windows: Vec<Self> = all.iter().filter(|window| window.matters(&all)).cloned().collect();
        while narrow(&mut windows) {}
        windows.sort_by_key(|window| window.begins);
        windows
    }

    fn of(call: &'a Call, until: u64, keys: &[&'a [u8]]) -> Self {
        let returned = call.returned.as_ref().filter(|(step, _)| *step <= until);
        let (answer, ends) =
            (returned.map(|(_, answer)| answer), returned.map_or(u64::MAX, |(step, _)| *step));
        let facts = Facts::new(&call.request, answer, keys);
        Self { call, answer, begins: call.invoked, ends, facts }
    }

    /// Whether it can make a difference. A command without an answer makes none if it only reads, or sets
    /// what nobody has read: wherever it stands in an order, that is an order without it too.
    fn matters(&self, all: &[Self]) -> bool {
        if self.answer.is_some() {
            return true;
        }
        match &self.call.request {
            Request::One(Operation::Set { key, value }) => {
                all.iter().any(|other| other.facts.is_opaque || other.facts.has_found(key, Some(value)))
            }
            _ => !self.facts.made.is_empty(),
        }
    }

    /// Whether it may have made what `other` has found there.
    pub(super) fn may_serve(&self, other: &Self, (key, value): (&[u8], Option<&[u8]>)) -> bool {
        self.begins <= other.ends && self.facts.may_make(key, value)
    }
}

/// What was found was made before. Returns whether any window is narrower for it.
fn narrow(windows: &mut [Window<'_>]) -> bool {
    let mut is_narrower = false;
    for at in 0..windows.len() {
        for fact in windows[at].facts.found.clone() {
            // Before anything was made there was no value.
            if fact.1.is_some() {
                is_narrower |= narrow_by(windows, at, fact);
            }
        }
    }
    is_narrower
}

fn narrow_by(windows: &mut [Window<'_>], at: usize, fact: (&[u8], Option<&[u8]>)) -> bool {
    let mut is_narrower = false;
    let reader = &windows[at];
    let makers: Vec<usize> =
        (0..windows.len()).filter(|maker| *maker != at && windows[*maker].may_serve(reader, fact)).collect();
    let earliest = makers.iter().map(|maker| windows[*maker].begins).min().unwrap_or_default();
    let ends = reader.ends;
    if earliest > reader.begins {
        windows[at].begins = earliest;
        is_narrower = true;
    }
    if let [maker] = makers[..]
        && windows[maker].ends > ends
    {
        windows[maker].ends = ends;
        is_narrower = true;
    }
    is_narrower
}
