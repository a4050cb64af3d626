//! Whether a clients' history is linearizable: whether each command can have taken effect at one moment
//! between its sending and its answer, judged by what clients saw alone.
//!
//! The search for such an order is [`stateright`]'s. Keys that no command is about together are independent: a
//! history is linearizable iff each of the parts is into which it falls by them.

mod facts;
mod object;
mod parts;
mod window;

use crate::checkers::{Breach, Violation};
use crate::history::{Call, History};
use crate::ids::ClientNumber;
use crate::sim::Sim;
use core::fmt;
use hotstuff_kv::Invalid;
use object::{Object, Search};
use parts::Part;
use stateright::semantics::{ConsistencyTester as _, LinearizabilityTester};
use std::borrow::Cow;
use window::Window;

/// Why a history is not known to be linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLinearizable {
    /// No order of some keys' commands gives their answers.
    NoOrder {
        /// The keys.
        keys: Vec<Vec<u8>>,
        /// The command with whose answer this showed: without it and what came later there is an order.
        call: Box<Call>,
    },
    /// So many of some keys' commands were under way at once that the search was given up.
    Undecided {
        /// The keys.
        keys: Vec<Vec<u8>>,
        /// How many commands were about them.
        calls: usize,
    },
    /// The store was full for a command: then keys are not independent, and this is no judge.
    StoreFull(Box<Call>),
}

/// So many keys are named in a message.
const NAMED_MAX: usize = 4;

/// Keys, as a message names them.
struct Keys<'a>(&'a [Vec<u8>]);

impl fmt::Display for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no key");
        }
        for (position, key) in self.0.iter().take(NAMED_MAX).enumerate() {
            write!(f, "{}{}", if position == 0 { "" } else { ", " }, String::from_utf8_lossy(key))?;
        }
        match self.0.len().saturating_sub(NAMED_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Display for NotLinearizable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOrder { keys, call } => {
                let Call { client, sequence, request, returned, .. } = &**call;
                let keys = Keys(keys);
                write!(
                    f,
                    "no order of the commands about {keys} explains that {client}, {sequence} ({request})"
                )?;
                returned
                    .as_ref()
                    .map_or(Ok(()), |(step, answer)| write!(f, " was answered {answer} in step {step}"))
            }
            Self::Undecided { keys, calls } => {
                write!(
                    f,
                    "undecided: too many of {calls} commands about {} were under way at once",
                    Keys(keys)
                )
            }
            Self::StoreFull(call) => {
                write!(f, "undecided: the store was full for {}, {}", call.client, call.sequence)
            }
        }
    }
}

impl core::error::Error for NotLinearizable {}

/// Judges all commands of a history. One without an answer may have taken effect at any time since it was
/// sent, or not at all.
///
/// # Errors
/// [`NotLinearizable`], of the first part in the order of keys for which it holds.
pub fn check(history: &History) -> Result<(), NotLinearizable> {
    check_calls(history.calls())
}

/// Judges commands as [`check`] does, whoever recorded them: steps are any numbers that grow with time.
///
/// # Errors
/// [`NotLinearizable`], of the first part in the order of keys for which it holds.
pub fn check_calls(calls: &[Call]) -> Result<(), NotLinearizable> {
    let is_full = |call: &&Call| {
        call.returned.as_ref().is_some_and(|(_, answer)| answer.invalid() == Some(Invalid::StoreFull))
    };
    if let Some(call) = calls.iter().find(is_full) {
        return Err(NotLinearizable::StoreFull(Box::new(call.clone())));
    }
    parts::parts(calls).iter().try_for_each(check_part)
}

impl Sim {
    /// Judges the clients' history so far. One that is known not to be linearizable freezes the run.
    pub fn check_history(&mut self) {
        if self.violation.is_none()
            && let Err(why @ NotLinearizable::NoOrder { .. }) = check(&self.history)
        {
            let (step, time) = (self.steps.saturating_sub(1), self.now);
            self.violation = Some(Violation { step, time, breach: Breach::History { why: why.to_string() } });
        }
    }
}

fn check_part(part: &Part<'_>) -> Result<(), NotLinearizable> {
    let keys = || part.keys.iter().map(|key| key.to_vec()).collect();
    match has_order(part, u64::MAX) {
        Some(true) => Ok(()),
        None => Err(NotLinearizable::Undecided { keys: keys(), calls: part.calls.len() }),
        Some(false) => {
            let call = Box::new(culprit(part).clone());
            Err(NotLinearizable::NoOrder { keys: keys(), call })
        }
    }
}

/// The command with whose answer it showed that there is no order.
fn culprit<'a>(part: &Part<'a>) -> &'a Call {
    let returned = |call: &Call| call.returned.as_ref().map(|(step, _)| *step);
    let mut answered: Vec<&Call> =
        part.calls.iter().copied().filter(|call| call.returned.is_some()).collect();
    answered.sort_unstable_by_key(|call| returned(call));
    let is_fine = |call: &&Call| has_order(part, returned(call).unwrap_or(u64::MAX)) != Some(false);
    let at = answered.partition_point(is_fine);
    answered.get(at).or(answered.last()).expect("a history without answers has an order")
}

/// Whether there is an order of a part's commands, as they stood after step `until`. `None` where the
/// search was given up.
fn has_order(part: &Part<'_>, until: u64) -> Option<bool> {
    let windows = Window::all(part, until);
    let search = Search::new(&windows);
    if !search.is_hopeful() {
        return Some(false);
    }
    let mut tester = LinearizabilityTester::new(Object::new(search.clone()));
    let threads = threads(&windows);
    for (at, is_end) in moments(&windows) {
        let Window { call, answer, .. } = windows[at];
        let told = if is_end {
            tester.on_return(threads[at], answer.map(Cow::Borrowed))
        } else {
            tester.on_invoke(threads[at], (at, &call.request))
        };
        told.expect("a thread has one command under way");
    }
    let found = tester.is_consistent();
    if search.is_given_up() { None } else { Some(found) }
}

/// On which thread each command runs: those of one client on one, as long as they do not overlap. One
/// without an answer has a thread of its own, which is tried after all others.
fn threads(windows: &[Window<'_>]) -> Vec<(bool, usize)> {
    let mut busy: Vec<(ClientNumber, u64)> = Vec::new();
    let thread = |(at, window): (usize, &Window<'_>)| {
        if window.answer.is_none() {
            return (true, at);
        }
        let client = window.call.client;
        let is_free = |(owner, until): &(ClientNumber, u64)| *owner == client && *until < window.begins;
        let thread = busy.iter().position(is_free).unwrap_or(busy.len());
        if thread == busy.len() {
            busy.push((client, window.ends));
        } else {
            busy[thread].1 = window.ends;
        }
        (false, thread)
    };
    windows.iter().enumerate().map(thread).collect()
}

/// When windows begin and end, in order: which of them, and whether it ends.
fn moments(windows: &[Window<'_>]) -> Vec<(usize, bool)> {
    let both = |(at, window): (usize, &Window<'_>)| [(window.begins, false, at), (window.ends, true, at)];
    let mut moments: Vec<(u64, bool, usize)> = windows.iter().enumerate().flat_map(both).collect();
    moments.sort_unstable();
    moments.into_iter().map(|(_, is_end, at)| (at, is_end)).collect()
}

#[cfg(test)]
mod tests;
