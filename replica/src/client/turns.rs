//! Whose turn it is, where many requests are in flight: those about the same keys go one after the other.

use hotstuff_kv::{Operation, Request};
use std::collections::BTreeMap;
use tokio::sync::watch;

/// Gives each request its turn, in the order in which they come.
pub(super) struct Turns {
    in_flight: usize,
    /// The last request about each key: its sender is dropped when it is through.
    by_key: BTreeMap<Vec<u8>, watch::Receiver<Fate>>,
    /// The last one about any keys.
    of_all: Option<watch::Receiver<Fate>>,
}

/// Whether a request that is through may still be carried out later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Known,
    Unknown,
}

/// A request's turn, which comes when those before it about the same keys are through. It ends when this is dropped.
pub(super) struct Turn {
    before: Vec<watch::Receiver<Fate>>,
    own: watch::Sender<Fate>,
}

/// A request that has no turn: one before it about the same keys may still be carried out, and this one must not
/// be overtaken by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocked;

impl Turns {
    /// For so many requests in flight, of whose keys a few more than those in flight are remembered.
    pub(super) fn new(in_flight: usize) -> Self {
        Self { in_flight, by_key: BTreeMap::new(), of_all: None }
    }

    /// The next request's turn.
    pub(super) fn next(&mut self, request: &Request) -> Turn {
        let (own, turn) = watch::channel(Fate::Known);
        if self.by_key.len() > 4 * self.in_flight {
            self.by_key.retain(|_, turn| turn.has_changed().is_ok() || *turn.borrow() == Fate::Unknown);
        }
        let mut before: Vec<watch::Receiver<Fate>> = self.of_all.iter().cloned().collect();
        match keys(request) {
            Some(keys) => {
                for key in keys {
                    before.extend(self.by_key.insert(key.to_vec(), turn.clone()));
                }
            }
            None => {
                before.extend(std::mem::take(&mut self.by_key).into_values());
                self.of_all = Some(turn.clone());
            }
        }
        // A key that it names twice would have it wait for itself.
        before.retain(|other| !other.same_channel(&turn));
        Turn { before, own }
    }
}

impl Turn {
    /// Waits until it has come.
    ///
    /// # Errors
    /// When it never does.
    pub(super) async fn come(mut self) -> Result<Self, Blocked> {
        for before in std::mem::take(&mut self.before) {
            let mut before = before;
            while before.changed().await.is_ok() {}
            if *before.borrow() == Fate::Unknown {
                self.is_unknown();
                return Err(Blocked);
            }
        }
        Ok(self)
    }

    /// Notes that the request has no answer, and may still be carried out. Those after it about the same keys have
    /// no turn then.
    pub(super) fn is_unknown(&self) {
        self.own.send_replace(Fate::Unknown);
    }
}

/// The keys a request is about; `None` of one about any.
fn keys(request: &Request) -> Option<Vec<&[u8]>> {
    let operations = request.operations().iter().map(Operation::key);
    request.conditions().iter().map(|condition| Some(&condition.key[..])).chain(operations).collect()
}
