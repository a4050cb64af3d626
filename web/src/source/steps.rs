//! What a step of the simulator is in the stream of records.

use crate::model::Record;
use hotstuff_sim::why::Outage;
use hotstuff_sim::{Cause, Step};

/// How the sentence of a message that got lost ends.
pub const ON_THE_WAY: &str = "on the way here";

/// The step's own record, where it is one to show, and then its events.
pub fn records(step: &Step) -> impl Iterator<Item = Record> + '_ {
    let (time, at) = (step.time, step.index + 1);
    let cause = match &step.cause {
        cause @ Cause::Dropped { .. } if step.is_done_from_outside() => {
            Some(Record::fault(time, step.host, format!("{cause} {ON_THE_WAY}")))
        }
        cause if step.is_done_from_outside() => {
            Some(Record::fault(time, step.host, cause.to_string()).outage(outage(cause)))
        }
        cause @ (Cause::Submitted { .. } | Cause::HeldBack(_)) => {
            Some(Record::client(time, cause.to_string()))
        }
        _ => None,
    };
    let events = step
        .host
        .into_iter()
        .flat_map(move |host| step.events.iter().map(move |event| Record::event(time, host, event.clone())));
    let results = step.results.iter().map(move |result| Record::client(time, result.to_string()));
    cause.into_iter().chain(events).chain(results).map(move |record| Record { at, ..record })
}

fn outage(cause: &Cause) -> Option<Outage> {
    match cause {
        Cause::Killed => Some(Outage::Down),
        Cause::Restarted => Some(Outage::Up),
        Cause::RestartedEmpty => Some(Outage::UpEmpty),
        _ => None,
    }
}
