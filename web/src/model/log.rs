//! The list of what happened: bounded, and searched by replica, level and text.

use crate::model::record::{Record, Weight};
use hotstuff_core::event::Level;
use hotstuff_core::{ReplicaId, Time};
use std::collections::VecDeque;

/// How many entries are kept of the protocol at work, and how many of all graver ones.
pub const ENTRIES_MAX: usize = 5_000;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts from the run's or connection's start.
    pub index: u64,
    /// When.
    pub time: Time,
    /// Where, if at one replica.
    pub replica: Option<ReplicaId>,
    /// The event's name.
    pub kind: &'static str,
    /// How much it matters.
    pub level: Level,
    /// How much it stands out.
    pub weight: Weight,
    /// What happened.
    pub text: String,
}

/// What the list is narrowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Entries of this level, and graver ones.
    pub level: Level,
    /// One replica only.
    pub replica: Option<ReplicaId>,
    /// Entries that hold this text, whatever the case; all words must be there.
    pub text: String,
}

impl Default for Filter {
    fn default() -> Self {
        Self { level: Level::Debug, replica: None, text: String::new() }
    }
}

impl Filter {
    fn admits(&self, entry: &Entry, words: &[String]) -> bool {
        if entry.level > self.level {
            return false;
        }
        if self.replica.is_some() && self.replica != entry.replica {
            return false;
        }
        if words.is_empty() {
            return true;
        }
        let text = entry.text.to_lowercase();
        words.iter().all(|word| text.contains(word) || entry.kind.contains(word.as_str()))
    }
}

/// The newest [`ENTRIES_MAX`] entries of the protocol at work, and as many graver ones: these are few, and not
/// pushed out by the others.
#[derive(Clone, Debug, Default)]
pub struct Log {
    routine: VecDeque<Entry>,
    grave: VecDeque<Entry>,
    next: u64,
}

impl Log {
    /// Adds a record at the end.
    pub fn add(&mut self, record: &Record) {
        let level = record.level();
        let entries = if level == Level::Debug { &mut self.routine } else { &mut self.grave };
        if entries.len() == ENTRIES_MAX {
            entries.pop_front();
        }
        entries.push_back(Entry {
            level,
            index: self.next,
            time: record.time,
            replica: record.replica,
            kind: record.kind(),
            weight: record.weight(),
            text: record.sentence(),
        });
        self.next += 1;
    }

    /// How many entries match, and the newest `limit` of them, newest first.
    #[must_use]
    pub fn find(&self, filter: &Filter, limit: usize) -> (usize, Vec<&Entry>) {
        let words: Vec<String> = filter.text.split_whitespace().map(str::to_lowercase).collect();
        let mut found = Vec::new();
        let mut count = 0;
        for entry in self.newest_first().filter(|entry| filter.admits(entry, &words)) {
            count += 1;
            if found.len() < limit {
                found.push(entry);
            }
        }
        (count, found)
    }

    fn newest_first(&self) -> impl Iterator<Item = &Entry> {
        let (mut routine, mut grave) =
            (self.routine.iter().rev().peekable(), self.grave.iter().rev().peekable());
        std::iter::from_fn(move || match (routine.peek(), grave.peek()) {
            (Some(of_routine), Some(of_grave)) if of_grave.index > of_routine.index => grave.next(),
            (Some(_), _) => routine.next(),
            (None, _) => grave.next(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotstuff_core::{Event, View};

    fn log_of(count: u64) -> Log {
        let mut log = Log::default();
        for index in 0..count {
            let replica = ReplicaId((index % 4) as u16);
            log.add(&Record::fault(Time(index), Some(replica), format!("Thing {index} happened")));
        }
        log
    }

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let log = log_of(ENTRIES_MAX as u64 + 3);
        let (count, found) = log.find(&Filter::default(), 2);
        assert_eq!(count, ENTRIES_MAX);
        let indices: Vec<_> = found.iter().map(|entry| entry.index).collect();
        assert_eq!(indices, [ENTRIES_MAX as u64 + 2, ENTRIES_MAX as u64 + 1]);
    }

    #[test]
    fn what_matters_is_found_by_level_and_not_pushed_out_by_the_rest() {
        let mut log = log_of(2);
        let view = View(1);
        log.add(&Record::client(Time(2), "asked"));
        for time in 3..ENTRIES_MAX as u64 + 9 {
            let collected = Event::TimeoutCollected { view, replica: ReplicaId(1) };
            log.add(&Record::event(Time(time), ReplicaId(0), collected));
        }
        log.add(&Record::fault(Time(9_000), None, "cut"));
        let found = |level| {
            let (count, found) = log.find(&Filter { level, ..Filter::default() }, 4);
            (count, found.iter().map(|entry| entry.index).collect::<Vec<_>>())
        };
        let last = ENTRIES_MAX as u64 + 9;
        assert_eq!(found(Level::Error), (0, vec![]));
        assert_eq!(found(Level::Warn), (3, vec![last, 1, 0]));
        assert_eq!(found(Level::Info), (4, vec![last, 2, 1, 0]));
        assert_eq!(found(Level::Debug), (ENTRIES_MAX + 4, vec![last, last - 1, last - 2, last - 3]));
    }

    #[test]
    fn entries_are_found_by_replica_and_by_all_words() {
        let log = log_of(40);
        let filter =
            Filter { replica: Some(ReplicaId(3)), text: "HAPPENED thing".into(), ..Filter::default() };
        assert_eq!(log.find(&filter, 100).0, 10);
        let filter = Filter { text: "thing 39".into(), ..Filter::default() };
        assert_eq!(log.find(&filter, 100).1[0].index, 39);
        assert_eq!(log.find(&Filter { text: "fault".into(), ..Filter::default() }, 1).0, 40);
    }
}
