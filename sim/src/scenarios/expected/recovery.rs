//! Retries and catching up.

use super::{CatchUp, Told};
use crate::ids::HostId;
use crate::step::Cause;
use hotstuff_core::command::CommandId;
use hotstuff_core::{Event, Height, ReplicaId};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn executed_once(told: &Told<'_>, least: u32) -> Result<(), String> {
    let (mut executed, mut delivered) = (BTreeMap::<(HostId, CommandId), Height>::new(), BTreeSet::new());
    let mut repeats = 0;
    for step in told.steps {
        let Some(host) = step.host.filter(|host| told.is_honest(*host)) else { continue };
        if let Cause::CommandDelivered { client, sequence, .. } = step.cause
            && !delivered.insert((host, client, sequence))
        {
            let mut known = executed.keys();
            repeats += u32::from(known.any(|(at, command)| (*at, command.sequence) == (host, sequence)));
        }
        for event in &step.events {
            if let Event::Executed { command, height } = event
                && let Some(before) = executed.insert((host, *command), *height)
            {
                return Err(format!("{host} executed {command} at heights {before} and {height}."));
            }
        }
    }
    if executed.is_empty() {
        Err("Nothing was executed.".into())
    } else if repeats < least {
        Err(format!("{repeats} arrived again."))
    } else {
        Ok(())
    }
}

pub(super) fn caught_up(told: &Told<'_>, replica: ReplicaId, by: CatchUp) -> Result<(), String> {
    let host = HostId::from(replica);
    let back = told.steps.iter().rev().find(|step| {
        step.host == Some(host) && matches!(step.cause, Cause::Restarted | Cause::RestartedEmpty)
    });
    let Some(back) = back.map(|step| step.index) else { return Err("It was never away.".into()) };
    let since = told.steps.iter().filter(|step| step.index >= back && step.host == Some(host));
    let events: Vec<&Event> = since.flat_map(|step| &step.events).collect();
    let has = |is_it: fn(&Event) -> bool| events.iter().any(|event| is_it(event));
    let was_sent_a_snapshot = has(|event| matches!(event, Event::SnapshotInstalled { .. }));
    match by {
        CatchUp::Snapshot if !was_sent_a_snapshot => return Err("It took over no snapshot.".into()),
        CatchUp::Blocks if was_sent_a_snapshot => return Err("It took over a snapshot.".into()),
        CatchUp::Blocks if !has(|event| matches!(event, Event::FetchStarted { .. })) => {
            return Err("It asked for no blocks.".into());
        }
        _ => {}
    }
    let (head, top) = (told.heads().get(&host).map(|head| head.height).unwrap_or_default(), told.top());
    if head.0 + LEVEL < top.0 {
        return Err(format!("It has committed up to height {head}, others up to {top}."));
    }
    if has(|event| matches!(event, Event::Voted { .. })) { Ok(()) } else { Err("It does not vote.".into()) }
}

/// How far behind the others one may be that is level with them: a commit shows at one replica
/// before the others.
const LEVEL: u64 = 2;
