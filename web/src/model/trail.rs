//! What lately happened where, and which messages led there: what the space-time diagram shows.

use crate::model::record::{Happening, Record};
use crate::model::{Flight, Reach};
use crate::source::steps;
use hotstuff_core::{Event, Time};
use hotstuff_sim::HostId;
use hotstuff_sim::why::Outage;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many messages are kept, and how many marks.
pub const KEPT_MAX: usize = 300;

/// Something that happened at a replica, as the diagram marks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its place in the source's stream.
    pub at: u64,
    /// When.
    pub time: Time,
    /// Where.
    pub host: HostId,
    /// What.
    pub what: Sign,
}

/// What is marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sign {
    /// A view was entered.
    View(u64),
    /// A block was proposed, for this view.
    Proposed(u64),
    /// A certificate was formed, of this view.
    Certified(u64),
    /// A block was committed, at this height.
    Committed(u64),
    /// The replica gave up on a view.
    TimedOut(u64),
    /// A vote was refused.
    Refused(u64),
    /// It went down or came up.
    Reach(Reach),
    /// Something else was done to it.
    Fault,
}

/// The newest messages and marks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trail {
    /// Messages by when they were sent; one that got another way has the newer.
    pub flights: VecDeque<Flight>,
    /// Marks, oldest first.
    pub marks: VecDeque<Mark>,
}

impl Trail {
    /// Takes a message in, or that it goes another way.
    pub fn sent(&mut self, flight: &Flight) {
        // Numbers ascend: only what gets another way has been there before, and not long ago.
        if self.flights.back().is_some_and(|last| last.id >= flight.id)
            && let Some(known) = self.flights.iter_mut().rev().find(|known| known.id == flight.id)
        {
            *known = flight.clone();
            return;
        }
        if self.flights.len() == KEPT_MAX {
            self.flights.pop_front();
        }
        self.flights.push_back(flight.clone());
    }

    /// Takes in what happened.
    pub fn fold(&mut self, record: &Record) {
        let (Some(host), Some(what)) = (record.host, sign(record)) else { return };
        if self.marks.len() == KEPT_MAX {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark { at: record.at, time: record.time, host, what });
    }
}

fn sign(record: &Record) -> Option<Sign> {
    Some(match &record.what {
        Happening::Client(_) => return None,
        Happening::Fault(_, Some(Outage::Down)) => Sign::Reach(Reach::Down),
        Happening::Fault(_, Some(Outage::Up | Outage::UpEmpty)) => Sign::Reach(Reach::Up),
        Happening::Fault(text, None) if text.ends_with(steps::ON_THE_WAY) => return None,
        Happening::Fault(_, None) => Sign::Fault,
        Happening::Event(event) => match event {
            Event::ViewEntered { view, .. } => Sign::View(view.0),
            Event::Proposed(block) => Sign::Proposed(block.block.view.0),
            Event::QcFormed { block, .. } => Sign::Certified(block.view.0),
            Event::Committed { block, .. } => Sign::Committed(block.block.height.0),
            Event::TimedOut { view, .. } => Sign::TimedOut(view.0),
            Event::VoteRefused { block, .. } => Sign::Refused(block.view.0),
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::tests::{begun, drive};

    #[test]
    fn messages_and_marks_of_late_are_kept_and_no_more() {
        let session = drive(&mut begun(7), 20_000);
        let trail = &session.trail;
        assert_eq!(trail.flights.len(), KEPT_MAX);
        assert!(trail.marks.len() <= KEPT_MAX && trail.marks.len() > 100);
        assert!(trail.marks.iter().is_sorted_by_key(|mark| mark.at));
        for wanted in [Sign::Committed(0), Sign::View(0), Sign::Proposed(0), Sign::Certified(0)] {
            let same = |mark: &Mark| std::mem::discriminant(&mark.what) == std::mem::discriminant(&wanted);
            assert!(trail.marks.iter().any(same), "{wanted:?}");
        }
    }

    #[test]
    fn a_message_that_gets_another_way_is_still_one() {
        let session = drive(&mut begun(7), 500);
        let mut trail = session.trail.clone();
        let (count, mut flight) = (trail.flights.len(), trail.flights[3].clone());
        flight.dropped = true;
        trail.sent(&flight);
        assert_eq!((trail.flights.len(), trail.flights[3].dropped), (count, true));
    }
}
