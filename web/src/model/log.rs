//! The list of what happened: bounded, and searched by replica, level and text.

use crate::model::record::{Record, Weight};
use hotstuff_core::event::Level;
use hotstuff_core::{ReplicaId, Time};
use hotstuff_sim::HostId;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::VecDeque;

/// How many records are kept of the protocol at work, and how many of all graver ones.
pub const RECORDS_MAX: usize = 20_000;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts from the run's or connection's start.
    pub index: u64,
    /// Its place in the source's stream, to go to.
    pub at: u64,
    /// When.
    pub time: Time,
    /// Where, if at one replica.
    pub host: Option<HostId>,
    /// The event's name.
    pub kind: Cow<'static, str>,
    /// How much it matters.
    pub level: Level,
    /// How much it stands out.
    pub weight: Weight,
    /// What happened.
    pub text: String,
}

impl Entry {
    fn of(index: u64, record: &Record) -> Self {
        Self {
            index,
            at: record.at,
            time: record.time,
            host: record.host,
            kind: record.kind().into(),
            level: record.level(),
            weight: record.weight(),
            text: record.sentence(),
        }
    }
}

/// What was found: the newest entries, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How many match.
    pub count: usize,
    /// The newest of them.
    pub entries: Vec<Entry>,
    /// How many records are no longer kept, of whatever kind.
    pub forgotten: u64,
}

/// What the list is narrowed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    fn admits(&self, record: &Record, words: &[String]) -> bool {
        if record.level() > self.level {
            return false;
        }
        if self.replica.is_some() && self.replica != record.host.map(|host| host.replica) {
            return false;
        }
        if words.is_empty() {
            return true;
        }
        let (text, kind) = (record.sentence().to_lowercase(), record.kind());
        words.iter().all(|word| text.contains(word) || kind.contains(word.as_str()))
    }
}

/// The newest [`RECORDS_MAX`] records of the protocol at work, and as many graver ones: these are few, and not
/// pushed out by the others.
#[derive(Clone, Debug, Default)]
pub struct Log {
    routine: VecDeque<(u64, Record)>,
    grave: VecDeque<(u64, Record)>,
    next: u64,
    last_at: u64,
    forgotten: u64,
}

impl Log {
    /// Adds a record at the end.
    pub fn add(&mut self, record: Record) {
        let records = if record.level() == Level::Debug { &mut self.routine } else { &mut self.grave };
        if records.len() == RECORDS_MAX {
            records.pop_front();
            self.forgotten += 1;
        }
        self.last_at = record.at;
        records.push_back((self.next, record));
        self.next += 1;
    }

    /// The place in the stream of the last record.
    #[must_use]
    pub fn last_at(&self) -> u64 {
        self.last_at
    }

    /// The log as it was at a place of the stream.
    #[must_use]
    pub fn up_to(&self, at: u64) -> Self {
        let kept = |records: &VecDeque<(u64, Record)>| {
            records.iter().take_while(|(_, record)| record.at <= at).cloned().collect()
        };
        let (routine, grave): (VecDeque<_>, VecDeque<_>) = (kept(&self.routine), kept(&self.grave));
        let last = routine.back().into_iter().chain(grave.back()).max_by_key(|(index, _)| *index);
        let (next, last_at) = last.map_or((0, 0), |(index, record)| (index + 1, record.at));
        Self { next, last_at, forgotten: self.forgotten, routine, grave }
    }

    /// How many records match of those up to a place of the stream, and the newest `limit` of them.
    #[must_use]
    pub fn find(&self, filter: &Filter, until: u64, limit: usize) -> Found {
        let words: Vec<String> = filter.text.split_whitespace().map(str::to_lowercase).collect();
        let mut found = Found { forgotten: self.forgotten, ..Found::default() };
        let known = self.newest_first().filter(|(_, record)| record.at <= until);
        for (index, record) in known.filter(|(_, record)| filter.admits(record, &words)) {
            found.count += 1;
            if found.entries.len() < limit {
                found.entries.push(Entry::of(*index, record));
            }
        }
        found
    }

    fn newest_first(&self) -> impl Iterator<Item = &(u64, Record)> {
        let (mut routine, mut grave) =
            (self.routine.iter().rev().peekable(), self.grave.iter().rev().peekable());
        std::iter::from_fn(move || match (routine.peek(), grave.peek()) {
            (Some(of_routine), Some(of_grave)) if of_grave.0 > of_routine.0 => grave.next(),
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
            let host = ReplicaId((index % 4) as u16).into();
            log.add(Record::fault(Time(index), Some(host), format!("Thing {index} happened")));
        }
        log
    }

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let log = log_of(RECORDS_MAX as u64 + 3);
        let Found { count, entries: found, .. } = log.find(&Filter::default(), u64::MAX, 2);
        assert_eq!(count, RECORDS_MAX);
        let indices: Vec<_> = found.iter().map(|entry| entry.index).collect();
        assert_eq!(indices, [RECORDS_MAX as u64 + 2, RECORDS_MAX as u64 + 1]);
    }

    #[test]
    fn what_matters_is_found_by_level_and_not_pushed_out_by_the_rest() {
        let mut log = log_of(2);
        let view = View(1);
        log.add(Record::client(Time(2), "asked"));
        for time in 3..RECORDS_MAX as u64 + 9 {
            let collected = Event::TimeoutCollected { view, replica: ReplicaId(1) };
            log.add(Record::event(Time(time), ReplicaId(0), collected));
        }
        log.add(Record::fault(Time(9_000), None, "cut"));
        let found = |level| {
            let Found { count, entries: found, .. } =
                log.find(&Filter { level, ..Filter::default() }, u64::MAX, 4);
            (count, found.iter().map(|entry| entry.index).collect::<Vec<_>>())
        };
        let last = RECORDS_MAX as u64 + 9;
        assert_eq!(found(Level::Error), (0, vec![]));
        assert_eq!(found(Level::Warn), (3, vec![last, 1, 0]));
        assert_eq!(found(Level::Info), (4, vec![last, 2, 1, 0]));
        assert_eq!(found(Level::Debug), (RECORDS_MAX + 4, vec![last, last - 1, last - 2, last - 3]));
    }

    #[test]
    fn entries_are_found_by_replica_and_by_all_words() {
        let log = log_of(40);
        let filter =
            Filter { replica: Some(ReplicaId(3)), text: "HAPPENED thing".into(), ..Filter::default() };
        assert_eq!(log.find(&filter, u64::MAX, 100).count, 10);
        let filter = Filter { text: "thing 39".into(), ..Filter::default() };
        assert_eq!(log.find(&filter, u64::MAX, 100).entries[0].index, 39);
        assert_eq!(log.find(&Filter { text: "fault".into(), ..Filter::default() }, u64::MAX, 1).count, 40);
    }
}
