//! The list of what happened: bounded, and searched by replica and text.

use crate::model::record::{Record, Weight};
use hotstuff_core::{ReplicaId, Time};
use std::collections::VecDeque;

/// How many entries are kept.
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
    /// How much it stands out.
    pub weight: Weight,
    /// What happened.
    pub text: String,
}

/// What the list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One replica only.
    pub replica: Option<ReplicaId>,
    /// Entries that hold this text, whatever the case; all words must be there.
    pub text: String,
}

impl Filter {
    fn admits(&self, entry: &Entry, words: &[String]) -> bool {
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

/// The newest [`ENTRIES_MAX`] entries.
#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    next: u64,
}

impl Log {
    /// Adds a record at the end.
    pub fn add(&mut self, record: &Record) {
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
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
        for entry in self.entries.iter().rev().filter(|entry| filter.admits(entry, &words)) {
            count += 1;
            if found.len() < limit {
                found.push(entry);
            }
        }
        (count, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn entries_are_found_by_replica_and_by_all_words() {
        let log = log_of(40);
        let filter = Filter { replica: Some(ReplicaId(3)), text: "HAPPENED thing".into() };
        assert_eq!(log.find(&filter, 100).0, 10);
        let filter = Filter { replica: None, text: "thing 39".into() };
        assert_eq!(log.find(&filter, 100).1[0].index, 39);
        assert_eq!(log.find(&Filter { replica: None, text: "fault".into() }, 1).0, 40);
    }
}
