//! What a step of the simulator is in the stream of records.

use crate::model::Record;
use hotstuff_sim::{Cause, DropCause, Step};

/// The step's own record, where it is one to show, and then its events.
pub fn records(step: &Step) -> Vec<Record> {
    let cause = match &step.cause {
        Cause::Killed | Cause::Restarted | Cause::LinksSet(_) => {
            Some(Record::fault(step.time, step.replica, step.cause.to_string()))
        }
        Cause::Dropped { why: DropCause::Lost, .. } => {
            Some(Record::fault(step.time, step.replica, format!("{} on the way here", step.cause)))
        }
        Cause::Submitted { .. } | Cause::HeldBack => Some(Record::client(step.time, step.cause.to_string())),
        _ => None,
    };
    let events = step.replica.into_iter().flat_map(|replica| {
        step.events.iter().map(move |event| Record::event(step.time, replica, event.clone()))
    });
    let results = step.results.iter().map(|result| Record::client(step.time, format!("client: {result}")));
    cause.into_iter().chain(events).chain(results).collect()
}
