//! What a step of the simulator is in the stream of records.

use crate::model::Record;
use hotstuff_sim::{Cause, DropCause, Step};

/// The step's own record, where it is one to show, and then its events.
pub fn records(step: &Step) -> Vec<Record> {
    let replica = step.host.map(|host| host.replica);
    let cause = match &step.cause {
        Cause::Killed | Cause::Restarted | Cause::Intervened(_) => {
            Some(Record::fault(step.time, replica, step.cause.to_string()))
        }
        Cause::Dropped { why: DropCause::Lost, .. } => {
            Some(Record::fault(step.time, replica, format!("{} on the way here", step.cause)))
        }
        Cause::Submitted { .. } | Cause::HeldBack(_) => {
            Some(Record::client(step.time, step.cause.to_string()))
        }
        _ => None,
    };
    let events = replica.into_iter().flat_map(|replica| {
        step.events.iter().map(move |event| Record::event(step.time, replica, event.clone()))
    });
    let results = step.results.iter().map(|result| Record::client(step.time, result.to_string()));
    cause.into_iter().chain(events).chain(results).collect()
}
