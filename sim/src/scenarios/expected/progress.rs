//! Whether commands are answered and blocks committed.

use super::Told;
use crate::history::{Call, History};
use hotstuff_core::{Height, Span, Time};

/// The commands that clients sent, with when and how soon they were answered.
fn calls(told: &Told<'_>) -> Vec<(Call, Time, Option<Span>)> {
    let mut history = History::default();
    told.steps.iter().for_each(|step| history.note(step));
    let time = |step: u64| told.steps.iter().find(|one| one.index == step).map(|one| one.time);
    let timed = |call: &Call| {
        let sent = time(call.invoked)?;
        let answered = call.returned.as_ref().and_then(|(step, _)| time(*step));
        Some((call.clone(), sent, answered.map(|answered| answered - sent)))
    };
    history.calls().iter().filter_map(timed).collect()
}

/// How soon each answer came.
pub(super) fn latencies(told: &Told<'_>) -> Vec<Span> {
    calls(told).into_iter().filter_map(|(.., latency)| latency).collect()
}

fn named(call: &Call) -> String {
    format!("{}, {} ({})", call.client, call.sequence, call.request)
}

pub(super) fn answered(told: &Told<'_>, least: u32) -> Result<(), String> {
    let calls = calls(told);
    if let Some((call, ..)) = calls.iter().find(|(.., latency)| latency.is_none()) {
        return Err(format!("{} has no answer.", named(call)));
    }
    if calls.len() < least as usize { Err(format!("{} were sent.", calls.len())) } else { Ok(()) }
}

pub(super) fn answered_within(told: &Told<'_>, from: Time, span: Span) -> Result<(), String> {
    let calls: Vec<_> = calls(told).into_iter().filter(|(_, sent, _)| *sent >= from).collect();
    let slowest = calls.iter().max_by_key(|(.., latency)| latency.unwrap_or(Span(u64::MAX)));
    match slowest {
        None => Err("None was sent.".into()),
        Some((call, _, None)) => Err(format!("{} has no answer.", named(call))),
        Some((call, _, Some(latency))) if *latency > span => Err(format!("{} took {latency}.", named(call))),
        Some(_) => Ok(()),
    }
}

pub(super) fn unanswered(told: &Told<'_>, from: Time) -> Result<(), String> {
    let calls: Vec<_> = calls(told).into_iter().filter(|(_, sent, _)| *sent >= from).collect();
    let is_open = calls.iter().any(|(.., latency)| latency.is_none());
    if is_open { Ok(()) } else { Err(format!("All of {} are answered.", calls.len())) }
}

pub(super) fn committed(told: &Told<'_>, height: Height) -> Result<(), String> {
    let heads = told.heads();
    let last = heads.iter().min_by_key(|(_, head)| head.height);
    match last {
        None => Err("None is up.".into()),
        Some((host, head)) if head.height < height => Err(format!("{host} has committed up to {head}.")),
        Some(_) => Ok(()),
    }
}

pub(super) fn no_commit(told: &Told<'_>, from: Time, to: Time) -> Result<(), String> {
    match told.commits().find(|(time, ..)| (from..=to).contains(time)) {
        Some((time, host, block)) => Err(format!("{host} committed {} at {time}.", block.block)),
        None => Ok(()),
    }
}
