//! Which views were given up, and by whom.

use super::Told;
use hotstuff_core::{Event, ReplicaId, View};
use std::collections::BTreeSet;

pub(super) fn gave_up_by(told: &Told<'_>, view: View) -> Result<(), String> {
    match told.given_up().first_key_value() {
        None => Err("No quorum gave up on any.".into()),
        Some((first, _)) if *first > view => Err(format!("The first was view {first}.")),
        Some(_) => Ok(()),
    }
}

pub(super) fn gave_up_at_most(told: &Told<'_>, most: u32) -> Result<(), String> {
    let count = told.given_up().len();
    if count > most as usize { Err(format!("They gave up on {count}.")) } else { Ok(()) }
}

pub(super) fn gave_up_only(told: &Told<'_>, leader: ReplicaId) -> Result<(), String> {
    let given_up = told.given_up();
    match given_up.iter().find(|(_, led_by)| **led_by != Some(leader)) {
        Some((view, Some(other))) => Err(format!("View {view} was {other}'s.")),
        Some((view, None)) => Err(format!("View {view} was nobody's.")),
        None if given_up.is_empty() => Err("No quorum gave up on any.".into()),
        None => Ok(()),
    }
}

pub(super) fn backed_off(told: &Told<'_>, least: u32) -> Result<(), String> {
    let exponent = |event: &Event| match event {
        Event::TimedOut { exponent, patience: Some(_), .. } => Some(*exponent),
        _ => None,
    };
    let most = told.events().filter_map(|happened| exponent(happened.event)).max();
    match most {
        None => Err("Nobody gave up on a view.".into()),
        Some(most) if most < least => Err(format!("It did so {most} times.")),
        Some(_) => Ok(()),
    }
}

pub(super) fn impatient(told: &Told<'_>, replica: ReplicaId) -> Result<(), String> {
    let given_up = told.given_up();
    let own = told.events().filter(|happened| happened.host.replica == replica);
    let alone: BTreeSet<View> = own
        .filter_map(|happened| match happened.event {
            Event::TimedOut { view, patience: Some(_), .. } => Some(*view),
            _ => None,
        })
        .collect();
    match alone.iter().find(|view| !given_up.contains_key(view)) {
        Some(_) => Ok(()),
        None if alone.is_empty() => Err("It never did.".into()),
        None => Err(format!("A quorum gave up on all {} views that it did.", alone.len())),
    }
}
