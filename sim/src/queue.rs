//! What is going to happen, in order of time and, at the same time, in order of insertion.

use hotstuff_core::Time;
use std::collections::BTreeMap;

/// Names one entry of a queue.
pub(crate) type Ticket = (Time, u64);

/// The queue of events.
#[derive(Clone)]
pub(crate) struct Queue<T> {
    entries: BTreeMap<Ticket, T>,
    inserted: u64,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { entries: BTreeMap::new(), inserted: 0 }
    }

    /// Adds something that is due at `time`.
    pub(crate) fn push(&mut self, time: Time, entry: T) -> Ticket {
        let ticket = (time, self.inserted);
        self.inserted += 1;
        self.entries.insert(ticket, entry);
        ticket
    }

    /// Takes back what has not happened yet.
    pub(crate) fn cancel(&mut self, ticket: Ticket) {
        self.take(ticket);
    }

    /// Takes the next thing that is due.
    pub(crate) fn pop(&mut self) -> Option<(Ticket, T)> {
        self.entries.pop_first()
    }

    /// When the next thing is due.
    pub(crate) fn next_time(&self) -> Option<Time> {
        self.entries.first_key_value().map(|((time, _), _)| *time)
    }

    /// The first entry that is like this.
    pub(crate) fn find(&mut self, is_it: impl Fn(&T) -> bool) -> Option<(Ticket, &mut T)> {
        self.entries.iter_mut().find(|(_, entry)| is_it(entry)).map(|(ticket, entry)| (*ticket, entry))
    }

    /// Takes one entry out.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<T> {
        self.entries.remove(&ticket)
    }

    /// All that is queued, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Ticket, &T)> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_by_time_then_by_insertion() {
        let mut queue = Queue::new();
        queue.push(Time(5), "a");
        let taken_back = queue.push(Time(5), "b");
        queue.push(Time(3), "c");
        queue.push(Time(5), "d");
        queue.cancel(taken_back);
        assert_eq!(queue.next_time(), Some(Time(3)));
        let order: Vec<&str> = std::iter::from_fn(|| queue.pop().map(|(_, entry)| entry)).collect();
        assert_eq!(order, ["c", "a", "d"]);
    }
}
