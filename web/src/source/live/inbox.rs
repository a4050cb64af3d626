//! What the tasks of a live source have to report, bounded, and what they agree on.

use crate::model::Reach;
use crate::source::report::{Connection, Report};
use hotstuff_core::{BlockRef, Committee, CommitteeSpec, ReplicaId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reports kept while nobody takes them, as in a hidden tab. Beyond it, what happened is counted
/// as lost; the next status of each replica mends the rest.
const REPORTS_MAX: usize = 20_000;

/// Reports on their way to the page.
#[derive(Default)]
pub struct Inbox {
    reports: RefCell<Vec<Report>>,
    reaches: RefCell<BTreeMap<ReplicaId, Reach>>,
    committee: RefCell<Option<Arc<Committee>>>,
}

impl Inbox {
    /// Adds a report.
    pub fn push(&self, report: Report) {
        let mut reports = self.reports.borrow_mut();
        if reports.len() < REPORTS_MAX {
            reports.push(report);
        } else if let Report::Happened(records) = report {
            for host in records.iter().filter_map(|record| record.host) {
                match reports.iter_mut().rev().take(64).find_map(|report| match report {
                    Report::Dropped(id, count) if *id == host.replica => Some(count),
                    _ => None,
                }) {
                    Some(count) => *count += 1,
                    None => reports.push(Report::Dropped(host.replica, 1)),
                }
            }
        }
    }

    /// Takes all reports out.
    pub fn take(&self) -> Vec<Report> {
        std::mem::take(&mut *self.reports.borrow_mut())
    }

    /// These replicas are to be seen.
    pub fn expect(&self, ids: impl Iterator<Item = ReplicaId>) {
        *self.reaches.borrow_mut() = ids.map(|id| (id, Reach::Connecting)).collect();
    }

    /// The committee, once a replica has told it.
    pub fn committee(&self) -> Option<Arc<Committee>> {
        self.committee.borrow().clone()
    }

    /// A replica says who the committee is: the first one's word begins the picture.
    ///
    /// # Errors
    /// When that is no committee, or another than before.
    pub fn meet(&self, spec: CommitteeSpec, genesis: BlockRef) -> Result<(), String> {
        if let Some(known) = &*self.committee.borrow() {
            let is_same = *known.spec() == spec;
            return if is_same { Ok(()) } else { Err("it belongs to another cluster".into()) };
        }
        let committee = Committee::new(spec).map_err(|error| error.to_string())?;
        self.push(Report::Began { committee: (&committee).into(), genesis, reach: Reach::Connecting });
        *self.committee.borrow_mut() = Some(Arc::new(committee));
        for (id, reach) in &*self.reaches.borrow() {
            self.push(Report::Reached(*id, *reach));
        }
        Ok(())
    }

    /// A replica came into reach or went out of it.
    pub fn reached(&self, id: ReplicaId, reach: Reach, why: &str) {
        let before = self.reaches.borrow_mut().insert(id, reach);
        if before == Some(reach) {
            return;
        }
        self.push(Report::Reached(id, reach));
        let reaches = self.reaches.borrow();
        let of = reaches.len();
        let seen = reaches.values().filter(|reach| **reach == Reach::Up).count();
        let connecting = reaches.values().filter(|reach| **reach == Reach::Connecting).count();
        self.push(Report::Connection(match seen {
            0 if connecting > 0 => Connection::Connecting,
            0 => Connection::Unreachable { why: why.into() },
            all if all == of => Connection::Live,
            _ if connecting > 0 => Connection::Connecting,
            seen => Connection::Degraded { seen, of },
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Record;
    use hotstuff_core::Time;

    fn last_connection(inbox: &Inbox) -> Connection {
        let found = inbox.take().into_iter().rev().find_map(|report| match report {
            Report::Connection(connection) => Some(connection),
            _ => None,
        });
        found.expect("each change of reach is followed by one")
    }

    #[test]
    fn the_connection_is_what_its_links_are() {
        let inbox = Inbox::default();
        inbox.expect((0..2).map(ReplicaId));
        inbox.reached(ReplicaId(0), Reach::Up, "");
        assert_eq!(last_connection(&inbox), Connection::Connecting);
        inbox.reached(ReplicaId(1), Reach::Up, "");
        assert_eq!(last_connection(&inbox), Connection::Live);
        inbox.reached(ReplicaId(0), Reach::Unreachable, "closed");
        assert_eq!(last_connection(&inbox), Connection::Degraded { seen: 1, of: 2 });
        inbox.reached(ReplicaId(1), Reach::Stale, "silent");
        assert_eq!(last_connection(&inbox), Connection::Unreachable { why: "silent".into() });
    }

    #[test]
    fn what_nobody_takes_is_bounded_and_counted() {
        let inbox = Inbox::default();
        for number in 0..REPORTS_MAX as u64 + 50 {
            inbox.push(Report::Happened(vec![Record::fault(Time(number), Some(ReplicaId(1).into()), "")]));
        }
        let reports = inbox.take();
        assert_eq!(reports.len(), REPORTS_MAX + 1);
        assert!(matches!(reports.last(), Some(Report::Dropped(ReplicaId(1), 50))));
    }
}
